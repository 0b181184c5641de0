package machine_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/internal/tally"
	"github.com/gatebook/gatebook/engine/machine"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// drawLimits limits a plan, and says what its actions foresee.
func drawLimits(t *rapid.T, p *plan.Plan) *event.Foreseen {
	perhaps := func(name string, most int) *int {
		if n := rapid.IntRange(-most, most).Draw(t, name); n >= 0 {
			return &n
		}
		return nil
	}
	p.Limits = &event.Limits{Changes: perhaps("maxChanges", 12), Destroys: perhaps("maxDestroys", 4), Targets: perhaps("maxTargets", 8)}
	if rapid.Bool().Draw(t, "maxDuration") {
		p.Limits.Duration = time.Duration(rapid.IntRange(1, 40).Draw(t, "seconds")) * time.Second
	}
	if rapid.Bool().Draw(t, "maxCost") {
		p.Limits.Cost = sdk.Cost{"usd": float64(rapid.IntRange(0, 20).Draw(t, "usd")) / 10}
	}
	foreseen := &event.Foreseen{Targets: map[string][]int{}, Cost: map[string]sdk.Cost{}}
	for _, s := range p.Steps {
		if s.Changes() && rapid.IntRange(0, 3).Draw(t, "destroys") == 0 {
			s.Effect = sdk.Destroy
		}
		if s.Describe.Asks && rapid.Bool().Draw(t, "changes by hand") {
			s.Effect = sdk.Change
		}
		ids := []string{s.ID}
		if s.Loop != nil {
			ids = []string{event.InstanceID(s.ID, "w"), event.InstanceID(s.ID, "z")}
		}
		for _, id := range ids {
			if rapid.Bool().Draw(t, "tells what it touches") {
				foreseen.Targets[id] = rapid.SliceOfN(rapid.IntRange(0, 5), 0, 3).Draw(t, "touches")
			}
			if rapid.Bool().Draw(t, "tells what it costs") {
				foreseen.Cost[id] = sdk.Cost{"usd": float64(rapid.IntRange(0, 5).Draw(t, "costs")) / 10}
			}
		}
	}
	return foreseen
}

// spent is what a journal says that a run has begun: another way to count than the machine's.
type spent struct {
	w      *world
	begun  map[string]bool
	opened map[string]bool // what takes in a runbook and has done so
	closed map[string]bool // of these, those that are done with it
	costs  map[string]float64
}

// cleans reports whether a step has its room before it begins: one that cleans up, be it done by the
// plan or in what has opened.
func (s *spent) cleans(id string) bool {
	step := stepIn(s.w.plan, id)
	return cleansUp(s.w.plan, id) && step.Loop == nil && step.Runbook == nil && step.Changes() && !step.Skipped()
}

// isNew reports whether there is no room yet for a step: it is none of the plan, and what it is in
// has not opened.
func (s *spent) isNew(id string) bool {
	return event.Template(id) != id && !slices.ContainsFunc(around(id), func(outer string) bool { return s.opened[outer] })
}

// cleaning are the steps of finally of a runbook, and of what that takes in, for which there is room
// when the step opens which takes it in.
func (s *spent) cleaning(owner string) (ids []string) {
	template := event.Template(owner)
	for _, inside := range s.w.plan.Steps {
		outside := around(inside.ID)
		at := slices.Index(outside, template)
		if at < 0 || slices.ContainsFunc(outside[:at], func(id string) bool { return stepIn(s.w.plan, id).Loop != nil }) {
			continue
		}
		if id := owner + strings.TrimPrefix(inside.ID, template); s.cleans(id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// over says over which limit the steps are that have begun, with some more and with what
// finally needs; empty: over none.
func (s *spent) over(more ...string) string {
	changes, destroys, others, usd := 0, 0, 0, 0.0
	things := map[int]bool{}
	count := func(id string) {
		step := stepIn(s.w.plan, id)
		if cost, told := s.costs[id]; told {
			usd += cost
		} else {
			usd += s.w.foreseen.Cost[id]["usd"]
		}
		if !step.Changes() {
			return
		}
		changes++
		if step.Effect == sdk.Destroy {
			destroys++
		}
		touched, told := s.w.foreseen.Targets[id]
		if !told {
			others++
		}
		for _, thing := range touched {
			things[thing] = true
		}
	}
	isDone := func(id string) bool {
		return slices.ContainsFunc(around(id), func(outer string) bool { return s.closed[outer] })
	}
	counted := maps.Clone(s.begun)
	for _, id := range more {
		counted[id] = true
	}
	for _, f := range s.w.plan.Steps {
		if s.cleans(f.ID) && !isTemplate(s.w.plan, f) && !isDone(f.ID) {
			counted[f.ID] = true
		}
	}
	for owner := range s.opened {
		for _, id := range s.cleaning(owner) {
			counted[id] = counted[id] || !isDone(id)
		}
	}
	maps.DeleteFunc(counted, func(_ string, is bool) bool { return !is })
	for id := range counted {
		count(id)
	}
	limits, targets := s.w.plan.Limits, len(things)+others
	const rounding = 1e-9
	switch {
	case limits.Changes != nil && changes > *limits.Changes:
		return "maxChanges"
	case limits.Destroys != nil && destroys > *limits.Destroys:
		return "maxDestroys"
	case limits.Targets != nil && targets > *limits.Targets:
		return "maxTargets"
	case limits.Cost != nil && usd > limits.Cost["usd"]+rounding:
		return "maxCost"
	}
	return ""
}

// checkLimits holds a journal against what limits promise: no change is begun that goes over
// one, however often the process died, and nothing is refused that would not.
func checkLimits(t *rapid.T, w *world, came tally.Tally) {
	s := &spent{w: w, begun: map[string]bool{}, opened: map[string]bool{}, closed: map[string]bool{}, costs: map[string]float64{}}
	for _, e := range w.journal {
		if e.Op == nil {
			continue
		}
		id := e.Op.Step
		step := stepIn(w.plan, id)
		if e.Type == event.StepDecided && step.Runbook != nil && step.Loop == nil && !cleansUp(w.plan, id) {
			s.closed[id] = e.Status == event.Succeeded || e.Status == event.Verifying || s.closed[id] && e.Status != event.Running
		}
		if e.Op.Part != event.Do {
			continue
		}
		elapsed := e.Time.Sub(epoch)
		opens := e.Type == event.StepDecided && e.Status == event.Running && step.Runbook != nil && step.Loop == nil
		isOver := e.Type == event.StepDecided && e.Status == event.Failed && e.Failure.Class == event.OverLimit
		late := w.plan.Limits.Duration > 0 && elapsed > w.plan.Limits.Duration
		switch {
		case e.Type == event.AttemptStarted, e.Type == event.AskOpened:
			again := s.begun[id]
			over := s.over(id)
			s.begun[id] = true
			if !step.Changes() || cleansUp(w.plan, id) {
				continue
			}
			came["begun"]++
			if over != "" && !again || late {
				t.Fatalf("%s began at %s, over the limit %s\n%s", id, elapsed, over, strings.Join(w.story(), "\n"))
			}
		case opens && !cleansUp(w.plan, id):
			needs := s.cleaning(id)
			if over := s.over(needs...); over != "" && len(needs) > 0 && !s.opened[id] && slices.ContainsFunc(needs, s.isNew) {
				t.Fatalf("%s opened, over the limit %s\n%s", id, over, strings.Join(w.story(), "\n"))
			}
			s.opened[id] = true
			came["opened"] += len(needs)
		case isOver && step.Runbook != nil && step.Loop == nil && strings.HasPrefix(e.Failure.Message, "with what its finally needs"):
			if s.over(s.cleaning(id)...) == "" {
				t.Fatalf("%s was not opened, and there was room\n%s", id, strings.Join(w.story(), "\n"))
			}
		case e.Type == event.AttemptFinished && e.Cost != nil:
			s.costs[id] = e.Cost["usd"]
		case isOver && step.Loop == nil && step.Runbook == nil:
			if cleansUp(w.plan, id) || !step.Changes() {
				t.Fatalf("%s was refused\n%s", id, strings.Join(w.story(), "\n"))
			}
			if _, _, instance := event.SplitInstance(id); instance {
				came["instance refused"]++
			}
			came["refused"]++
		}
	}
}

func TestNoRunBeginsMoreThanItsLimits(t *testing.T) {
	t.Parallel()
	tally.Check(t, func(t *rapid.T, came tally.Tally) {
		w := newWorld(&fatal{t: t}, plans(&fatal{t: t}).Draw(t, "plan"), rapid.IntRange(1, 4).Draw(t, "parallelism"))
		w.foreseen = drawLimits(t, w.plan)
		for _, s := range w.plan.Steps {
			s.Use.Describe.Idempotent = rapid.Bool().Draw(t, "idempotent")
		}
		fickle(t, w)
		others := w.attempts
		w.attempts = func(a machine.Attempt) answer {
			made := others(a)
			if made.failure == nil && w.plan.Limits.Cost != nil && rapid.Bool().Draw(t, "says what it cost") {
				made.cost = sdk.Cost{"usd": float64(rapid.IntRange(0, 5).Draw(t, "cost")) / 10}
			}
			return made
		}
		w.begin()
		requests := rapid.SampledFrom([]event.Type{event.PauseAsked, event.CancelAsked, event.ResumeAsked, event.ResumeAsked, event.RollbackAsked})
		for range 150 {
			if w.result == nil && len(w.queue) == 0 {
				break // it waits for people who say nothing
			}
			switch what := rapid.IntRange(0, 19).Draw(t, "what"); {
			case what == 0:
				came["crash"]++
				w.dies(func() sdk.State {
					return rapid.SampledFrom([]sdk.State{sdk.Done, sdk.NotDone, sdk.Untouched, sdk.CannotTell}).Draw(t, "found")
				})
			case what == 1, w.result != nil:
				w.result = nil
				w.ask(requests.Draw(t, "request"))
			default:
				w.next()
			}
			if w.result == nil && (w.machine.Mode() == event.Paused || w.machine.Mode() == event.Ended) {
				result := w.machine.Result()
				w.result = &result
			}
		}
		checkLimits(t, w, came)
	}, "crash", "begun", "refused", "instance refused", "opened")
}
