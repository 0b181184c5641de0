package standing

import (
	"fmt"
	"strings"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/layout"
)

// Find returns the step that a person means by what was typed: its id, or of an instance
// what a shell leaves of it, such as drain[node-3], where that is one step. The error says
// what there is instead.
func (s *Status) Find(typed string) (*Step, error) {
	for _, id := range Meant(typed) {
		if step, ok := s.index[id]; ok {
			return step, nil
		}
	}
	of, key, isInstance := strings.Cut(typed, "[")
	if step := s.index[of]; step != nil && isInstance {
		return nil, fmt.Errorf("run %s has no step %s: %s", s.Run.ID, layout.Line(typed), step.others(strings.TrimSuffix(key, "]")))
	}
	return nil, fmt.Errorf("run %s has no step %q", s.Run.ID, typed)
}

// Meant are the ids that a person may mean by what was typed, the likeliest first: shells
// take the quotes from drain["node-3"], and people write others.
func Meant(typed string) []string {
	ids := []string{typed}
	if of, key, isInstance := strings.Cut(typed, "["); isInstance {
		key = strings.TrimSuffix(key, "]")
		for _, key := range []string{key, strings.Trim(key, `"`), strings.Trim(key, "'")} {
			ids = append(ids, event.InstanceID(of, key))
		}
	}
	return ids
}

// others says what instances a step has, where the one that was asked for is none.
func (step *Step) others(key string) string {
	if step.Loop == nil {
		return step.ID + " is done once, or it is not known yet what it is done for"
	}
	var ids, keys []string
	for _, one := range step.Instances() {
		ids, keys = append(ids, one.ID), append(keys, one.Key)
	}
	if near, ok := diag.Nearest(strings.Trim(key, `"'`), keys); ok {
		return fmt.Sprintf("did you mean %s?", event.InstanceID(step.ID, near))
	}
	if len(ids) == 0 {
		return step.ID + " was done for nothing"
	}
	return step.ID + " is done as " + layout.Steps(ids)
}
