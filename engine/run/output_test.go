package run

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/plugins/sdk"
)

func TestOutputLogIsBounded(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	folder, err := journal.NewStore(root).Create("20261121-030000-00000")
	if err != nil {
		t.Fatal(err)
	}
	log := newOutputLog(folder, event.Op{Step: "noisy", Part: event.Do, Attempt: 1})
	log.room = 1000
	for range 100 {
		log.keep(time.Unix(0, 0), 1, "stdout", "y")
	}
	log.close()
	content, err := os.ReadFile(filepath.Join(root, "runs", folder.ID(), "output", "noisy.log"))
	if err != nil {
		t.Fatal(err)
	}
	if len(content) > 1000+2*len(logIsFull()) {
		t.Errorf("%d bytes were written where there is room for 1000", len(content))
	}
	if want := "its log ends at 256 MiB, and does not have the last 73 lines that it printed"; log.lacks() != want {
		t.Errorf("it lacks %q, want %q", log.lacks(), want)
	}
	for want, n := range map[string]int{
		"1970-01-01T00:00:00.000Z 1 stdout y\n": 27,
		"gatebook " + logIsFull() + "\n":        1,
	} {
		if got := strings.Count(string(content), want); got != n {
			t.Errorf("%q stands there %d times, want %d:\n%s", want, got, n, content)
		}
	}
}

// Who reads the journal, and who watches, learns that a log does not have all.
func TestLogThatIsFullIsToldOf(t *testing.T) {
	t.Parallel()
	watch := &ear{}
	d, _ := beginning(t, planOf(t, 1, sdk.Change, false), watch)
	defer d.stop()
	op := event.Op{Step: "s0", Part: event.Do, Attempt: 1}
	told, ended := d.perform(t.Context(), op, time.Minute, func(h *host) event.Event {
		h.Output("stdout", []byte("first"))
		h.log.room = 10
		h.Output("stdout", []byte("second"))
		h.Output("stdout", []byte("third"))
		return event.Event{Type: event.AttemptFinished, Op: &op}
	}, nil)
	if !ended || !strings.Contains(told.Reason, "the last 2 lines") {
		t.Errorf("the end of the attempt says %q", told.Reason)
	}
	if want := "first second " + logIsFull() + " third"; strings.Join(watch.lines, " ") != want {
		t.Errorf("heard %q", watch.lines)
	}
}
