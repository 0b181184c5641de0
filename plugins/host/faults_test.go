//go:build unix

package host_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/plugins/host"
	"github.com/gatebook/gatebook/plugins/host/internal/process"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/wire"
)

// start opens a plugin, and returns its error.
func (w *world) start(ctx context.Context, name string) error {
	return w.within("start "+name, func() error {
		_, err := w.host.Open(ctx, name, nil, w.locked(name, "1.0.0"))
		return err
	})
}

// ownTemp has this process make its sockets in a folder of its own, and returns that. Its
// path is short, as that of a socket must be.
func ownTemp(t *testing.T) string {
	t.Helper()
	temp, err := os.MkdirTemp("/tmp", "s") //nolint:usetesting // that of the test is too long on some systems
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(temp) })
	t.Setenv("TMPDIR", temp)
	return temp
}

// It is not parallel, since it has a folder of its own for sockets.
func TestAProgramThatCannotBeExecutedIsRefused(t *testing.T) {
	temp := ownTemp(t)
	w := newWorld(t, nil)
	path := filepath.Join(w.dir, "gatebook-plugin-junk")
	if err := os.WriteFile(path, []byte("\x7fELF this is no program for this machine"), 0o755); err != nil {
		t.Fatal(err)
	}
	_, err := w.host.Open(t.Context(), "junk", nil, w.lock(path, "junk", "1.0.0"))
	for _, part := range []string{path + " cannot be executed: ", "is it built for " + runtime.GOOS + "/" + runtime.GOARCH} {
		if err == nil || !strings.Contains(err.Error(), part) || strings.Contains(err.Error(), "/proc") {
			t.Errorf("got %v, want %s", err, part)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(temp, "plugin-dir*")); len(left) > 0 {
		t.Errorf("it left %v", left)
	}
}

// It is not parallel, since it has a folder of its own for sockets.
func TestAFolderTooLongForSocketsIsTold(t *testing.T) {
	w := newWorld(t, nil)
	lock := w.locked("shop", "1.2.0")
	long := filepath.Join(t.TempDir(), strings.Repeat("x", 100))
	if err := os.Mkdir(long, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", long)
	_, err := w.host.Open(t.Context(), "shop", nil, lock)
	for _, part := range []string{"start the plugin shop: it could not be started: the folder of temporary files is " + long, "; set TMPDIR to a shorter folder"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("got %v, want %s", err, part)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(long, "*")); len(left) > 0 {
		t.Errorf("it left %v", left)
	}
}

// A host that is killed can remove nothing: what is there while it runs stays. It is not
// parallel, since it has a folder of its own for sockets.
func TestARunningPluginHasNoFileThatStays(t *testing.T) {
	temp := ownTemp(t)
	action := newWorld(t, nil).connect("shop", "1.2.0", `{}`)["order"]
	for range 2 {
		if _, err := action.Apply(t.Context(), apple(), &recorder{}); err != nil {
			t.Fatal(err)
		}
		if left, _ := filepath.Glob(filepath.Join(temp, "plugin*")); len(left) > 0 {
			t.Errorf("there are %v", left)
		}
	}
}

// What the plugin started and left may hold its output for as long as it likes.
func TestWhatAPluginLeavesBehindHoldsNobody(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"daemon": "it ended before it said anything (exit status 1); it said last: bye", "keeper": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			t.Cleanup(func() { endDaemon(t, w.said("daemon")) })
			if err := w.start(t.Context(), name); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// endDaemon ends what outlived its plugin, and fails where nothing did: that it returned
// would prove nothing.
func endDaemon(t *testing.T, pid string) {
	t.Helper()
	number, err := strconv.Atoi(pid)
	if err != nil {
		t.Fatal(err)
	}
	daemon, err := os.FindProcess(number)
	if err == nil {
		err = daemon.Kill()
	}
	if err != nil {
		t.Errorf("the daemon %s: %v", pid, err)
	}
}

func TestADeafPluginIsKilled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *host.Options) { o.Grace = 100 * time.Millisecond })
	action := w.connect("deaf", "1.0.0", `{}`)["go"]
	for _, size := range []int{1000, 1 << 20} {
		ctx, cancel := context.WithCancel(t.Context())
		go func() { w.said("deaf"); cancel() }()
		request := apple()
		request.Params = json.RawMessage(`{"a":"` + strings.Repeat("x", size) + `"}`)
		err := w.within("a deaf action", func() error {
			_, err := action.Apply(ctx, request, &recorder{})
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "was killed: its action go did not stop within 100ms of being asked to") {
			t.Errorf("%d bytes: got %v", size, err)
		}
		if err := os.Remove(filepath.Join(w.dir, "deaf")); err != nil {
			t.Error(err)
		}
	}
}

// A target whose names cannot be held against those of another day is none to go by.
func TestATargetWithNamesOfNoKindIsAFault(t *testing.T) {
	t.Parallel()
	_, err := newWorld(t, nil).connect("kindless", "1.0.0", `{}`)["go"].Apply(t.Context(), apple(), &recorder{})
	if got := failure(t, err); got.Class != sdk.Permanent || !got.Unchanged || !strings.Contains(got.Message, `one is not KIND:VALUE: "acct-1"`) {
		t.Errorf("got %+v", got)
	}
}

// A newer plugin may say what this gatebook does not know, and that is no result.
func TestWhatIsNotKnownIsNoResult(t *testing.T) {
	t.Parallel()
	action := newWorld(t, nil).connect("newest", "1.0.0", `{}`)["go"]
	if out, err := action.Apply(t.Context(), apple(), &recorder{}); err != nil || string(out) != `{"all":true}` {
		t.Errorf("apply: got %s, %v", out, err)
	}
	if seen, err := action.Observe(t.Context(), apple(), &recorder{}); err != nil || seen.State != sdk.Done {
		t.Errorf("observe: got %+v, %v", seen, err)
	}
	if err := action.Undo(t.Context(), apple(), &recorder{}); err == nil || err.Error() != "it stayed" {
		t.Errorf("undo: got %v", err)
	}
	_, planErr := action.Plan(t.Context(), apple())
	_, askErr := action.Ask(t.Context(), apple())
	_, answerErr := action.Answer(t.Context(), apple(), sdk.Answer{})
	for call, err := range map[string]error{"plan": planErr, "ask": askErr, "answer": answerErr} {
		if err == nil || !strings.Contains(err.Error(), "ended its answer without a result") {
			t.Errorf("%s: got %v", call, err)
		}
	}
}

func TestAStartEndsWithItsContext(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *host.Options) { o.StartTimeout = time.Hour })
	ctx, cancel := context.WithCancel(t.Context())
	go func() { w.said("pid"); cancel() }()
	if err := w.start(ctx, "silent"); !errors.Is(err, context.Canceled) || sdk.AsError(err).Class != sdk.Cancelled {
		t.Errorf("got %v", err)
	}
}

func TestConfiguringEndsWithItsContext(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *host.Options) { o.StartTimeout = time.Hour })
	action := w.connect("hangs", "1.0.0", `{"hang":true}`)["go"]
	ctx, cancel := context.WithCancel(t.Context())
	go func() { w.said("configuring"); cancel() }()
	err := w.within("configure", func() error {
		_, err := action.Plan(ctx, apple())
		return err
	})
	if got := sdk.AsError(err); !errors.Is(err, context.Canceled) || got.Class != sdk.Cancelled || !got.Unchanged {
		t.Errorf("got %+v", got)
	}
}

// Nobody waits for ever for what others wait for too.
func TestAPluginThatDoesNotAnswerAtItsStartIsRefused(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"nameless": "did not say what it is within 10s",
		"hangs":    "did not reach its target within 10s",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(o *host.Options) { o.StartTimeout = 10 * time.Second })
			err := w.within(name, func() error {
				plugin, err := w.host.Open(t.Context(), name, nil, w.locked(name, "1.0.0"))
				if err != nil {
					return err
				}
				_, err = plugin.Connect("prod", json.RawMessage(`{"hang":true}`), nil, nil, nil)["go"].Plan(t.Context(), apple())
				return err
			})
			if err == nil || !strings.Contains(err.Error(), want) || !sdk.AsError(err).Unchanged {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
}

// The process lives and serves others: that it is not dying need not be waited for.
func TestACancelledQuestionIsLeftAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	action := w.connect("hangs", "1.0.0", `{}`)["go"]
	ctx, cancel := context.WithCancel(t.Context())
	cancelled := make(chan time.Time, 1)
	go func() { w.said("planning"); cancelled <- time.Now(); cancel() }()
	_, err := action.Plan(ctx, apple())
	if took := time.Since(<-cancelled); !errors.Is(err, context.Canceled) || took > process.HangUpPatience-time.Second {
		t.Errorf("got %v after %s", err, took)
	}
}

func TestAPluginThatHangsUpIsStartedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	action := w.connect("closer", "1.0.0", `{}`)["go"]
	_, err := action.Apply(t.Context(), apple(), &recorder{})
	if got := failure(t, err); got.Class != sdk.Transient || !strings.Contains(got.Message, "was killed: it hung up in the middle of it") {
		t.Errorf("got %+v", got)
	}
	if _, err := action.Apply(t.Context(), apple(), &recorder{}); err != nil {
		t.Errorf("it was not started again: %v", err)
	}
}

// One that cannot even be asked to end is ended all the same.
func TestAFrozenPluginEndsWithItsHost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	action := w.connect("frozen", "1.0.0", `{}`)["go"]
	failed := make(chan error, 1)
	go func() {
		_, err := action.Plan(t.Context(), apple())
		failed <- err
	}()
	w.said("planning")
	if err := w.within("close", w.host.Close); err != nil {
		t.Error(err)
	}
	if err := <-failed; err == nil || !strings.Contains(err.Error(), "gatebook is ending") {
		t.Errorf("got %v", err)
	}
}

func TestWhoDidNotStopIsNamedToAllThatItTook(t *testing.T) {
	t.Parallel()
	actions := newWorld(t, func(o *host.Options) { o.Grace = 100 * time.Millisecond }).connect("shop", "1.2.0", `{}`)
	innocent, guilty := &recorder{told: make(chan struct{})}, &recorder{told: make(chan struct{})}
	innocentAtWork, guiltyAtWork := innocent.told, guilty.told
	failed := make(chan error, 1)
	go func() {
		_, err := actions["wait"].Apply(t.Context(), apple(), innocent)
		failed <- err
	}()
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-innocentAtWork; <-guiltyAtWork; cancel() }()
	_, err := actions["stubborn"].Apply(ctx, apple(), guilty)
	for who, err := range map[string]error{"guilty": err, "innocent": <-failed} {
		if err == nil || !strings.Contains(err.Error(), "was killed: its action stubborn did not stop") {
			t.Errorf("%s: got %v", who, err)
		}
	}
}

func TestDescriptionsLeaveNothingOpen(t *testing.T) { // it is not parallel, since it counts what the whole process has open
	if runtime.GOOS != "linux" {
		t.Skip("what is open stands in /proc")
	}
	opened := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	w := newWorld(t, nil)
	lock := w.locked("shop", "1.2.0")
	describe := func() {
		if _, err := w.host.Open(t.Context(), "shop", nil, lock); err != nil {
			t.Fatal(err)
		}
	}
	describe()
	before := opened()
	for range 3 {
		describe()
	}
	// The last process may have ended a moment before what reads its log does.
	w.eventually("what was opened is closed", func() error {
		if after := opened(); after > before {
			return fmt.Errorf("%d descriptors were open, and %d are", before, after)
		}
		return nil
	})
}

// What crosses at once is bounded, and each that is refused says what was done.
func TestWhatCrossesAtOnceIsBounded(t *testing.T) {
	t.Parallel()
	bulk := newWorld(t, nil).connect("shop", "1.2.0", `{}`)["bulk"]
	told := &recorder{}
	outputs, err := bulk.Apply(t.Context(), apple(), told)
	if err != nil {
		t.Fatal(err)
	}
	request := apple()
	request.Outputs, request.Before = outputs, told.before
	// The Undo gets all of it, and what it says then is cut, and is text.
	err = bulk.Undo(t.Context(), request, told)
	if got := failure(t, err); got.Class != sdk.Denied || len(got.Message) != wire.MaxLine || !strings.HasSuffix(got.Message, "z…") {
		t.Errorf("undo: got %.200v", err)
	}
	if _, err := bulk.Plan(t.Context(), apple()); err == nil || !strings.Contains(err.Error(), "the preview takes 8388") {
		t.Errorf("plan: got %v", err)
	}
	request.Params = json.RawMessage(`{"item":"` + strings.Repeat("x", wire.MaxCall) + `"}`)
	_, err = bulk.Apply(t.Context(), request, told)
	if got := failure(t, err); !got.Unchanged || !strings.Contains(got.Message, "and at most 33554432 cross to a plugin") {
		t.Errorf("too large a call: got %v", err)
	}
}

// A plugin without the sdk takes what gRPC takes of itself, 4 MB.
func TestACallThatAPluginDoesNotTakeChangedNothing(t *testing.T) {
	t.Parallel()
	request := apple()
	request.Params = json.RawMessage(`{"item":"` + strings.Repeat("x", 5<<20) + `"}`)
	_, err := newWorld(t, nil).connect("newest", "1.0.0", `{}`)["go"].Apply(t.Context(), request, &recorder{})
	if got := failure(t, err); !got.Unchanged || !strings.Contains(got.Message, "takes no call of this size, so that nothing was done") {
		t.Errorf("got %v", err)
	}
}
