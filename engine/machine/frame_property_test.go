package machine_test

import (
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/internal/tally"
	"github.com/gatebook/gatebook/engine/plan"
)

// drawMore has some of the steps be done for many, some be left out and some take in a runbook,
// in which it goes on so.
func drawMore(t *rapid.T, l loops, steps []*plan.Step, deep int) []*plan.Step {
	var made []*plan.Step
	for _, s := range steps {
		takesIn := deep > 0 && rapid.IntRange(0, 4).Draw(t, "takes in") == 0
		if takesIn {
			s.Use = read(s.ID).Use
			s.Rollback, s.Retry = nil, plan.Retry{Attempts: 1}
		}
		if rapid.IntRange(0, 3).Draw(t, "loop") == 0 {
			drawLoop(t, l, s)
		}
		drawLeftOut(t, s)
		if takesIn {
			made = append(made, taking(s, drawMore(t, l, drawInside(t), deep-1)...)...)
		} else {
			made = append(made, s)
		}
	}
	return made
}

// drawInside draws the steps of a runbook that is taken in.
func drawInside(t *rapid.T) []*plan.Step {
	var steps []*plan.Step
	for i := range rapid.IntRange(0, 3).Draw(t, "steps inside") {
		steps = append(steps, drawStep(t, i))
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "finally inside") {
		steps = append(steps, finally(drawFinally(t, i)))
	}
	return steps
}

// stepIn is the step of a plan with an id, which may lead through instances that the plan does
// not know.
func stepIn(p *plan.Plan, id string) *plan.Step {
	s, _ := p.Step(id)
	return s
}

// sibling is the id of a step that another needs, of which the plan says the template.
func sibling(id, template string) string {
	within, _, ok := event.SplitInside(id)
	if !ok {
		return template
	}
	_, name, _ := event.SplitInside(template)
	return event.InsideID(within, name)
}

// around are the steps that a step is in: those of which it is an instance, and those that took it
// in, the nearest first.
func around(id string) []string {
	var ids []string
	for {
		if of, _, ok := event.SplitInstance(id); ok {
			id = of
		} else if within, _, ok := event.SplitInside(id); ok {
			id = within
		} else {
			return ids
		}
		ids = append(ids, id)
	}
}

func isIn(id, in string) bool { return slices.Contains(around(id), in) }

// cleansUp reports whether a step is one of some finally, or in one.
func cleansUp(p *plan.Plan, id string) bool {
	for _, one := range append(around(id), id) {
		if stepIn(p, one).Cleans() {
			return true
		}
	}
	return false
}

// isTemplate reports whether a step stands for those of instances.
func isTemplate(p *plan.Plan, s *plan.Step) bool {
	for _, id := range around(s.ID) {
		if stepIn(p, id).Loop != nil {
			return true
		}
	}
	return false
}

// isLeftOut reports whether a step, or something that it is in, is left out.
func isLeftOut(p *plan.Plan, id string) bool {
	for _, one := range append(around(id), id) {
		if stepIn(p, one).LeftOut != nil {
			return true
		}
	}
	return false
}

// opening is what a journal says of a runbook that a step took in.
type opening struct {
	id       string
	open     bool
	underWay map[string]bool // its steps that have begun and are not settled
	begun    map[string]bool // since it was opened last, or as it is to be closed by the run
	settled  map[string]bool
	cut      bool // the end of the run came between
}

// checkFrames holds a journal against what runbooks promise that are taken in: nothing of one
// begins before it is opened or after it has ended, but for its finally where the run ends; that
// begins when all its other steps have ended, and is done before what takes it in ends, or before
// that of what is outside.
func checkFrames(t *rapid.T, w *world, told tally.Tally) {
	frames := make(map[string]*opening)
	fail := func(e event.Event, why string, args ...any) {
		t.Fatalf("%s %s %s at %s: %s\n%s", e.Op.Step, e.Op.Part, e.Status, e.Time.Sub(epoch), fmt.Sprintf(why, args...), strings.Join(w.story(), "\n"))
	}
	var mode event.Mode
	for _, e := range w.journal {
		if e.Type == event.ModeChanged && e.Name == "" { // no pause is on its way
			before := mode
			if mode = e.Mode; mode == event.Closing && before != event.Paused {
				for _, f := range frames {
					f.settled = map[string]bool{}
				}
			}
		}
		if e.Op == nil {
			continue
		}
		id := e.Op.Step
		step := stepIn(w.plan, id)
		if step.Runbook != nil && step.Loop == nil && e.Type == event.StepDecided && e.Op.Part == event.Do {
			f := frames[id]
			switch {
			case e.Status == event.Running:
				f = &opening{id: id, open: true, underWay: map[string]bool{}, begun: map[string]bool{}, settled: map[string]bool{}}
				frames[id] = f
				countFrame(told, id)
			case f != nil && f.open && (e.Status.Settled() || e.Status == event.Pending):
				if len(f.underWay) > 0 {
					fail(e, "these are under way: %v", f.underWay)
				}
				f.open, f.cut = false, mode == event.Draining
				switch {
				case f.cut && len(f.begun) > 0:
					told["a closing frame that the end came between"]++
				case e.Status == event.Failed:
					told["a broken frame"]++
				}
				if !f.cut && len(f.begun) > 0 {
					f.checkClosed(t, w)
				}
			}
		}
		within, _, inside := event.SplitInside(id)
		if _, _, isInstance := event.SplitInstance(id); isInstance || !inside {
			if !inside && !isInstance && step.Cleans() && mode == event.Closing && begins(w.plan, e) {
				for _, f := range frames {
					if f.cut && len(f.begun) > 0 && !cleansUp(w.plan, f.id) {
						f.checkClosed(t, w)
					}
				}
			}
			continue
		}
		f := frames[within]
		switch {
		case begins(w.plan, e) && f == nil:
			fail(e, "%s was not opened", within)
		case begins(w.plan, e):
			if !f.open && (!step.Cleans() || mode != event.Closing || !f.cut) {
				fail(e, "%s has ended", within)
			}
			for other := range f.underWay {
				if stepIn(w.plan, other).Cleans() != step.Cleans() {
					fail(e, "%s is under way", other)
				}
			}
			f.underWay[id], f.begun[id] = true, true
		}
		if f != nil && e.Type == event.StepDecided && (e.Status.Settled() || e.Status == event.Pending) {
			delete(f.underWay, id)
			f.settled[id] = e.Status.Settled()
			if e.Status == event.Pending {
				delete(f.begun, id)
			}
		}
	}
}

// checkClosed holds the end of a runbook against what its finally promises.
func (f *opening) checkClosed(t *rapid.T, w *world) {
	for _, s := range w.plan.Steps {
		if s.Cleans() && s.Within == event.Template(f.id) && !f.settled[event.InsideID(f.id, nameOf(s))] {
			t.Fatalf("%s has ended, and %s of its finally was not run\n%s", f.id, s.ID, strings.Join(w.story(), "\n"))
		}
	}
}

func nameOf(s *plan.Step) string {
	_, name, _ := event.SplitInside(s.ID)
	return name
}

func countFrame(told tally.Tally, id string) {
	told["a frame"]++
	if _, _, ok := event.SplitInstance(id); ok {
		told["a frame of an instance"]++
	}
	if len(around(id)) > 1 {
		told["a frame in a frame"]++
	}
}

// begins reports whether a step begins, be it one that is done for many or takes in a runbook.
func begins(p *plan.Plan, e event.Event) bool {
	isMore := stepIn(p, e.Op.Step).Loop != nil && e.Type == event.StepDecided && e.Status == event.Running
	return isBeginning(p, e) || isMore
}
