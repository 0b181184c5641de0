package host_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gatebook/gatebook/plugins/host"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// listener is a host that passes on what it is told of the progress.
type listener struct {
	*recorder
	heard chan string
}

func (l listener) Progress(p sdk.Progress) { l.heard <- p.Message }

// hears returns the next progress that the pattern matches. On a loaded machine a plugin
// may be told of as silent that is not stopped.
func (w *world) hears(l listener, pattern string) string {
	w.t.Helper()
	wanted := regexp.MustCompile(pattern)
	var said string
	err := w.within(pattern, func() error {
		for said = range l.heard {
			if wanted.MatchString(said) {
				return nil
			}
		}
		return fmt.Errorf("nobody says %s", pattern)
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return said
}

// stop stops a plugin, and returns when all its threads have stopped: until the one has
// that the signal goes to, the others may still answer.
func (w *world) stop(pid string) {
	w.t.Helper()
	w.signal(pid, syscall.SIGSTOP)
	w.eventually("stopped", func() error {
		threads, err := filepath.Glob(filepath.Join("/proc", pid, "task", "*", "stat"))
		for _, thread := range threads {
			stat, readErr := os.ReadFile(thread)
			if _, state, _ := bytes.Cut(stat, []byte(") ")); readErr != nil || !bytes.HasPrefix(state, []byte("T")) {
				return fmt.Errorf("%s: %.2s, %w", thread, state, readErr)
			}
		}
		return err
	})
}

func (w *world) signal(pid string, with syscall.Signal) {
	w.t.Helper()
	number, err := strconv.Atoi(pid)
	if err == nil {
		err = syscall.Kill(number, with)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// What nobody hears of any more does not hold a run up for ever, nor go on unseen.
func TestAPluginThatIsStoppedIsToldOfAndKilled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *host.Options) { o.Notice, o.Silence = 200*time.Millisecond, 2*time.Second })
	action := w.connect("shop", "1.2.0", `{}`)["sleep"]
	night := listener{&recorder{}, make(chan string, 64)}
	failed := make(chan error, 1)
	go func() { _, err := action.Apply(t.Context(), apple(), night); failed <- err }()
	pid := w.hears(night, `^\d+$`)
	w.stop(pid)
	w.hears(night, `^no word from the plugin shop for 200ms; is it stopped\?$`)
	err := w.within("apply", func() error { return <-failed })
	if got := failure(t, err); got.Class != sdk.Transient || got.Unchanged ||
		!strings.Contains(got.Message, "the plugin shop was killed: it gave no sign of life for 2s; what it was doing may be half done") {
		t.Errorf("got %+v", got)
	}
	w.eventually("a plugin that was stopped", dead(pid))
	if _, err := action.Plan(t.Context(), apple()); err != nil {
		t.Errorf("the next call, in a new process: %v", err)
	}
}

func TestAPluginThatIsStoppedInAPlanIsKilled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *host.Options) { o.Notice, o.Silence = 200*time.Millisecond, 2*time.Second })
	action := w.connect("shop", "1.2.0", `{}`)["sleep"]
	preview, err := action.Plan(t.Context(), apple())
	if err != nil {
		t.Fatal(err)
	}
	w.stop(preview.Summary)
	err = w.within("plan", func() error { _, err := action.Plan(t.Context(), apple()); return err })
	// Nothing is half done by what only reads.
	if got := failure(t, err); got.Class != sdk.Transient || !strings.HasSuffix(got.Message, "the plugin shop was killed: it gave no sign of life for 2s") {
		t.Errorf("got %+v", got)
	}
}

func TestAPluginThatIsContinuedInTimeEndsWell(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *host.Options) { o.Notice, o.Silence = 200*time.Millisecond, time.Minute })
	action := w.connect("shop", "1.2.0", `{}`)["sleep"]
	night := listener{&recorder{}, make(chan string, 64)}
	failed := make(chan error, 1)
	go func() {
		outputs, err := action.Apply(t.Context(), apple(), night)
		if err == nil && !strings.Contains(string(outputs), `"pear"`) {
			err = fmt.Errorf("the outputs are %s", outputs)
		}
		failed <- err
	}()
	pid := w.hears(night, `^\d+$`)
	w.stop(pid)
	w.hears(night, `^no word from the plugin shop for `)
	w.signal(pid, syscall.SIGCONT)
	w.hears(night, `^the plugin shop answers again$`)
	if err := os.WriteFile(filepath.Join(w.dir, wake), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := w.within("apply", func() error { return <-failed }); err != nil {
		t.Error(err)
	}
}

// An action that takes all that its process has leaves something for the answer.
func TestAPluginThatIsBusyIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *host.Options) { o.Notice, o.Silence = time.Second, 2*time.Second })
	action := w.connect("shop", "1.2.0", `{}`)["busy"]
	err := w.within("apply", func() error { _, err := action.Apply(t.Context(), apple(), &recorder{}); return err })
	if err != nil {
		t.Error(err)
	}
}
