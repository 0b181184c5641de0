package report

import (
	"cmp"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/report/standing"
	"github.com/gatebook/gatebook/engine/report/wording"
)

// objectives hold what was taken and lost against what the runbook promises, where that says
// something, and say whether a drill was good.
func (out *page) objectives(s *standing.Status) {
	out.drill(s)
	if s.Result == nil {
		return
	}
	plain := &event.Measured{Took: s.Elapsed(s.Updated), RTO: s.RTO}
	if s.Result.Outcome != event.OutcomeSucceeded {
		if plain.Late() > 0 && !wording.TakenBack(s.Result) {
			out.Linef("  %s", wording.Took(plain))
		}
		return
	}
	measured := cmp.Or(s.Result.Measured, plain) // an older gatebook measured nothing
	for _, line := range []string{wording.Took(measured), wording.Lost(measured), waited(measured.Took, s.Waited)} {
		if line != "" {
			out.Linef("  %s", line)
		}
	}
}

// drill says what a drill is worth: when it has succeeded, whatever became of it then, and before
// that where it is known that it cannot be good.
func (out *page) drill(s *standing.Status) {
	var measured *event.Measured
	if s.Result != nil {
		measured = s.Result.Measured
	}
	said := wording.Drill(s.Run, measured)
	switch altered := wording.Altered(s.Run.Choice.ModeName(), s.Altered); {
	case said != "" && s.Run.DrillResult(measured) == event.GoodDrill:
		out.Linef("  %s", out.Good(said))
	case said != "":
		out.Linef("  %s", out.Bad(said))
	case altered != "":
		out.Linef("  %s", out.Warn("it is "+altered))
	}
}

// waited says how long it took without what nobody but people could make shorter.
func waited(took, waited time.Duration) string {
	if waited < time.Second {
		return ""
	}
	return "Without waiting for people, and pauses, it took " + layout.Elapsed(took-waited) + "."
}
