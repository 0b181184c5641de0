package standing

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// answered takes in an answer, which ends the question unless it takes more people.
func (step *Step) answered(e event.Event) {
	ask := step.Ask
	if ask == nil || ask.Quorum <= 1 || e.Answer == nil || !e.Answer.Approved || e.Failure != nil {
		step.Ask = nil
		return
	}
	stands := ask.Until.Sub(ask.Since)
	ask.Yes = slices.DeleteFunc(slices.Clone(ask.Yes), func(v sdk.Voice) bool {
		return v.By == e.By || !ask.Until.IsZero() && e.Time.Sub(v.At) > stands
	})
	ask.Yes = append(ask.Yes, sdk.Voice{By: e.By, At: e.Answer.At, Comment: e.Answer.Comment})
	if len(ask.Yes) >= ask.Quorum {
		step.Ask = nil
	}
}

// People says how many have said yes of how many, who they are, and who else may; empty: one is
// enough, and it may be anybody.
func (a *Ask) People() string {
	var said []string
	if a.Quorum > 1 {
		said = append(said, fmt.Sprintf("%d of %d have said yes", len(a.Yes), a.Quorum))
		var names []string
		for _, voice := range a.Yes {
			names = append(names, layout.Line(voice.By))
		}
		if len(names) > 0 {
			said[0] += ": " + strings.Join(names, ", ")
		}
	}
	switch {
	case len(a.May) > 0:
		said = append(said, "it may be answered by "+layout.Line(strings.Join(a.May, ", ")))
	case len(a.From) > 0:
		said = append(said, "asked are "+layout.Line(strings.Join(a.From, ", ")))
	}
	return strings.Join(said, "; ")
}

// dropQuestions forgets the questions that were taken back and are not put again, as the run ends.
func (s *Status) dropQuestions() {
	for _, step := range s.Steps {
		if step.Status == event.Pending && !step.Finally {
			step.Ask = nil
		}
	}
}
