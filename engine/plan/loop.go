package plan

import (
	"time"

	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/data"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/value"
)

// Loop is what a step is done for: each item of a list, or each entry of a map, in batches.
// What else the step says is said of each instance.
type Loop struct {
	Over        value.Value   `json:"over" doc:"The list or the map, as far as it is known."`
	Sizes       []string      `json:"sizes" doc:"How many instances each batch has, as the runbook says it; the last holds for all after it."`
	MaxParallel int           `json:"maxParallel,omitempty" doc:"How many of a batch may be under way at once; absent: all."`
	MaxFailures Budget        `json:"maxFailures,omitzero" doc:"How many instances may fail before the step does; absent: none."`
	Pause       time.Duration `json:"pause,omitempty" doc:"The time between two batches."`
	Between     []*Condition  `json:"between,omitempty" doc:"What must hold after each batch."`
	When        *Condition    `json:"when,omitempty" doc:"False skips an instance; absent: none is skipped by itself."`
	Batches     []int         `json:"batches,omitempty" doc:"How many instances each batch will have; absent: what it is done for is not known yet."`
	Instances   []*Step       `json:"instances,omitempty" doc:"The instances, in the order in which they begin; absent: what it is done for is not known yet."`
	// LeftOut are by the keys of instances, which may not be known yet.
	LeftOut map[string]*event.LeftOut `json:"leftOut,omitempty" doc:"By its key, each instance that is left out by a person's word, and why."`
	Now     *Keys                     `json:"now,omitempty" doc:"What it would be done for with what is seen at the time of the plan, where that is not known anyway; absent: nobody can tell."`

	// Source computes the list or the map from what is known.
	Source Source `json:"-"`

	sizes  []Share
	budget budget
}

// Share is a number of instances, or a percentage of all of them, rounded down.
type Share = check.Share

// budget says how many instances may fail.
type budget struct {
	total Share
	batch *Share // nil: a batch has no budget of its own
}

// Budget says how many instances may fail, each a number or a percentage, rounded down.
type Budget struct {
	Total string `json:"total" doc:"Of all instances."`
	Batch string `json:"batch,omitempty" doc:"Of the instances of one batch; absent: as many as of all."`
}

// Of returns how many of all instances may fail.
func (b Budget) Of(all int) int {
	share, _ := check.ParseShare(b.Total) // what is none allows nothing
	return share.Of(all)
}

// Keys name what a loop would be done for.
type Keys struct {
	Keys    []string `json:"keys" doc:"The keys of its instances."`
	Batches []int    `json:"batches" doc:"How many instances each batch would have."`
}

// Item is one of what a loop is done for.
type Item = data.Item

// Items returns what a loop is done for, in the order in which it is.
func Items(over value.Value) ([]Item, error) { return data.Items(over) }

// BatchesOf returns how many instances each batch has where there are so many in all.
func (l *Loop) BatchesOf(all int) []int {
	var batches []int
	for left := all; left > 0; {
		size := l.sizes[min(len(batches), len(l.sizes)-1)]
		next := min(max(size.Of(all), 1), left)
		batches = append(batches, next)
		left -= next
	}
	return batches
}

// Spent reports whether more have failed than may: of all, and of one batch.
func (l *Loop) Spent(failed, all, failedOfBatch, batch int) bool {
	of := l.budget.batch
	return failed > l.budget.total.Of(all) || of != nil && failedOfBatch > of.Of(batch)
}

// Shares are the sizes of the batches, of which the last holds for all after it.
func (l *Loop) Shares() []Share { return l.sizes }

// Allowance is how many instances may fail: of all, and of one batch; nil: a batch has no
// allowance of its own.
func (l *Loop) Allowance() (total Share, batch *Share) { return l.budget.total, l.budget.batch }

// Allowed says how many of all may fail.
func (l *Loop) Allowed(all int) int { return l.budget.total.Of(all) }

// AtOnce returns how many of a batch may be under way at once.
func (l *Loop) AtOnce(batch int) int {
	if l.MaxParallel == 0 {
		return batch
	}
	return min(l.MaxParallel, batch)
}

// Known reports whether it is known before a run what the step is done for.
func (l *Loop) Known() bool { return l.Instances != nil }

// Names are the keys of the instances that are known, in the order in which they begin.
func (l *Loop) Names() []string {
	names := make([]string, len(l.Instances))
	for i, one := range l.Instances {
		names[i] = one.Key
	}
	return names
}

// essence returns the loop without its places and what was foreseen.
func (l *Loop) essence() *Loop {
	if l == nil {
		return nil
	}
	bare := *l
	bare.Now, bare.Between, bare.When = nil, essences(l.Between), l.When.essence()
	bare.Instances = make([]*Step, len(l.Instances))
	for i, one := range l.Instances {
		bare.Instances[i] = one.essence()
	}
	return &bare
}

// Instance returns the step as it is done for one item. What is computed of the item is
// not filled in.
func (s *Step) Instance(key string) *Step {
	one := *s
	one.ID, one.Of, one.Key = event.InstanceID(s.ID, key), s.ID, key
	one.When, one.Loop = s.Loop.When, nil
	if out, ok := s.Loop.LeftOut[key]; ok {
		one.LeftOut = out
	}
	return &one
}

// Each is what expressions of an instance see as each.
func Each(place int, item Item) value.Value {
	return value.Object(
		value.Member{Name: "index", Value: value.Int(int64(place))},
		value.Member{Name: "key", Value: value.String(item.Key)},
		value.Member{Name: "value", Value: item.Value},
	)
}

// OutputsOf are the outputs of a loop: those of its instances that have some, as a list in
// their order, and by their keys.
func OutputsOf(keys []string, outputs []value.Value) value.Value {
	members := make([]value.Member, len(keys))
	for i, key := range keys {
		members[i] = value.Member{Name: key, Value: outputs[i]}
	}
	return value.Object(
		value.Member{Name: "byKey", Value: value.Object(members...)},
		value.Member{Name: "list", Value: value.List(outputs...)},
	)
}
