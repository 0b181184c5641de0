package event_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/event"
)

// What a drill is worth is said by its worst part; what expressions and policies see of its mode
// goes by its inputs.
func TestWhatADrillIsWorth(t *testing.T) {
	t.Parallel()
	drill := event.Run{Choice: &event.Choice{Mode: event.Drill}}
	altered := func(change func(*event.Run)) event.Run {
		run, choice := drill, *drill.Choice
		run.Choice = &choice
		change(&run)
		return run
	}
	kept, late := &event.Measured{}, &event.Measured{Took: time.Hour, RTO: time.Minute}
	for name, c := range map[string]struct {
		run      event.Run
		measured *event.Measured
		worth    event.DrillResult
		sees     string
		altered  string
	}{
		"as its mode says":       {run: drill, measured: kept, worth: event.GoodDrill, sees: "drill"},
		"late":                   {run: drill, measured: late, worth: event.MissedDrill, sees: "drill"},
		"a step failed":          {run: drill, measured: &event.Measured{Failed: []string{"a"}, Took: time.Hour, RTO: time.Minute}, worth: event.FaultyDrill, sees: "drill"},
		"nothing was done":       {run: drill, measured: &event.Measured{Idle: true}, worth: event.FaultyDrill, sees: "drill"},
		"has not succeeded":      {run: drill, sees: "drill"},
		"in another mode":        {run: event.Run{Choice: &event.Choice{Mode: "planned"}, Others: []string{"db"}}, measured: kept, altered: "the input db was given another value"},
		"in no mode":             {run: event.Run{Stepwise: true}, measured: kept},
		"another input":          {run: altered(func(r *event.Run) { r.Others = []string{"db"} }), measured: late, worth: event.AlteredDrill, altered: "the input db was given another value"},
		"a part":                 {run: altered(func(r *event.Run) { r.Choice.Skip = []string{"tell"} }), measured: kept, worth: event.AlteredDrill, sees: "drill", altered: "a part was left out (--skip tell)"},
		"step by step":           {run: altered(func(r *event.Run) { r.Stepwise = true }), measured: kept, worth: event.AlteredDrill, sees: "drill", altered: "it goes step by step"},
		"a window":               {run: altered(func(r *event.Run) { r.Overrides = []event.Override{{Window: "night", By: "ann"}} }), measured: kept, worth: event.AlteredDrill, sees: "drill", altered: "the window night counts as open by the word of ann"},
		"a window, while it ran": {run: drill, measured: &event.Measured{Altered: []string{"the window night counts as open by the word of ann"}}, worth: event.AlteredDrill, sees: "drill"},
	} {
		if got := c.run.DrillResult(c.measured); got != c.worth {
			t.Errorf("%s: it is worth %q, want %q", name, got, c.worth)
		}
		if got := c.run.Choice.InForce(c.run.Others); got != c.sees {
			t.Errorf("%s: it sees the mode %q, want %q", name, got, c.sees)
		}
		if got := strings.Join(c.run.Altered(), "; "); got != c.altered {
			t.Errorf("%s: it is altered as %q, want %q", name, got, c.altered)
		}
	}
}
