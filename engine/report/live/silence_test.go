package live_test

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/report/live"
	"github.com/gatebook/gatebook/engine/report/standing"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// record is what a view wrote, which may still write.
type record struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *record) Write(text []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(text)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// A log that says nothing for long looks like one of a run that hangs.
func TestLinesBreakTheSilenceOfAStep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b record
		play := theater{live.NewLines(&b, standing.New(examplePlan("drain", "ask")), layout.Style{}, time.Now)}
		play.start()
		play.begin("drain", 1)
		play.view.Progress("drain", sdk.Progress{Message: "the budget of web allows no disruption"})
		told := len(b.String())
		for range 14 { // what is not new is not told for it
			time.Sleep(10 * time.Second)
			play.view.Progress("drain", sdk.Progress{Message: "the budget of web allows no disruption"})
		}
		play.tell(event.Event{Type: event.AttemptFinished, Op: op("drain", event.Do, 1)})
		play.settle("drain", event.Succeeded)
		time.Sleep(time.Hour) // of a step that has ended nothing more is told
		if err := play.view.Close(); err != nil {
			t.Fatal(err)
		}
		var silent []string
		for line := range strings.Lines(b.String()[told:]) {
			if _, text, ok := strings.Cut(line, "drain … "); ok {
				silent = append(silent, strings.TrimSuffix(text, "\n"))
			}
		}
		want := []string{
			"still at work after 1m: attempt 1/3 · the budget of web allows no disruption",
			"still at work after 2m: attempt 1/3 · the budget of web allows no disruption",
		}
		if diff := cmp.Diff(want, silent); diff != "" {
			t.Errorf("%s\n%s", diff, b.String())
		}
	})
}

// How long it takes is counted from what it does now, and a fleet that waits is one line.
func TestLinesOfWhatIsTakenBackAndOfAFleetThatWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b record
		fleet := []string{"back", "alone", "w1", "w2", "w3", "w4", "w5", "w6", "w7"}
		play := theater{live.NewLines(&b, standing.New(examplePlan(fleet...)), layout.Style{}, time.Now)}
		play.start()
		play.begin("back", 1)
		play.settle("back", event.Succeeded)
		time.Sleep(time.Hour)
		play.tell(event.Event{Type: event.AttemptStarted, Op: op("back", event.Undo, 1)})
		play.tell(event.Event{Type: event.StepDecided, Op: op("alone", event.Gate, 0), Status: event.Waiting})
		told := len(b.String())
		time.Sleep(time.Minute + time.Second)
		for i, id := range fleet[2:] {
			time.Sleep(time.Duration(i) * time.Second)
			play.tell(event.Event{Type: event.StepDecided, Op: op(id, event.Gate, 0), Status: event.Waiting})
		}
		time.Sleep(80 * time.Second)
		for range 2 { // the second does nothing
			if err := play.view.Close(); err != nil {
				t.Fatal(err)
			}
		}
		var silent []string
		for line := range strings.Lines(b.String()[told:]) {
			if who, text, ok := strings.Cut(line, " … "); ok {
				silent = append(silent, who[strings.LastIndex(who, "  ")+2:]+": "+strings.TrimSuffix(text, "\n"))
			}
		}
		want := []string{
			"back: still at work after 1m: it is taken back",
			"alone: still waiting after 1m",
			"back: still at work after 2m: it is taken back",
			"8 steps: still waiting: alone, w1, w2, w3, w4 and 3 more",
		}
		if diff := cmp.Diff(want, silent); diff != "" {
			t.Errorf("%s\n%s", diff, b.String())
		}
	})
}
