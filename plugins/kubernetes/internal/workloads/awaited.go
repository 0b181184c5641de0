package workloads

import (
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/template"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// awaitedNote keeps over a resume which template a rollout waits for. It is taken away when
// it is told that there is another, since a person who resumes then means that one.
const awaitedNote = "template"

// awaits returns the template that the step waits for: the one that its first attempt saw.
func awaits(call *sdk.Call[RolloutInput], first *workload) (template.Seen, error) {
	seen, noted, err := sdk.LoadNote[template.Seen](call, awaitedNote)
	if err != nil || noted {
		return seen, err
	}
	if seen, err = template.See(first.templated()); err != nil {
		return seen, err
	}
	return seen, call.Note(awaitedNote, seen)
}

// templated is the workload as package template knows one.
func (w *workload) templated() template.Of {
	return template.Of{Object: w, Name: w.String(), Template: w.template}
}

// otherImages is the part of a sentence that says from which images it went to those that
// it has.
func (w *workload) otherImages(was map[string]string) string {
	return template.Between(was, w.images())
}
