package review

import (
	"cmp"
	"slices"

	"github.com/gatebook/gatebook/engine/plan"
)

// Objects are things of one kind that would be touched in one way at one target.
type Objects struct {
	Connection string   `json:"connection,omitempty" doc:"Over which they are touched; absent: over none, by a built-in action."`
	Kind       string   `json:"kind"`
	Op         string   `json:"op" doc:"What would be done to them: create, update, delete, run."`
	Targets    []string `json:"targets" doc:"Which they are, each once, in the plan's order."`
}

// radius counts what the previews of the actions would touch, and names the steps that
// change something and cannot say what.
func radius(p *plan.Plan) (touched []Objects, silent []string) {
	type group struct{ connection, kind, op string }
	type object struct {
		group
		target string
	}
	touched, places, seen := []Objects{}, map[group]int{}, map[object]bool{}
	for _, s := range p.Steps {
		if s.Skipped() {
			continue
		}
		if s.Changes() && (s.Preview == nil || len(s.Preview.Changes) == 0 && !s.Preview.NothingToDo()) {
			silent = append(silent, s.ID)
			continue
		}
		if s.Preview == nil {
			continue
		}
		for _, change := range s.Preview.Changes {
			in := group{s.On, cmp.Or(change.Kind, "thing"), change.Op}
			if seen[object{in, change.Target}] {
				continue
			}
			seen[object{in, change.Target}] = true
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
