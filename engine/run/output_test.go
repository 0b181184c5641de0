package run

import (
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/run/internal/output"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Who reads the journal, and who watches, learns that a log does not have all.
func TestLogThatIsFullIsToldOf(t *testing.T) {
	t.Parallel()
	watch := &ear{}
	d, _ := beginning(t, planOf(t, 1, sdk.Change, false), watch)
	defer d.stop()
	op := event.Op{Step: "s0", Part: event.Do, Attempt: 1}
	told, ended := d.perform(t.Context(), op, time.Minute, func(h *host) event.Event {
		h.Output("stdout", []byte("first"))
		h.log.Room = 10
		h.Output("stdout", []byte("second"))
		h.Output("stdout", []byte("third"))
		return event.Event{Type: event.AttemptFinished, Op: &op}
	}, nil)
	if !ended || !strings.Contains(told.Reason, "the last 2 lines") {
		t.Errorf("the end of the attempt says %q", told.Reason)
	}
	if want := "first second " + output.Full() + " third"; strings.Join(watch.lines, " ") != want {
		t.Errorf("heard %q", watch.lines)
	}
}
