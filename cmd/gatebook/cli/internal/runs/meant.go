package runs

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/report/standing"
)

// meant are the ids that a person may mean by what was typed, the likeliest first: a shell
// takes the quotes from drain["node-3"], and people write others.
func meant(typed string) []string {
	ids := []string{typed}
	if of, key, isInstance := strings.Cut(typed, "["); isInstance {
		key = strings.TrimSuffix(key, "]")
		for _, key := range []string{key, strings.Trim(key, `"`), strings.Trim(key, "'")} {
			ids = append(ids, event.InstanceID(of, key))
		}
		ids = append(ids, console.QuoteKeys(typed))
	}
	return ids
}

// step returns the step of the run that a person means by what was typed.
func (r *Run) step(typed string) (*standing.Step, error) {
	for _, id := range meant(typed) {
		if step, ok := r.Status.Step(id); ok {
			return step, nil
		}
	}
	id, of := strconv.Quote(typed), (*standing.Step)(nil)
	if at := strings.LastIndex(typed, "["); at >= 0 {
		id = layout.Line(typed) // which has quotes of its own
		of, _ = r.Status.Step(typed[:at])
	}
	said := fmt.Sprintf("run %s has no step %s", r.ID(), id)
	if of != nil {
		said += ": " + instead(of, typed)
	} else if ids := r.doneAs(typed); len(ids) > 0 {
		said += ": " + typed + " is done as " + layout.Steps(ids)
	}
	return nil, console.Usage("See: gatebook status "+r.ID(), "%s", said)
}

// doneAs are the steps of the run that a step of the runbook is done as, where it is in what is done
// for many.
func (r *Run) doneAs(template string) (ids []string) {
	for _, step := range r.Status.Steps {
		if event.Template(step.ID) == template && step.Key == "" {
			ids = append(ids, step.ID)
		}
	}
	return ids
}

// instead says what instances a step has, where the one that was typed is none.
func instead(of *standing.Step, typed string) string {
	if of.Loop == nil {
		return of.ID + " is done once, or it is not known yet what it is done for"
	}
	var ids, keys []string
	for _, one := range of.Instances() {
		ids, keys = append(ids, one.ID), append(keys, one.Key)
	}
	key := typed[strings.LastIndex(typed, "[")+1:]
	if near, ok := diag.Nearest(strings.Trim(key, `]"'`), keys); ok {
		return fmt.Sprintf("did you mean %s?", event.InstanceID(of.ID, near))
	}
	if len(ids) == 0 {
		return of.ID + " was done for nothing"
	}
	return of.ID + " is done as " + layout.Steps(ids)
}
