package host_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/plugins/host"
	"github.com/gatebook/gatebook/plugins/sdk"
)

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
		"loud":    `it printed "hello, I am a plugin" to standard output, which belongs to the handshake`,
		"silent":  "it was started and said nothing for 300ms",
		"exits":   "it ended before it said anything (exit status 7); it said last: no licence found",
		"newer":   "it speaks version 2 of the plugin protocol, and this gatebook version 1: upgrade gatebook",
		"older":   "it speaks version 0 of the plugin protocol, and this gatebook version 1: upgrade the plugin",
		"plain":   "its handshake has no certificate: it must use the mutual TLS of go-plugin",
		"garbled": "it does not keep to the mutual TLS that it shook hands for",
		"noline":  "KB without the end of a line to standard output, which belongs to the handshake",
		"babble":  "to standard output, which belongs to the handshake",
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
		"muddled": {
			"which is a fault of the plugin: action go: ", `GraceParam names "wait", which is no duration`, `the example "Soon" breaks the schema: wait must be`,
		},
		"liar": {"says that it is version 9.9.9", "has it as 1.0.0", "gatebook plugins lock"},
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

// Whose clock nobody knows is ended in time by the host.
func TestWithoutAClockADeadlineStillEndsTheAttempt(t *testing.T) {
	t.Parallel()
	action := newWorld(t, func(o *host.Options) { o.Now = nil }).connect("shop", "1.2.0", `{}`)["wait"]
	if err := host.Ping(t.Context(), action); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := action.Apply(ctx, apple(), &recorder{}); err == nil || err.Error() != "left half of apple behind" {
		t.Errorf("got %v", err)
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
	const killed = "was killed: its action stubborn did not stop within 100ms of being asked to"
	if err == nil || !strings.Contains(err.Error(), killed+"; what it was doing may be half done") {
		t.Errorf("got %v", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	told = &recorder{told: make(chan struct{})}
	go func(waiting <-chan struct{}) { <-waiting; cancel() }(told.told)
	// A look changes nothing, whatever the action does.
	if _, err := actions["stubborn"].Observe(ctx, apple(), told); err == nil || !strings.HasSuffix(err.Error(), killed) {
		t.Errorf("a look: got %v", err)
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

// What is no folder, or is closed, keeps nobody from the folders behind it.
func TestWhatIsNoFolderOnThePathIsPassedOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	lock := w.locked("shop", "1.2.0")
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	behind := host.New(host.Options{Path: []string{file, w.dir}, Platform: platform, Now: time.Now})
	defer behind.Close()
	if _, err := behind.Open(t.Context(), "shop", nil, lock); err != nil {
		t.Error(err)
	}
	if _, err := behind.Open(t.Context(), "other", nil, lock); !errors.Is(err, host.ErrNotFound) || !strings.Contains(err.Error(), "not a directory") {
		t.Errorf("got %v", err)
	}
	// Where it was named, what lies behind it is not what was meant.
	named := host.New(host.Options{Dirs: []string{filepath.Join(w.dir, "missing"), file}, Path: []string{w.dir}, Platform: platform, Now: time.Now})
	defer named.Close()
	if _, err := named.Open(t.Context(), "shop", nil, lock); !errors.Is(err, host.ErrNotFound) || !strings.Contains(err.Error(), "not a directory") {
		t.Errorf("got %v", err)
	}
}
