package rehearsal

import (
	"cmp"
	"crypto/sha256"
	"maps"
	"slices"
	"strconv"

	"github.com/gatebook/gatebook/engine/event"
)

// State is all that what follows in a rehearsal depends on. Two that are equal have the same
// future: it leaves out the time, where nothing limits that, and the attempts of steps that have ended.
type State [16]byte

func (r *run) state() State {
	d := r.digest()
	for _, place := range r.ledger.byID {
		d.state(r.tells(&r.ledger.steps[place]))
	}
	for _, list := range [][]int{r.ledger.done, r.ledger.failed} {
		d.words("|")
		for _, place := range list {
			d.words(r.ledger.steps[place].id)
		}
	}
	r.there.add(d)
	r.held.add(d)
	d.words("|")
	if len(r.closed) > 0 {
		for _, op := range slices.SortedFunc(maps.Keys(r.closed), compareOps) {
			d.op(op)
		}
	}
	d.words("|")
	for _, q := range r.waiting {
		d.op(q.op)
	}
	for k := range r.queue {
		i := &r.queue[k]
		d.number(int(i.at.Sub(r.now)))
		d.state(r.tellsItem(i))
	}
	return d.sum()
}

// tells is what tells an entry from another, which is worked out anew when it has changed.
func (r *run) tells(s *entry) State {
	if !s.known {
		r.part.reset()
		r.entry(r.part, s)
		s.told, s.known = r.part.sum(), true
	}
	return s.told
}

// tellsItem is what tells a thing that will happen from another, but for when it will.
func (r *run) tellsItem(i *item) State {
	if i.told == (State{}) {
		r.part.reset()
		i.queued(r.part)
		i.told = r.part.sum()
	}
	return i.told
}

// alone is what becomes of an attempt depends on, where it is all that is under way.
func (r *run) alone(op event.Op) State {
	var none State
	step := r.story.Step(op.Step)
	if len(r.queue) != 1 || r.queue[0].attempt == nil || r.queue[0].attempt.Op != op || step.Retry.If != nil ||
		step.Rollback != nil && step.Rollback.Retry.If != nil {
		return none
	}
	d := r.digest()
	_, s := r.ledger.of(op.Step)
	d.state(r.tells(s))
	if r.missing(op) != nil {
		d.words("lacks")
	}
	d.number(int(r.queue[0].at.Sub(r.now)))
	d.state(r.tellsItem(&r.queue[0]))
	return d.sum()
}

// digest begins what tells a state, with what is so of the run as a whole.
func (r *run) digest() *digest {
	d := r.whole
	d.reset()
	d.words(string(r.ledger.mode))
	d.number(r.pauses)
	d.flags(r.asked, r.machine.Pausing())
	if limits := r.world.Plan().Limits; limits != nil && limits.Duration > 0 {
		d.number(int(r.now.Sub(epoch()))) // what is left of it
	}
	return d
}

// entry adds what is so of a step.
func (r *run) entry(d *digest, s *entry) {
	d.words(s.id, string(s.status), s.class)
	d.flags(s.touched, s.blank && r.world.Reads(s.id))
	d.number(int(r.story.Things[s.id]))
	if s.status.Settled() {
		return
	}
	d.number(s.do)
	d.number(s.undo)
	for _, v := range s.truths {
		d.op(v.op)
		d.words(v.truth)
	}
}

// queued adds a thing that will happen.
func (i *item) queued(d *digest) {
	d.words(string(i.kind))
	d.flags(i.person, i.back, i.rest, i.does)
	switch {
	case i.attempt != nil:
		d.op(i.attempt.Op)
		return
	case i.asked != nil:
		d.op(*i.asked)
		return
	case i.fact == nil:
		return
	}
	d.words(string(i.fact.Type), string(i.fact.State))
	if timer := i.fact.Timer; timer != nil {
		d.op(timer.Op)
		d.words(timer.Purpose)
	}
	if i.fact.Op != nil {
		d.op(*i.fact.Op)
	}
	if i.fact.Failure != nil {
		d.words(string(i.fact.Failure.Class))
	}
	if i.fact.Answer != nil {
		d.words(i.fact.By)
		d.flags(i.fact.Answer.Approved)
	}
}

// digest is what tells one state from another while it is put together.
type digest struct{ made []byte }

// reset begins anew, in the room that there is.
func (d *digest) reset() { d.made = d.made[:0] }

func (d *digest) state(s State) { d.made = append(d.made, s[:]...) }

func (d *digest) words(words ...string) {
	for _, w := range words {
		d.made = append(append(d.made, w...), 0)
	}
}

func (d *digest) number(n int) { d.made = append(strconv.AppendInt(d.made, int64(n), 36), 0) }

func (d *digest) flags(flags ...bool) {
	for _, f := range flags {
		d.made = strconv.AppendBool(d.made, f)
	}
}

func (d *digest) op(op event.Op) {
	d.words(op.Step, string(op.Part))
	d.number(op.Index)
	d.number(op.Attempt)
}

func (d *digest) sum() State {
	sum := sha256.Sum256(d.made)
	return State(sum[:len(State{})])
}

func compareOps(a, b event.Op) int {
	return cmp.Or(cmp.Compare(a.Step, b.Step), cmp.Compare(a.Part, b.Part), cmp.Compare(a.Index, b.Index))
}
