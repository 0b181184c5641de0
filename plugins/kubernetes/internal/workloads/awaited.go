package workloads

import (
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/revision"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// awaitedNote keeps over a resume which template a rollout waits for. It is taken away when
// it is told that there is another, since a person who resumes then means that one.
const awaitedNote = "template"

// awaits returns the template that the step waits for: the one that its first attempt saw.
func awaits(call *sdk.Call[RolloutInput], first *workload) (revision.Seen, error) {
	seen, noted, err := sdk.LoadNote[revision.Seen](call, awaitedNote)
	if err != nil || noted {
		return seen, err
	}
	if seen, err = revision.See(first.kept()); err != nil {
		return seen, err
	}
	return seen, call.Note(awaitedNote, seen)
}
