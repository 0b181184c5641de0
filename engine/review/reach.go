package review

import (
	"iter"
	"math/bits"
	"slices"

	"github.com/gatebook/gatebook/engine/plan"
)

// reach is how the steps of a plan hang together, as far as a rollback asks: of each step
// only the steps count that a rollback is about. A plan of thousands has a chain for each of
// its steps, so that to walk the plan for each would take as many times as long.
type reach struct {
	counted []*plan.Step // in the plan's order
	places  []int        // of a step of the plan among these; -1: it does not count

	before, after []set // of each step of the plan, those that it waits for, and that wait for it
	ground        []set // those that it was built on by intent
	lost          set   // those that nothing takes back
	told          set   // those of which it is said why they are not: a rollback passes them over
	doubts        *doubts
}

// set is some of the steps that count.
type set []uint64

func (s set) has(k int) bool { return s[k/64]&(1<<(k%64)) != 0 }
func (s set) add(k int)      { s[k/64] |= 1 << (k % 64) }

func (s set) addAll(more set) {
	for w := range more {
		s[w] |= more[w]
	}
}

// backward are the steps of a set, the last first.
func (s set) backward() iter.Seq[int] {
	return func(yield func(int) bool) {
		for w, left := range slices.Backward(s) {
			for left != 0 {
				k := bits.Len64(left) - 1
				left &^= 1 << k
				if !yield(w*64 + k) {
					return
				}
			}
		}
	}
}

func reachOf(p *plan.Plan) *reach {
	r := &reach{places: make([]int, len(p.Steps))}
	for i, s := range p.Steps {
		r.places[i] = -1
		if WayBack(s) != NoNeed {
			r.places[i] = len(r.counted)
			r.counted = append(r.counted, s)
		}
	}
	r.lost, r.told, r.doubts = r.none(), r.none(), &doubts{reach: r, inside: map[*plan.Step]set{}}
	for k, s := range r.counted {
		switch way := WayBack(s); {
		case way == Lost:
			r.lost.add(k)
		case way.isTold():
			r.told.add(k)
		}
	}
	r.before, r.after, r.ground = r.each(p), r.each(p), r.each(p)
	order := p.Order()
	for i := range p.Steps {
		for _, edge := range order[i] {
			r.join(r.before, i, edge.From)
		}
	}
	r.layGround(p)
	for i, edges := range slices.Backward(order) {
		for _, edge := range edges {
			r.join(r.after, edge.From, i)
		}
	}
	return r
}

// none is the empty set.
func (r *reach) none() set { return make(set, (len(r.counted)+63)/64) }

// each is an empty set for each step of the plan.
func (r *reach) each(p *plan.Plan) []set {
	words := len(r.none())
	all, sets := make(set, words*len(p.Steps)), make([]set, len(p.Steps))
	for i := range sets {
		sets[i] = all[i*words : (i+1)*words]
	}
	return sets
}

// join adds to the set of one step another step, and the set of that.
func (r *reach) join(sets []set, to, from int) {
	sets[to].addAll(sets[from])
	if k := r.places[from]; k >= 0 {
		sets[to].add(k)
	}
}

// layGround finds what each step was built on by intent. What holds a step holds all that it takes
// in, and what is in a step was built on what that was built on.
func (r *reach) layGround(p *plan.Plan) {
	for i, s := range p.Steps {
		if outer := s.Outer(); outer != nil {
			r.ground[i].addAll(r.ground[outer.Index])
		}
		for _, edge := range s.Needs {
			if edge.Reason == plan.InOrder {
				continue
			}
			r.join(r.ground, i, edge.From)
			r.addInside(r.ground[i], p.Steps[edge.From])
		}
	}
}

// addInside adds the steps of the runbook that a step takes in.
func (r *reach) addInside(to set, s *plan.Step) {
	if s.Runbook == nil {
		return
	}
	for _, k := range r.places[s.Index+1 : s.Index+1+s.Runbook.Size] {
		if k >= 0 {
			to.add(k)
		}
	}
}

// by returns what is done when a step fails, the half of itself included: surely, and where all
// have been done by then that may.
func (r *reach) by(failed *plan.Step) (surely, atMost set) {
	surely, atMost = r.none(), r.none()
	surely.addAll(r.before[failed.Index])
	for w, doubted := range r.doubts.seenFrom(failed.Outer()) {
		surely[w] &^= doubted
	}
	if k := r.places[failed.Index]; k >= 0 {
		surely.add(k)
	}
	for k := range r.counted {
		atMost.add(k)
	}
	for w, after := range r.after[failed.Index] {
		atMost[w] &^= after
	}
	if around := doneBefore(failed); around != nil {
		r.addInside(atMost, around)
	}
	return surely, atMost
}

// standing tells what a rollback cannot take away where steps are done: those that nothing
// takes back, and the ground under them.
func (r *reach) standing(done set) set {
	stays := r.none()
	for k := range done.backward() {
		if r.lost.has(k) {
			stays.add(k)
			stays.addAll(r.ground[r.counted[k].Index])
		}
	}
	return stays
}
