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
	plain := &event.Measured{Took: s.Elapsed(s.Updated), RTO: s.RTO}
	if s.Result.Outcome != event.OutcomeSucceeded {
		if plain.Late() > 0 && !wording.TakenBack(s.Result) {
			out.Linef("  %s", wording.Took(plain))
		}
		return
	}
	measured := cmp.Or(s.Result.Measured, plain) // an older gatebook measured nothing
	switch {
	case !s.Run.IsDrill():
	case measured.Met():
		out.Linef("  %s", out.Good("It was a good drill."))
	default:
		out.Linef("  %s", out.Bad("The drill missed what the runbook promises."))
	}
	for _, line := range []string{wording.Took(measured), wording.Lost(measured), waited(measured.Took, s.Waited)} {
		if line != "" {
			out.Linef("  %s", line)
		}
	}
}

// waited says how long it took without what nobody but people could make shorter.
func waited(took, waited time.Duration) string {
	if waited < time.Second {
		return ""
	}
	return "Without waiting for people, and pauses, it took " + layout.Elapsed(took-waited) + "."
}
