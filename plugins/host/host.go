package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"sync"
	"time"

	"github.com/Masterminds/semver/v3"

	"github.com/gatebook/gatebook/plugins/host/internal/process"
	"github.com/gatebook/gatebook/plugins/host/internal/program"
	pluginv1 "github.com/gatebook/gatebook/plugins/proto/v1"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/wire"
	"github.com/gatebook/gatebook/schema"
)

// Options says where plugins are, and what they get.
type Options struct {
	// Dirs are the folders in which plugins are looked for, the first first, and then those
	// of Path, of which those are passed over that are none or may not be looked into.
	Dirs, Path []string
	// Cache is the folder that remembers descriptions; empty: nothing is remembered.
	Cache string
	// Platform is the one that the host runs on: "linux/amd64".
	Platform string
	// Environ looks up a variable of the host's environment, for those connections
	// that name it; nil: it is empty.
	Environ func(name string) (string, bool)
	// Now is the clock, by which the time that an attempt has left is told to the plugin;
	// nil: it is not told, and ends the attempt nonetheless.
	Now func() time.Time
	// StartTimeout is how long a plugin has from its start to its handshake, 0: 30 s.
	StartTimeout time.Duration
	// Grace is how long an action has to end when it is cancelled before its plugin is
	// killed, 0: 30 s. One that declares a longer grace has that.
	Grace time.Duration
	// Notice is how long a plugin may be silent while an action of it is called before
	// that is told, 0: 20 s.
	Notice time.Duration
	// Silence is how long it may be before it is killed, 0: 1 min. It should be some times
	// as long as Notice.
	Silence time.Duration
}

// Host starts plugins and speaks to them. It is safe for concurrent use.
type Host struct {
	options  Options
	grace    time.Duration
	start    time.Duration
	patience process.Patience

	mu      sync.Mutex
	running map[*process.Process]chan struct{} // closed when it is known whether it was started
	closed  bool
}

// New returns a host, which starts nothing yet.
func New(options Options) *Host {
	return &Host{
		options: options,
		grace:   cmp.Or(options.Grace, 30*time.Second),
		start:   cmp.Or(options.StartTimeout, 30*time.Second),
		patience: process.Patience{
			Notice: cmp.Or(options.Notice, 20*time.Second), Limit: cmp.Or(options.Silence, time.Minute),
		},
		running: map[*process.Process]chan struct{}{},
	}
}

// Plugin is a plugin that is locked, and what it says of itself.
type Plugin struct {
	described described
	sha256    string // of the program for this platform

	host *Host
	lock Lock
}

// Describe says what the plugin is.
func (p *Plugin) Describe() sdk.PluginDescription { return p.described.PluginDescription }

// SHA256 is that of its program for this platform, in lower-case hex.
func (p *Plugin) SHA256() string { return p.sha256 }

// Open describes the plugin of the name, which the lock must hold in a version that
// the constraint allows; nil allows any. A plugin that was described before is not
// started, and need not even be installed.
func (h *Host) Open(ctx context.Context, name string, version *semver.Constraints, lock Lock) (*Plugin, error) {
	if locked, ok := lock.Plugins[name]; ok {
		if err := allowed(name, locked.Version, version); err != nil {
			return nil, err
		}
		if sum := locked.SHA256[h.options.Platform]; sum != "" {
			if known, ok := h.remembered(name, locked.Version, sum); ok {
				return &Plugin{described: known, sha256: sum, host: h, lock: lock}, nil
			}
		}
	}
	binary, err := h.program(name, lock)
	if err != nil {
		return nil, err
	}
	defer binary.Close()
	known, err := h.describe(ctx, name, binary)
	if err != nil {
		return nil, err
	}
	if err := fits(binary.Path(), name, known, lock); err != nil {
		return nil, err
	}
	h.remember(binary.SHA256(), known)
	return &Plugin{described: known, sha256: binary.SHA256(), host: h, lock: lock}, nil
}

// Inspect describes a plugin that nobody has locked yet, and returns what to lock.
// It runs the program: for `plugins lock`, which a person types.
func (h *Host) Inspect(ctx context.Context, name string) (sdk.PluginDescription, Locked, error) {
	path, err := h.find(name)
	if err != nil {
		return sdk.PluginDescription{}, Locked{}, err
	}
	binary, err := program.Open(path)
	if err != nil {
		return sdk.PluginDescription{}, Locked{}, err
	}
	defer binary.Close()
	known, err := h.describe(ctx, name, binary)
	if err == nil {
		h.remember(binary.SHA256(), known)
	}
	return known.PluginDescription, Locked{Version: known.Version, SHA256: map[string]string{h.options.Platform: binary.SHA256()}}, err
}

// Verify looks for the plugin's program and says whether it is the locked one,
// without running it. It returns where it is, also where it is another one; empty: nowhere.
// What it said of itself when it was run before must fit the lock too.
func (h *Host) Verify(name string, lock Lock) (string, error) {
	path, err := h.find(name)
	if err != nil {
		return "", err
	}
	binary, err := h.open(path, name, lock)
	if err != nil {
		return path, err
	}
	binary.Close()
	if known, ok := h.recall(binary.SHA256()); ok {
		return path, fits(path, name, known, lock)
	}
	return path, nil
}

// fits says whether a program is the one by name and version that it is locked as.
func fits(path, name string, known described, lock Lock) error {
	if known.Name != name {
		return fmt.Errorf("%w: %s calls itself %q, and its file %q", ErrUntrusted, path, known.Name, name)
	}
	if locked := lock.Plugins[name].Version; known.Version != locked {
		return fmt.Errorf("%w: %s says that it is version %s, and %s has it as %s; run: gatebook plugins lock %s",
			ErrUntrusted, path, known.Version, LockFile, locked, name)
	}
	return nil
}

// program finds and opens the program that is locked.
func (h *Host) program(name string, lock Lock) (*program.Program, error) {
	path, err := h.find(name)
	if err != nil {
		return nil, err
	}
	return h.open(path, name, lock)
}

// open opens the program that was found, which must be the one that is locked.
func (h *Host) open(path, name string, lock Lock) (*program.Program, error) {
	binary, err := program.Open(path)
	if err != nil {
		return nil, err
	}
	if err := lock.verify(name, h.options.Platform, binary); err != nil {
		binary.Close()
		return nil, err
	}
	return binary, nil
}

// allowed says whether the locked version is one that the runbook wants.
func allowed(name, locked string, want *semver.Constraints) error {
	if want == nil {
		return nil
	}
	version, err := semver.StrictNewVersion(locked)
	if err != nil {
		return fmt.Errorf("%s has %s as %q, which is no version; run: gatebook plugins lock %s", LockFile, name, locked, name)
	}
	if ok, _ := want.Validate(version); !ok {
		return fmt.Errorf("the runbook wants %s %s, and %s has %s; install one that fits, and run: gatebook plugins lock %s", name, want, LockFile, locked, name)
	}
	return nil
}

// describe starts a program for as long as it takes to describe itself.
func (h *Host) describe(ctx context.Context, name string, binary *program.Program) (described, error) {
	p, err := h.launch(ctx, name, binary, nil, nil)
	if err != nil {
		return described{}, err
	}
	defer h.end(p)
	answer, err := p.Describe(ctx, h.start)
	if err != nil {
		return described{}, fmt.Errorf("describe %s: %w", binary.Path(), err)
	}
	d, err := understood(name, answer)
	if err != nil {
		return described{}, fmt.Errorf("%s describes itself wrongly, which is a fault of the plugin: %w", binary.Path(), err)
	}
	return d, nil
}

// understood reads what a plugin of the name says of itself. It fails where that cannot be
// used.
func understood(name string, answer *pluginv1.DescribeResponse) (described, error) {
	d, err := wire.ToDescription(answer)
	if err == nil {
		err = sound(name, d)
	}
	return described{answer: answer, PluginDescription: d}, err
}

var actionName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// sound says whether what a plugin says of itself can be used.
func sound(name string, d sdk.PluginDescription) error {
	var faults []error
	if d.Name != name {
		faults = append(faults, fmt.Errorf("it calls itself %q, and its file %q", d.Name, name))
	}
	if _, err := semver.StrictNewVersion(d.Version); err != nil {
		faults = append(faults, fmt.Errorf("its version %q is not SemVer", d.Version))
	}
	if _, err := schema.Compile(d.Connection); err != nil {
		faults = append(faults, fmt.Errorf("connection: %w", err))
	}
	seen := map[string]bool{}
	for _, action := range d.Actions {
		if !actionName.MatchString(action.Name) || seen[action.Name] {
			faults = append(faults, fmt.Errorf("action %q: not a name, or one of two", action.Name))
		}
		seen[action.Name] = true
		if err := action.Validate(); err != nil {
			faults = append(faults, fmt.Errorf("action %s: %w", action.Name, err))
		}
	}
	if len(d.Actions) == 0 {
		faults = append(faults, errors.New("it has no actions"))
	}
	return errors.Join(faults...)
}

// launch starts a program with the environment, and keeps account of it from before it
// is there until it is gone.
func (h *Host) launch(ctx context.Context, name string, binary *program.Program, env []string, log func(line []byte)) (*process.Process, error) {
	p, settled := process.New(name, binary, env, log), make(chan struct{})
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return nil, errClosed
	}
	h.running[p] = settled
	h.mu.Unlock()
	defer close(settled)
	if err := p.Start(ctx, h.start); err != nil {
		h.forget(p)
		return nil, err
	}
	return p, nil
}

var errClosed = errors.New("gatebook is ending")

// end asks a process to end, and ends it when it does not.
func (h *Host) end(p *process.Process) {
	p.End()
	h.forget(p)
}

func (h *Host) forget(p *process.Process) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.running, p)
}

// Close ends all plugins, also those that are being started, and returns when they are
// gone. Calls in them fail.
func (h *Host) Close() error {
	h.mu.Lock()
	h.closed = true
	running := maps.Clone(h.running)
	h.mu.Unlock()
	var ending sync.WaitGroup
	for p, settled := range running {
		ending.Go(func() {
			p.Because(errClosed.Error())
			h.end(p)
			<-settled
		})
	}
	ending.Wait()
	return nil
}
