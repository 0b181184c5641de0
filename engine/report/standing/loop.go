package standing

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/report/wording"
)

// Loop is how far a step with foreach has come. Its instances are steps of their own,
// behind it; what counts steps counts them in its place.
type Loop struct {
	Instances int                  `json:"instances" doc:"How often the step is done: each instance is a step of its own, behind it."`
	Batches   []int                `json:"batches,omitempty" doc:"How many instances each batch has."`
	Batch     int                  `json:"batch,omitempty" doc:"The batch under way, or done last, from 1; absent: none has begun."`
	After     bool                 `json:"after,omitempty" doc:"That batch is done, and what comes after it is not: its pause, or what must hold between batches."`
	Pause     time.Time            `json:"pauseUntil,omitzero" doc:"Until when nothing begins, as the pause after that batch goes on."`
	MayFail   int                  `json:"mayFail,omitempty" doc:"How many instances may fail before the step does; absent: none."`
	Counts    map[event.Status]int `json:"counts" doc:"How many instances are in each state."`

	nodes  []*Step
	ends   []int // of each batch, the place in nodes behind its last instance
	opened bool  // by the run, and not only foreseen by its plan
}

// isCounted reports whether a step is one of those that are counted: one that is done for
// many is not, beside what it is done as, nor one that takes in a runbook, beside its steps.
func (step *Step) isCounted() bool {
	if step.over != nil || step.Loop != nil {
		return step.Loop == nil || step.Loop.Instances == 0
	}
	return !step.takesIn
}

// Instances are what a step with foreach is done as, in the order in which they begin.
func (step *Step) Instances() []*Step {
	if step.Loop == nil {
		return nil
	}
	return step.Loop.nodes
}

// open makes the instances of a step, and puts them behind it. A step of `finally` that is
// done once more may have others than before; what these did stays told.
func (s *Status) open(step *Step, opened event.Loop) {
	again := step.Loop != nil
	made := s.unfold(step, opened)
	at, _ := slices.BinarySearchFunc(s.Steps, step, inOrder)
	s.Steps = slices.Insert(s.Steps, at+1, made...)
	if !again {
		return
	}
	end := at + 1
	for end < len(s.Steps) && s.Steps[end].isUnder(step) {
		end++
	}
	slices.SortStableFunc(s.Steps[at:end], inOrder)
}

// unfold makes the instances of a step, and returns those that are new, with what they take in.
func (s *Status) unfold(step *Step, opened event.Loop) []*Step {
	l := &Loop{Instances: len(opened.Keys), Batches: opened.Batches, Counts: map[event.Status]int{}}
	var made []*Step
	for k, key := range opened.Keys {
		id := event.InstanceID(step.ID, key)
		one := s.index[id]
		if one == nil {
			one = s.instance(step, id, key)
			one.nth = k + 1
			made = append(made, one)
			made = append(made, s.takeIn(one)...)
		}
		one.nth = k + 1
		l.nodes = append(l.nodes, one)
		l.Counts[one.Status]++
	}
	for _, one := range l.nodes {
		one.loop = l
	}
	if step.Loop != nil {
		s.forget(step.Loop)
	}
	for end, i := 0, 0; i < len(l.Batches); i++ {
		end = min(max(end, end+l.Batches[i]), len(l.nodes)) // whatever a forged journal says
		l.ends = append(l.ends, end)
	}
	if step.over != nil {
		l.MayFail = step.over.MaxFailures.Of(l.Instances)
	}
	if step.isCounted() {
		s.count(step, -1)
	}
	if step.Loop = l; step.isCounted() {
		s.count(step, 1)
	}
	return made
}

// instance is one instance of a step, before its first event.
func (s *Status) instance(of *Step, id, key string) *Step {
	one := &Step{
		ID: id, Of: of.ID, Key: layout.Line(key), Status: event.Pending, place: of.place,
		Title: of.Title, Action: of.Action, Effect: of.Effect, Finally: of.Finally, Attempts: of.Attempts, policy: of.policy, Stays: of.Stays,
		of: of, takesIn: of.takesIn,
	}
	s.index[id] = one
	if one.isCounted() {
		s.Counts[event.Pending]++
	}
	return one
}

// forget leaves out those instances that are none any more and never began.
func (s *Status) forget(was *Loop) {
	gone := map[*Step]bool{}
	for _, one := range was.nodes {
		if one.loop != was {
			continue // it is one still
		}
		if one.loop = nil; one.Status == event.Pending {
			s.drop(one, gone)
		}
	}
	if len(gone) > 0 {
		s.Steps = slices.DeleteFunc(s.Steps, func(step *Step) bool { return gone[step] })
	}
}

// drop forgets a step with all that is in it.
func (s *Status) drop(step *Step, gone map[*Step]bool) {
	if step.isCounted() {
		s.count(step, -1)
	}
	delete(s.index, step.ID)
	gone[step] = true
	for _, one := range slices.Concat(step.Instances(), step.inside) {
		s.drop(one, gone)
	}
}

// count adds to the steps in the state of one.
func (s *Status) count(step *Step, n int) {
	if s.Counts[step.Status] += n; s.Counts[step.Status] == 0 {
		delete(s.Counts, step.Status)
	}
}

// restLoops has the loops under way rest while the run does, and go on with it: that none
// of their instances begins is no decision of its own.
func (s *Status) restLoops(paused bool) {
	from, to := event.Resting, event.Running
	if paused {
		from, to = to, from
	}
	for _, step := range s.Active() {
		if (step.Loop != nil || step.takesIn) && step.Status == from {
			s.move(step, to)
		}
	}
}

// moved takes in that an instance came into another state.
func (l *Loop) moved(one *Step, from event.Status) {
	if l.Counts[from]--; l.Counts[from] == 0 {
		delete(l.Counts, from)
	}
	l.Counts[one.Status]++
	if from != event.Pending || one.Status == event.NotRun || one.Status == event.Pending {
		return
	}
	batch, _ := slices.BinarySearch(l.ends, one.nth)
	l.Batch, l.After, l.Pause = batch+1, false, time.Time{}
}

// batchDone takes in that all of a batch is done.
func (step *Step) batchDone(e event.Event) {
	l, over := step.Loop, step.over
	if l == nil || e.Op.Index < 0 || e.Op.Index >= len(l.Batches) {
		return // a forged journal may say anything
	}
	l.Batch = e.Op.Index + 1
	last, begin := l.Batch == len(l.Batches), 0
	if e.Op.Index > 0 {
		begin = l.ends[e.Op.Index-1]
	}
	skipped := !slices.ContainsFunc(l.nodes[begin:l.ends[e.Op.Index]], func(one *Step) bool { return one.Status != event.Skipped })
	if over == nil || last && len(over.Between) == 0 || skipped {
		return
	}
	l.After = len(over.Between) > 0 || over.Pause > 0
	if over.Pause > 0 {
		l.Pause = e.Time.Add(over.Pause)
	}
}

// pauseOver takes in that the pause after a batch is over.
func (s *Status) pauseOver(t *event.Timer) {
	if t == nil || t.Purpose != event.TimerPause {
		return
	}
	if step := s.index[t.Op.Step]; step != nil && step.Loop != nil {
		step.Loop.Pause = time.Time{}
	}
}

// follow has the instances of a step that never began stand as it does.
func (s *Status) follow(step *Step) {
	l := step.Loop
	if step.Status.Settled() {
		l.After, l.Pause = false, time.Time{}
	}
	if l.opened {
		return
	}
	to := step.Status
	if to != event.Skipped && to != event.Pending {
		to = event.NotRun
	}
	if !step.Status.Settled() {
		to = event.Pending
	}
	for _, one := range l.nodes {
		s.move(one, to)
	}
}

// loopDoing says what a step with foreach is at, beside what any step may be.
func (step *Step) loopDoing(now time.Time) []string {
	l := step.Loop
	switch {
	case step.Status == event.Pending, l.Instances == 0:
		return []string{wording.Ahead(l.Instances, l.Batches)}
	case step.Status.Settled():
		if words := l.doing(true); words != "" {
			return []string{words}
		}
		return nil
	case !l.Pause.IsZero():
		return []string{l.doing(false), "pauses" + until(l.Pause, now)}
	default:
		return []string{l.doing(false)}
	}
}

// doing says how far a loop has come.
func (l *Loop) doing(settled bool) string {
	counts := map[string]int{}
	for _, one := range l.nodes {
		counts[one.Word()]++
	}
	var parts []string
	if done := counts[layout.Word(event.Succeeded)]; done > 0 || !settled {
		parts = append(parts, fmt.Sprintf("%d of %d done", done, l.Instances))
	}
	if l.Batch > 0 && len(l.Batches) > 1 && !settled {
		word := "batch"
		if l.After {
			word = "after batch"
		}
		parts = append(parts, fmt.Sprintf("%s %d of %d", word, l.Batch, len(l.Batches)))
	}
	for _, word := range tallied() {
		n := counts[word]
		if n == 0 || word == layout.Word(event.Succeeded) || !settled && !isNews(word) {
			continue
		}
		part := fmt.Sprintf("%d %s", n, word)
		if word == layout.Word(event.Failed) && l.MayFail > 0 {
			part += fmt.Sprintf(" (%d may)", l.MayFail)
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ", ")
}

// isNews reports whether a state of an instance is worth a word while its siblings go on.
func isNews(word string) bool {
	return word != layout.Word(event.Pending) && word != layout.Word(event.Running)
}

// describeBatch says which batch is done, and what comes of it.
func (step *Step) describeBatch() wording.Said {
	l := step.Loop
	said := wording.Said{
		Step: step.ID, Mark: event.Running, Minor: (len(l.Batches) == 1 || len(l.Batches) == l.Instances) && l.Pause.IsZero(),
		What: wording.BatchDone(l.Batch-1, len(l.Batches)),
	}
	if !l.Pause.IsZero() {
		said.Why = "it pauses until " + layout.Clock(l.Pause)
	}
	return said
}

// foreseen is what a plan knows of what a step will be done for.
func foreseen(p *plan.Step) (event.Loop, bool) {
	if p.Loop == nil || !p.Loop.Known() {
		return event.Loop{}, false
	}
	loop := event.Loop{Batches: p.Loop.Batches}
	for _, one := range p.Loop.Instances {
		loop.Keys = append(loop.Keys, one.Key)
	}
	return loop, true
}
