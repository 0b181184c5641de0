package review

import (
	"cmp"
	"slices"

	"github.com/gatebook/gatebook/engine/plan"
)

// Objects are things of one kind that would be touched in one way at one target, or acts of
// one kind.
type Objects struct {
	Connection string   `json:"connection,omitempty" doc:"Over which they are touched; absent: over none, by a built-in action."`
	Kind       string   `json:"kind"`
	Op         string   `json:"op" doc:"What would be done to them: create, update, delete; or run, send: these are acts."`
	Targets    []string `json:"targets" doc:"Which they are, in the plan's order: a thing once, an act once for each step that does it."`
}

// acts are the operations of which it counts how often they are done: a command that two steps
// run is run twice, where a thing that two steps touch is one thing.
var acts = [...]string{"run", "send"}

// radius counts what the previews of the actions would touch, and names the steps that
// change something and cannot say what.
func radius(p *plan.Plan) (touched []Objects, silent []string) {
	type group struct{ connection, kind, op string }
	type object struct {
		group
		target string
		by     string // the step, of an act
	}
	touched, places, seen := []Objects{}, map[group]int{}, map[object]bool{}
	for s := range p.All() {
		if s.Skipped() {
			continue
		}
		if s.Changes() && (isOpen(s) || s.Preview == nil || len(s.Preview.Changes) == 0 && !s.Preview.NothingToDo()) {
			silent = append(silent, s.ID)
			continue
		}
		if s.Preview == nil || isOpen(s) {
			continue
		}
		for _, change := range s.Preview.Changes {
			in := group{s.On, cmp.Or(change.Kind, "thing"), change.Op}
			what := object{group: in, target: change.Target}
			if slices.Contains(acts[:], change.Op) {
				what.by = s.ID
			}
			if seen[what] {
				continue
			}
			seen[what] = true
			place, ok := places[in]
			if !ok {
				place = len(touched)
				places[in] = place
				touched = append(touched, Objects{Connection: in.connection, Kind: in.kind, Op: in.op})
			}
			touched[place].Targets = append(touched[place].Targets, change.Target)
		}
	}
	slices.SortStableFunc(touched, func(a, b Objects) int {
		return cmp.Or(cmp.Compare(a.Connection, b.Connection), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Op, b.Op))
	})
	return touched, silent
}
