package look

import (
	"context"
	"slices"

	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
)

// open returns what of a step is looked at: itself, or where it is done for many, those of its
// instances that a run comes to before any of them has changed something. Of one of which it
// is not known what it is done for, that is found out, and no more.
func (l *looker) open(ctx context.Context, s *plan.Step) []*plan.Step {
	if s.Loop == nil {
		return []*plan.Step{s}
	}
	if s.When != nil {
		if s.When = l.condition(ctx, s, s.When); !s.When.Holds() {
			return nil
		}
	}
	loop := s.Loop
	if !loop.Known() {
		loop.Now = l.items(s)
		return nil
	}
	first := len(loop.Instances)
	if s.Changes() && first > 0 {
		first = loop.AtOnce(loop.Batches[0])
	}
	return slices.DeleteFunc(slices.Clone(loop.Instances[:first]), (*plan.Step).Skipped)
}

// items is what a step would be done for as things are now; nil: nobody can tell.
func (l *looker) items(s *plan.Step) *plan.Keys {
	over, err := s.Loop.Source.Eval(l.scope(s, nil))
	if err != nil || over.HasUnknown() {
		return nil
	}
	items, err := plan.Items(over)
	if err != nil {
		return nil
	}
	now := &plan.Keys{Keys: make([]string, len(items)), Batches: s.Loop.BatchesOf(len(items))}
	for i, item := range items {
		now.Keys[i] = l.masker.Text(item.Key)
	}
	return now
}

// stopsLoop is why a run that begins now would not get past a step that is done for many: as
// soon as one of them fails, where none may.
func stopsLoop(s *plan.Step) string {
	all := len(s.Loop.Instances)
	for _, one := range s.Loop.Instances {
		if why := stops(one); why != "" && s.Loop.Spent(1, all, 1, s.Loop.Batches[0]) {
			return why
		}
	}
	return ""
}

// viewOfLoop is what expressions see of a step that is done for many: the outputs of all that
// are done, where all were read.
func viewOfLoop(s *plan.Step) (view value.Value, known bool) {
	if !s.Loop.Known() || len(s.Verify) > 0 || len(s.Loop.Between) > 0 || s.Changes() {
		return value.Value{}, false
	}
	var keys []string
	var outputs []value.Value
	for _, one := range s.Loop.Instances {
		switch {
		case one.Skipped():
		case one.Seen == nil || one.Seen.Outputs == nil:
			return value.Value{}, false
		default:
			keys, outputs = append(keys, one.Key), append(outputs, *one.Seen.Outputs)
		}
	}
	if len(keys) == 0 {
		return value.Value{}, false // whether it is skipped the run tells
	}
	return value.Object(
		value.Member{Name: "outputs", Value: plan.OutputsOf(keys, outputs)},
		value.Member{Name: "status", Value: value.String("succeeded")},
	), true
}
