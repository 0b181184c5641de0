package process

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/gatebook/gatebook/plugins/host/internal/program"
	pluginv1 "github.com/gatebook/gatebook/plugins/proto/v1"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/wire"
)

// Process is a plugin that runs and answers. It is safe for concurrent use: also what is
// being started may be ended.
type Process struct {
	name   string // "kubernetes"
	log    *tail
	child  *child
	client *plugin.Client
	config *plugin.ClientConfig
	calls  calls // once it is started

	shook     atomic.Bool            // hands
	killedFor atomic.Pointer[string] // why the host ended it

	mu      sync.Mutex
	sockets string // the folder that go-plugin made for them
}

// New returns what is to be started: a program, which stays open until it is, with nothing
// but env for its environment. log takes what it writes to standard error, line by line;
// nil: nobody does.
func New(name string, binary *program.Program, env []string, log func(line []byte)) *Process {
	last := &tail{to: log}
	p := &Process{name: name, log: last, child: newChild(binary, env, last)}
	p.config = &plugin.ClientConfig{
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion: wire.ProtocolVersion, MagicCookieKey: wire.CookieKey, MagicCookieValue: wire.CookieValue,
		},
		VersionedPlugins: map[int]plugin.PluginSet{wire.ProtocolVersion: {wire.ServiceName: clientPlugin{}}},
		RunnerFunc: func(_ hclog.Logger, spec *exec.Cmd, sockets string) (runner.Runner, error) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.sockets = sockets
			p.child.addEnv(spec.Env)
			return p.child, fitsSocket(sockets)
		},
		SkipHostEnv:      true,
		AutoMTLS:         true,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		Logger:           hclog.NewNullLogger(),
		SyncStdout:       last, // what it prints after the handshake
		SyncStderr:       last,
		GRPCDialOptions: []grpc.DialOption{
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(wire.MaxMessage), grpc.MaxCallSendMsgSize(wire.MaxRequest)),
			grpc.WithIdleTimeout(0), // its socket has no name any more by then
		},
	}
	p.client = plugin.NewClient(p.config)
	return p
}

// errSlow is why a start is ended that takes longer than it may.
var errSlow = errors.New("it took too long to start")

// Start starts the process and shakes hands with it. When ctx ends, or timeout is over,
// the process does too.
func (p *Process) Start(ctx context.Context, timeout time.Duration) error {
	starting, stop := context.WithTimeoutCause(ctx, timeout, errSlow)
	defer stop()
	p.config.StartTimeout = 2 * timeout // ours comes first, and bounds more
	unwatch := context.AfterFunc(starting, func() { _ = p.child.Kill(starting) })
	err := p.connect()
	if !unwatch() && err == nil {
		err = starting.Err()
	}
	if err != nil {
		p.Kill()
		return p.refused(starting, err, timeout)
	}
	return nil
}

func (p *Process) connect() error {
	if _, err := p.client.Start(); err != nil {
		return err
	}
	p.shook.Store(true)
	if p.config.TLSConfig.RootCAs == nil {
		return errNoTLS
	}
	protocol, err := p.client.Client()
	if err != nil {
		return err
	}
	dispensed, err := protocol.Dispense(wire.ServiceName)
	if err != nil {
		return err
	}
	p.calls = dispensed.(calls)
	return nil
}

// Calls is the contract, to be called in the process.
func (p *Process) Calls() pluginv1.PluginClient { return p.calls.PluginClient }

// Describe asks the process what it is, which is the first that it is asked. One that does
// not say so within limit is killed.
func (p *Process) Describe(ctx context.Context, limit time.Duration) (*pluginv1.DescribeResponse, error) {
	asking, stop := context.WithTimeoutCause(ctx, limit, errSlow)
	defer stop()
	answer, err := p.calls.Describe(asking, &pluginv1.DescribeRequest{})
	if err != nil {
		return nil, p.startFault(ctx, asking, err, "say what it is", limit)
	}
	// The connection stands. A host that is killed can remove nothing.
	p.removeSockets()
	return answer, nil
}

// Configure has the process reach for its target, and returns what that is. One that does
// not answer within limit is killed.
func (p *Process) Configure(ctx context.Context, config json.RawMessage, limit time.Duration) (sdk.Target, error) {
	asking, stop := context.WithTimeoutCause(ctx, limit, errSlow)
	defer stop()
	answer, err := p.calls.Configure(asking, &pluginv1.ConfigureRequest{Config: config})
	if err != nil {
		return sdk.Target{}, p.startFault(ctx, asking, err, "reach its target", limit)
	}
	if failed := answer.GetError(); failed != nil {
		return sdk.Target{}, wire.ToError(failed)
	}
	target := wire.ToTarget(answer.GetTarget())
	return target, target.Validate() // a plugin without the sdk may say anything
}

// Ping makes the barest call that go-plugin has: what the others cost is held against it.
func (p *Process) Ping() error {
	protocol, err := p.client.Client()
	if err != nil {
		return err
	}
	return protocol.Ping()
}

// Gone reports whether the process has ended, or is being killed.
func (p *Process) Gone() bool {
	select {
	case <-p.child.ended:
		return true
	default:
		return p.killedFor.Load() != nil
	}
}

// HangUpPatience is how long it is waited for the end of a process that hung up, which
// comes a moment later where it is dying.
const HangUpPatience = 5 * time.Second

// ended waits for the end of a process that hung up, and reports whether it came.
func (p *Process) ended() bool {
	select {
	case <-p.child.ended:
		return true
	case <-time.After(HangUpPatience):
		return false
	}
}

// ending says how a process ended that hung up.
func (p *Process) ending() string {
	if !p.ended() {
		return "it still runs"
	}
	return p.child.exit()
}

// endPatience is how long a process has to end when it is asked to.
const endPatience = 5 * time.Second

// End asks the process to end, and ends it when it does not. One that has not shaken
// hands cannot be asked.
func (p *Process) End() {
	if !p.shook.Load() {
		p.Kill()
		return
	}
	late := time.AfterFunc(endPatience, func() { _ = p.child.Kill(context.Background()) })
	defer late.Stop()
	p.hangUp()
}

// Kill ends the process at once, also one that is about to be started.
func (p *Process) Kill() {
	_ = p.child.Kill(context.Background())
	p.hangUp()
}

// hangUp has go-plugin let go of the process, and removes what is left of its sockets.
func (p *Process) hangUp() {
	p.client.Kill()
	p.removeSockets()
}

func (p *Process) removeSockets() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sockets != "" {
		_ = os.RemoveAll(p.sockets)
		p.sockets = "" // the name may be another's from now on
	}
}

// KillFor ends the process for a reason.
func (p *Process) KillFor(format string, args ...any) {
	p.Because(fmt.Sprintf(format, args...))
	p.Kill()
}

// Because says why the process is ended, which those who wait for its answers hear. The
// first reason is the one.
func (p *Process) Because(reason string) { p.killedFor.CompareAndSwap(nil, &reason) }

// calls are what a process answers: the contract, and whether it lives.
type calls struct {
	pluginv1.PluginClient
	health grpc_health_v1.HealthClient
}

// clientPlugin is the host's half of what go-plugin calls a plugin.
type clientPlugin struct{ plugin.NetRPCUnsupportedPlugin }

var _ plugin.GRPCPlugin = clientPlugin{}

// GRPCServer is the plugin's half, which is not here.
func (clientPlugin) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error {
	return errors.New("a host is no plugin")
}

// GRPCClient speaks to the plugin.
func (clientPlugin) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, connection *grpc.ClientConn) (any, error) {
	return calls{pluginv1.NewPluginClient(connection), grpc_health_v1.NewHealthClient(connection)}, nil
}
