package host_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gatebook/gatebook/plugins/host"
	"github.com/gatebook/gatebook/plugins/sdk"
)

const platform = runtime.GOOS + "/" + runtime.GOARCH

// world is a folder of plugins and a host that looks there.
type world struct {
	t    testing.TB
	dir  string
	host *host.Host

	mu  sync.Mutex
	log []string
}

func newWorld(t testing.TB, change func(*host.Options)) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir()}
	options := host.Options{
		Dirs: []string{w.dir}, Platform: platform, Now: time.Now, StartTimeout: 20 * time.Second, Grace: 10 * time.Second,
	}
	if change != nil {
		change(&options)
	}
	w.host = host.New(options)
	t.Cleanup(func() { _ = w.host.Close() })
	return w
}

// install puts this test's binary there under the plugin's name.
func (w *world) install(name string) string {
	w.t.Helper()
	self, err := os.Executable()
	if err != nil {
		w.t.Fatal(err)
	}
	path := filepath.Join(w.dir, "gatebook-plugin-"+name)
	if err := os.Symlink(self, path); err != nil {
		w.t.Fatal(err)
	}
	return path
}

// locked installs a plugin and locks it as it is.
func (w *world) locked(name, version string) host.Lock {
	w.t.Helper()
	return w.lock(w.install(name), name, version)
}

func (w *world) lock(path, name, version string) host.Lock {
	w.t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		w.t.Fatal(err)
	}
	return host.Lock{}.With(name, host.Locked{Version: version, SHA256: map[string]string{platform: sha256Hex(text)}})
}

// connect opens a plugin and connects it.
func (w *world) connect(name, version, config string, env ...string) map[string]sdk.Handler {
	w.t.Helper()
	plugin, err := w.host.Open(w.t.Context(), name, nil, w.locked(name, version))
	if err != nil {
		w.t.Fatal(err)
	}
	return plugin.Connect("prod", json.RawMessage(config), env, w.keep, nil)
}

// keep takes a line of a plugin's log.
func (w *world) keep(line []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.log = append(w.log, string(line))
}

// logged returns what the plugins have logged.
func (w *world) logged() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.log)
}

// said returns what a plugin left in the file beside it, once it has.
func (w *world) said(name string) string {
	w.t.Helper()
	var text []byte
	w.eventually("the file "+name, func() (err error) {
		text, err = os.ReadFile(filepath.Join(w.dir, name))
		return err
	})
	return string(text)
}

// eventually waits until there is no error any more.
func (w *world) eventually(what string, try func() error) {
	w.t.Helper()
	err := try()
	for end := time.Now().Add(time.Minute); err != nil && time.Now().Before(end); err = try() {
		time.Sleep(time.Millisecond)
	}
	if err != nil {
		w.t.Fatalf("%s: %v", what, err)
	}
}

// within fails a test that would hang.
func (w *world) within(what string, do func() error) error {
	w.t.Helper()
	done := make(chan error, 1)
	go func() { done <- do() }()
	select {
	case err := <-done:
		return err
	case <-time.After(time.Minute):
		w.t.Fatalf("%s: it hangs", what)
		return nil
	}
}

// failure returns the error that there must be.
func failure(t testing.TB, err error) *sdk.Error {
	t.Helper()
	if err == nil {
		t.Fatal("there is no error")
	}
	return sdk.AsError(err)
}

func apple() sdk.Request {
	return sdk.Request{
		Params: json.RawMessage(`{"item":"apple"}`), Key: "k-1", Attempt: 1,
		TraceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	}
}
