package host_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Masterminds/semver/v3"
	"github.com/google/go-cmp/cmp"

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
	return plugin.Connect("prod", json.RawMessage(config), env, w.keep)
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

func TestAPluginsActionsAreLikeBuiltInOnes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *host.Options) {
		o.Environ = func(name string) (string, bool) { return "value of " + name, name != "ABSENT" }
	})
	order := w.connect("shop", "1.2.0", `{"address":"there"}`, "HOME", "ABSENT")["order"]
	if d := order.Describe(); !d.CanPlan || !d.CanUndo || !d.CanObserve || d.Effect != sdk.Change {
		t.Errorf("got %+v", d)
	}
	preview, err := order.Plan(t.Context(), apple())
	if want := (sdk.Preview{Summary: "would order apple", Estimate: time.Minute}); err != nil || !cmp.Equal(want, preview) {
		t.Errorf("got %+v, %v", preview, err)
	}
	told := &recorder{}
	outputs, err := order.Apply(t.Context(), apple(), told)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"item":"apple","address":"there","env":{"HOME":"value of HOME"},"trace":"` + apple().TraceParent + `","number":9007199254740993}`
	if string(outputs) != want {
		t.Errorf("got %s\nwant %s", outputs, want)
	}
	if string(told.before) != `{"stock":7}` || string(told.notes["till"]) != "3" ||
		len(told.progress) != 1 || told.progress[0] != (sdk.Progress{Message: "packing", Done: 1, Total: 2}) ||
		len(told.lines) != 1 || !strings.Contains(told.lines[0], "packed item=apple") {
		t.Errorf("got %+v", told)
	}
	request := apple()
	request.Before, request.Notes = told.before, told.notes
	seen, err := order.Observe(t.Context(), request, told)
	if err != nil || seen.State != sdk.Done || seen.Detail != "The till has it." || !strings.Contains(string(seen.Outputs), `"number":3`) {
		t.Errorf("got %+v, %v", seen, err)
	}
	if err := order.Undo(t.Context(), request, told); err != nil {
		t.Error(err)
	}
	if _, err := order.Ask(t.Context(), apple()); !errors.Is(err, sdk.ErrUnsupported) {
		t.Errorf("got %v, want that it is not supported", err)
	}
}

func TestErrorsKeepTheirTypeAcross(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	actions := w.connect("shop", "1.2.0", `{}`)
	for name, want := range map[string]sdk.Error{
		"fail":  {Class: sdk.Denied, Message: "you may not order", Unchanged: true},
		"field": {Class: sdk.Permanent, Field: "item", Message: "is sold out", Unchanged: true},
		"panic": {Class: sdk.Permanent, Message: "the action panic panicked, which is a fault of its program: no paper"},
		"large": {Class: sdk.Permanent},
	} {
		_, err := actions[name].Apply(t.Context(), apple(), &recorder{})
		got := sdk.AsError(err)
		if name == "large" && strings.Contains(got.Message, "at most 8323072 cross") {
			got.Message = ""
		}
		if err == nil || got.Class != want.Class || got.Field != want.Field || got.Message != want.Message || got.Unchanged != want.Unchanged {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
	}
	told := &recorder{beforeOK: errors.New("the disk is full")}
	if _, err := actions["order"].Apply(t.Context(), apple(), told); err == nil || !strings.Contains(err.Error(), "the disk is full") {
		t.Errorf("got %v: a state that cannot be kept must stop the action", err)
	}
}

func TestLongLinesAreCutAndNotLost(t *testing.T) {
	t.Parallel()
	told := &recorder{}
	if _, err := newWorld(t, nil).connect("shop", "1.2.0", `{}`)["lines"].Apply(t.Context(), apple(), told); err != nil {
		t.Fatal(err)
	}
	length := 0
	for _, line := range told.lines {
		length += strings.Count(line, "y")
	}
	if len(told.lines) != 4 || length != 3*64<<10-1 || !strings.HasSuffix(told.lines[0], "…") || !strings.HasPrefix(told.lines[1], "stdout: …") {
		t.Errorf("got %d lines of %d bytes", len(told.lines), length)
	}
}

func TestPluginsThatDoNotStartSayWhy(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"loud":   `it printed "hello, I am a plugin" to standard output, which belongs to the handshake`,
		"silent": "it was started and said nothing for 300ms",
		"exits":  "it ended before it said anything (exit status 7); it said last: no licence found",
		"newer":  "it speaks version 2 of the plugin protocol, and this gatebook version 1: upgrade gatebook",
		"older":  "it speaks version 0 of the plugin protocol, and this gatebook version 1: upgrade the plugin",
		"plain":  "its handshake has no certificate: it must use the mutual TLS of go-plugin",
		"noline": "KB without the end of a line to standard output, which belongs to the handshake",
		"babble": "to standard output, which belongs to the handshake",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(o *host.Options) {
				if name == "silent" {
					o.StartTimeout = 300 * time.Millisecond
				}
			})
			_, err := w.host.Open(t.Context(), name, nil, w.locked(name, "1.0.0"))
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v\nwant %s", err, want)
			}
		})
	}
}

func TestPluginsThatDescribeThemselvesWronglyAreRefused(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{
		"nonsense": {"which is a fault of the plugin"},
		"liar":     {"says that it is version 9.9.9", "has it as 1.0.0", "gatebook plugins lock"},
	} {
		w := newWorld(t, nil)
		_, err := w.host.Open(t.Context(), name, nil, w.locked(name, "1.0.0"))
		for _, part := range want {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%s: got %v, want %s", name, err, part)
			}
		}
	}
}

func TestAPluginThatDiesIsATransientErrorAndStartsAgain(t *testing.T) {
	t.Parallel()
	actions := newWorld(t, nil).connect("shop", "1.2.0", `{}`)
	_, err := actions["die"].Apply(t.Context(), apple(), &recorder{})
	if got := failure(t, err); got.Class != sdk.Transient || got.Unchanged ||
		!strings.Contains(got.Message, "died in the middle of it (exit status 3); it said last: the roof came down") {
		t.Errorf("got %+v", got)
	}
	if _, err := actions["order"].Apply(t.Context(), apple(), &recorder{}); err != nil {
		t.Errorf("it was not started again: %v", err)
	}
}

func TestACancelledActionSaysWhatItLeft(t *testing.T) {
	t.Parallel()
	actions := newWorld(t, nil).connect("shop", "1.2.0", `{}`)
	ctx, cancel := context.WithCancel(t.Context())
	told := &recorder{told: make(chan struct{})}
	go func(waiting <-chan struct{}) { <-waiting; cancel() }(told.told)
	_, err := actions["wait"].Apply(ctx, apple(), told)
	if err == nil || !strings.Contains(err.Error(), "left half of apple behind") {
		t.Errorf("got %v", err)
	}
}

func TestADeadlineCrosses(t *testing.T) {
	t.Parallel()
	action := newWorld(t, nil).connect("shop", "1.2.0", `{}`)["deadline"]
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	outputs, err := action.Apply(ctx, apple(), &recorder{})
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Number int64 }
	if err := json.Unmarshal(outputs, &got); err != nil {
		t.Fatal(err)
	}
	want, _ := ctx.Deadline()
	if apart := time.Unix(got.Number, 0).Sub(want).Abs(); apart > 5*time.Minute {
		t.Errorf("the action has until %s, and the attempt until %s", time.Unix(got.Number, 0), want)
	}
}

func TestAnActionHasTheGraceThatItDeclares(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *host.Options) { o.Grace = 100 * time.Millisecond })
	action := w.connect("shop", "1.2.0", `{}`)["gentle"]
	for _, params := range []string{`{}`, `{"grace":"30m"}`} {
		ctx, cancel := context.WithCancel(t.Context())
		told := &recorder{told: make(chan struct{})}
		go func(open <-chan struct{}) { <-open; cancel() }(told.told)
		request := apple()
		request.Params = json.RawMessage(params)
		if _, err := action.Apply(ctx, request, told); err == nil || err.Error() != "the last customer has left" {
			t.Errorf("%s: got %v", params, err)
		}
	}
}

func TestAnActionThatIgnoresItsCancelLosesItsProcess(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *host.Options) { o.Grace = 100 * time.Millisecond })
	actions := w.connect("shop", "1.2.0", `{}`)
	ctx, cancel := context.WithCancel(t.Context())
	told := &recorder{told: make(chan struct{})}
	go func(waiting <-chan struct{}) { <-waiting; cancel() }(told.told)
	_, err := actions["stubborn"].Apply(ctx, apple(), told)
	if err == nil || !strings.Contains(err.Error(), "was killed: its action stubborn did not stop within 100ms of being asked to; what it was doing may be half done") {
		t.Errorf("got %v", err)
	}
}

// It is not parallel, since it counts what the whole process allocates.
func TestAnAnswerOfAGigabyteIsRefusedUnread(t *testing.T) {
	var before, after runtime.MemStats
	actions := newWorld(t, nil).connect("huge", "1.0.0", `{}`)
	runtime.ReadMemStats(&before)
	_, err := actions["go"].Apply(t.Context(), apple(), &recorder{})
	runtime.ReadMemStats(&after)
	if err == nil || !strings.Contains(err.Error(), "more than the 8 MB that may cross at once") {
		t.Errorf("got %v", err)
	}
	if read := after.TotalAlloc - before.TotalAlloc; read > 256<<20 {
		t.Errorf("%d MB were read", read>>20)
	}
}

func TestAnAnswerWithoutAResultIsAFault(t *testing.T) {
	t.Parallel()
	_, err := newWorld(t, nil).connect("mute", "1.0.0", `{}`)["go"].Apply(t.Context(), apple(), &recorder{})
	if err == nil || !strings.Contains(err.Error(), "ended its answer without a result") {
		t.Errorf("got %v", err)
	}
}

func TestAConnectionThatCannotBeConfiguredSaysSo(t *testing.T) {
	t.Parallel()
	_, err := newWorld(t, nil).connect("shop", "1.2.0", `{"broken":true}`)["order"].Apply(t.Context(), apple(), &recorder{})
	got := sdk.AsError(err)
	if err == nil || got.Connection != "prod" || got.Field != "broken" || got.Message != "the shop here is closed" || !got.Unchanged {
		t.Errorf("got %+v", got)
	}
}

func TestOnlyWhatIsLockedIsRun(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	copied := func(w *world) string {
		path := filepath.Join(w.dir, "gatebook-plugin-shop")
		if err := os.WriteFile(path, text, 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	must := func(err error) {
		if err != nil {
			t.Error(err)
		}
	}
	tests := map[string]struct {
		spoil func(w *world, path string, lock *host.Lock)
		want  string
	}{
		"not locked": {func(_ *world, _ string, lock *host.Lock) { *lock = host.Lock{} }, "shop is not in gatebook.lock"},
		"other platforms": {func(_ *world, _ string, lock *host.Lock) {
			*lock = host.Lock{}.With("shop", host.Locked{Version: "1.2.0", SHA256: map[string]string{"plan9/mips": strings.Repeat("0", 64)}})
		}, "is locked for plan9/mips, and not for " + platform},
		"changed": {func(_ *world, path string, _ *host.Lock) {
			file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			must(err)
			_, err = file.WriteString("!")
			must(err)
			must(file.Close())
		}, "is not the shop 1.2.0 that is locked: its SHA-256 is"},
		"swapped for a link to another": {func(w *world, path string, _ *host.Lock) {
			must(os.Remove(path))
			must(os.WriteFile(filepath.Join(w.dir, "other"), []byte("#!/bin/sh\nexit 0\n"), 0o755))
			must(os.Symlink("other", path))
		}, "is not the shop 1.2.0 that is locked"},
		"writable folder": {func(w *world, _ string, _ *host.Lock) { must(os.Chmod(w.dir, 0o777)) }, "everybody may write to the folder"},
		"writable file":   {func(_ *world, path string, _ *host.Lock) { must(os.Chmod(path, 0o777)) }, "everybody may change"},
		"not executable":  {func(_ *world, path string, _ *host.Lock) { must(os.Chmod(path, 0o644)) }, "is not executable; run: chmod u+x"},
		"missing":         {func(_ *world, path string, _ *host.Lock) { must(os.Remove(path)) }, "no gatebook-plugin-shop in "},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			path := copied(w)
			lock := w.lock(path, "shop", "1.2.0")
			test.spoil(w, path, &lock)
			if _, err := w.host.Open(t.Context(), "shop", nil, lock); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v\nwant %s", err, test.want)
			}
			if _, err := os.Stat(ranIn(w.dir)); err == nil {
				t.Error("it was run")
			}
		})
	}
}

// A name is joined to a folder, so that another folder must not be a part of it.
func TestANameLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	path := w.install("shop")
	elsewhere := filepath.Join(w.dir, "pr")
	if err := os.Mkdir(elsewhere, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path, filepath.Join(elsewhere, "tool")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a/../pr/tool", "../tool", "a/../../" + filepath.Base(w.dir) + "/pr/tool", "Tool", "tool-", "1tool", "", strings.Repeat("a", 64)} {
		lock := w.lock(filepath.Join(elsewhere, "tool"), name, "1.2.0")
		if _, err := w.host.Open(t.Context(), name, nil, lock); !errors.Is(err, host.ErrUntrusted) {
			t.Errorf("open %q: got %v", name, err)
		}
		if _, _, err := w.host.Inspect(t.Context(), name); !errors.Is(err, host.ErrUntrusted) {
			t.Errorf("inspect %q: got %v", name, err)
		}
		if _, err := w.host.Verify(name, lock); !errors.Is(err, host.ErrUntrusted) {
			t.Errorf("verify %q: got %v", name, err)
		}
	}
	if _, err := os.Stat(ranIn(elsewhere)); err == nil {
		t.Error("it was run")
	}
}

func TestTheRunbookSaysWhichVersionsItWants(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	lock := w.locked("shop", "1.2.0")
	for text, fits := range map[string]bool{"~1": true, ">=2": false} {
		want, err := semver.NewConstraint(text)
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.host.Open(t.Context(), "shop", want, lock)
		if (err == nil) != fits || err != nil && !strings.Contains(err.Error(), "the runbook wants shop >=2, and gatebook.lock has 1.2.0") {
			t.Errorf("%s: got %v", text, err)
		}
	}
}

func TestAKnownPluginIsNotStartedToBeDescribed(t *testing.T) {
	t.Parallel()
	cache := filepath.Join(t.TempDir(), "cache")
	w := newWorld(t, func(o *host.Options) { o.Cache = cache })
	lock := w.locked("shop", "1.2.0")
	first, err := w.host.Open(t.Context(), "shop", nil, lock)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := newWorld(t, func(o *host.Options) { o.Cache = cache }) // where it is not even installed
	again, err := elsewhere.host.Open(t.Context(), "shop", nil, lock)
	if err != nil {
		t.Fatal(err)
	}
	one, _ := json.Marshal(first.Describe())
	other, _ := json.Marshal(again.Describe())
	if !bytes.Equal(one, other) {
		t.Errorf("got %s\nwant %s", other, one)
	}
	if _, err := os.Stat(ranIn(w.dir)); err != nil {
		t.Errorf("that a plugin is run leaves no trace, so that no test would see it: %v", err)
	}
	if info, err := os.Stat(cache); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the cache is open to others: %v %v", info.Mode(), err)
	}
}

// What a plugin writes to standard error is passed on to its last byte, and a line that
// is too long in parts that show where they were cut.
func TestWhatAPluginLogsIsPassedOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	_, err := w.connect("shop", "1.2.0", `{}`)["chatter"].Apply(t.Context(), apple(), &recorder{})
	if err == nil || !strings.Contains(err.Error(), "died in the middle of it (exit status 4); it said last: one / two zzz") ||
		!strings.HasSuffix(err.Error(), "/ three; it is started again when it is next needed") {
		t.Errorf("got %v", err)
	}
	want := []string{"one", "", "two " + strings.Repeat("z", 4089) + "…", "…" + strings.Repeat("z", 911), "three"}
	if got := w.logged(); !slices.Equal(got, want) {
		t.Errorf("got %.60q, want %.60q", got, want)
	}
}

func TestProcessesEndWithTheirHost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	actions := w.connect("shop", "1.2.0", `{}`)
	if _, err := actions["order"].Apply(t.Context(), apple(), &recorder{}); err != nil {
		t.Fatal(err)
	}
	if err := w.host.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := actions["order"].Apply(t.Context(), apple(), &recorder{}); err == nil {
		t.Error("it was started again after the end")
	}
}
