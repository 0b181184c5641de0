package standing

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/limit"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/report/wording"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Apply takes in the next event of the run.
func (s *Status) Apply(e event.Event) {
	e = wording.Harmless(e)
	if s.waits(e) {
		s.Waited += e.Time.Sub(s.Updated)
	}
	s.Updated = e.Time
	if e.Op != nil {
		s.applyToStep(s.step(e.Op.Step), e)
		return
	}
	switch e.Type {
	case event.RunStarted:
		if e.Run != nil {
			s.Run, s.Process, s.Overrides = *e.Run, e.Run.Process, e.Run.Overrides
			s.used = limit.NewTally(e.Run.Foreseen)
			s.Altered = s.Run.Altered()
		}
		s.Started, s.Mode = e.Time, event.Going
	case event.RunResumed:
		if e.Process != nil {
			s.Process = *e.Process
		}
	case event.GivenUp:
		s.giveUp(e)
	case event.WindowOverridden:
		s.Overrides = append(slices.Clone(s.Overrides), event.Override{Window: e.Name, By: e.By, Reason: e.Reason})
		now := s.Run
		now.Overrides = s.Overrides
		s.Altered = now.Altered()
	case event.ModeChanged:
		s.turn(e)
	case event.RunFinished:
		s.Result = e.Result
		if e.Result != nil && e.Result.Overrides != nil {
			s.Overrides = e.Result.Overrides
		}
		s.recovered = s.recovered || e.Result != nil && e.Result.Measured != nil
		if e.Result != nil && e.Result.Step != "" {
			s.failed = e.Result
		}
	case event.TargetReached:
		s.reach(e.Target)
	case event.TimerFired:
		s.pauseOver(e.Timer)
	case event.SteppingEnded:
		s.Flows = &Request{What: e.Type, By: e.By, Reason: e.Reason, Time: e.Time}
	case event.PauseAsked, event.CancelAsked, event.ResumeAsked, event.RollbackAsked, event.RequestRefused:
		s.Requests = append(s.Requests, Request{What: e.Type, By: e.By, Reason: e.Reason, Time: e.Time})
		s.Pausing = s.Pausing && e.Type != event.CancelAsked
	default:
	}
}

// turn takes in where the run as a whole goes on.
func (s *Status) turn(e event.Event) {
	s.Mode, s.Reason, s.Pausing = e.Mode, e.Reason, e.Mode == event.Draining && e.Name == string(event.PauseAsked)
	if e.Reason != "" {
		s.turned = layout.Line(e.Reason)
	}
	if e.Mode != event.Ended && e.Mode != event.Paused {
		s.Result = nil
	}
	switch e.Mode {
	case event.Going:
		s.failed = nil // it is tried again
	case event.Reverse, event.Closing:
		s.dropQuestions()
	default:
	}
	s.restLoops(e.Mode == event.Paused)
}

// waits reports whether all time since the last event was waiting: people were asked and nothing
// else was at work, or nobody drove the run.
func (s *Status) waits(e event.Event) bool {
	if s.recovered || s.Updated.IsZero() {
		return false
	}
	if s.Mode == event.Paused || e.Type == event.RunResumed {
		return true
	}
	busy := s.Counts[event.Running] + s.Counts[event.Verifying] + s.Counts[event.Waiting] + s.Counts[event.Undoing]
	return s.Counts[event.Asking] > 0 && busy == 0
}

// giveUp takes in that the run was cancelled without its plan: what has not ended does not
// run any more.
func (s *Status) giveUp(e event.Event) {
	s.Requests = append(s.Requests, Request{What: event.CancelAsked, By: e.By, Reason: e.Reason, Time: e.Time})
	for _, step := range s.Steps {
		if !step.Status.Settled() {
			s.move(step, event.NotRun)
			step.Progress = nil
		}
	}
}

// reach notes what a connection reached when the run first used it, or first used it since
// a person said that it may reach another.
func (s *Status) reach(target *event.Target) {
	if target == nil {
		return
	}
	s.Targets = slices.DeleteFunc(s.Targets, func(t event.Target) bool {
		return t.Connection == target.Connection && t.Plugin == target.Plugin
	})
	s.Targets = append(s.Targets, *target)
}

// Output takes in a line that a step printed.
func (s *Status) Output(step, line string) {
	if line = layout.Line(line); line != "" {
		s.step(step).Output = line
	}
}

// Progress takes in how far a step is.
func (s *Status) Progress(step string, p sdk.Progress) { s.step(step).Progress = &p }

func (s *Status) applyToStep(step *Step, e event.Event) {
	s.countUse(step, e)
	switch e.Type {
	case event.AttemptStarted:
		s.begin(step, e)
	case event.AttemptFinished:
		step.Progress = nil
		step.Lacks = cmp.Or(layout.Line(e.Reason), step.Lacks)
		// That a step was taken back does not hide why.
		if e.Failure != nil || e.Op.Part == event.Do {
			step.Failure = e.Failure
		}
	case event.Observed:
		if step.Wait != nil {
			step.Wait.Samples = max(step.Wait.Samples, e.Op.Attempt)
		}
	case event.ConditionMet:
		step.judge(e)
	case event.AskOpened:
		step.ask(e)
	case event.Answered:
		step.answered(e)
	case event.StepDecided:
		s.decide(step, e)
	case event.LoopOpened:
		if e.Loop != nil {
			s.open(step, *e.Loop)
			step.Loop.opened = true
		}
	case event.BatchDone:
		step.batchDone(e)
	default:
	}
}

// begin notes that an attempt was started. That a step runs is no decision of its
// own: the intent of its attempt says it.
func (s *Status) begin(step *Step, e event.Event) {
	step.letIn(e.Time)
	if step.Started.IsZero() {
		step.Started = e.Time
	}
	if e.Op.Part == event.Undo {
		s.move(step, event.Undoing)
	} else {
		step.Action, step.Failure = e.Action, nil
		s.move(step, event.Running)
	}
	step.Attempt = e.Op.Attempt
}

// letIn notes that the step has not to wait for a window any more.
func (step *Step) letIn(at time.Time) {
	if !step.shutAt.IsZero() {
		step.Shut += at.Sub(step.shutAt)
		step.shutAt = time.Time{}
	}
}

// judge notes what became of a condition.
func (step *Step) judge(e event.Event) {
	v := e.Verdict
	if v == nil || e.Op.Part == event.When {
		return
	}
	if e.Op.Part == event.Gate && len(v.Closed) > 0 && step.shutAt.IsZero() {
		step.shutAt = e.Time
	}
	if v.Truth == "true" {
		step.Wait = nil
		delete(step.unmet, e.Op.Index)
		return
	}
	if step.unmet == nil {
		step.unmet = map[int]*event.Verdict{}
	}
	step.Verdict, step.unmet[e.Op.Index] = v, v
	if v.Until != nil {
		step.Wait = &Wait{Part: e.Op.Part, For: Condition(v), Expr: v.Expr, Samples: max(e.Op.Attempt, 1), Until: *v.Until, Closed: v.Closed}
	}
}

// ask notes that people are asked.
func (step *Step) ask(e event.Event) {
	asked := wording.Question(e)
	step.letIn(e.Time)
	was := step.Ask
	step.Ask = &Ask{Message: asked.Message, Part: e.Op.Part, Fields: asked.Fields, Since: e.Time, From: asked.From, Quorum: e.Quorum, Attachments: asked.Attachments}
	if was != nil && was.Part == e.Op.Part {
		step.Ask.Yes = was.Yes // the run was paused in between
	}
	if e.Timer != nil {
		step.Ask.Until = e.Timer.At
	}
	if step.Started.IsZero() {
		step.Started = e.Time
	}
}

// decide takes in the state that the machine put a step in.
func (s *Status) decide(step *Step, e event.Event) {
	if step.Started.IsZero() && !e.Status.Settled() && e.Status != event.Pending {
		step.Started = e.Time
	}
	if e.Failure != nil {
		step.Failure = e.Failure
		step.blame(e.Failure)
	}
	if e.Status == event.Failed {
		step.said = step.Output
	}
	if e.LeftOut != nil {
		step.LeftOut = e.LeftOut
	}
	if e.Status == event.Running { // a step with foreach: of any other the attempt says so
		step.Failure, step.Verdict = nil, nil
	}
	step.stopped = ""
	if e.Failure != nil && e.Failure.Class == sdk.Cancelled {
		step.stopped = s.turned
	}
	s.move(step, e.Status)
	s.settle(step, e)
}

// blame finds the condition that a step failed by among those that did not hold: the
// failure begins with what its author says that it means.
func (step *Step) blame(f *event.Failure) {
	if f.Class != event.GateClosed && f.Class != event.VerifyFailed {
		return
	}
	for _, i := range slices.Sorted(maps.Keys(step.unmet)) {
		v := step.unmet[i]
		if strings.HasPrefix(f.Message, cmp.Or(v.Message, v.Name, v.Expr)) {
			step.Verdict = v
			return
		}
	}
}

// move counts a step where it now belongs, and forgets what no longer holds there.
func (s *Status) move(step *Step, to event.Status) {
	from := step.Status
	if step.isCounted() {
		s.count(step, -1)
	}
	if step.Status = to; step.isCounted() {
		s.count(step, 1)
	}
	if step.loop != nil {
		step.loop.moved(step, from)
	}
	step.silent = false
	if step.Loop != nil {
		s.follow(step)
	}
	s.followInside(step)
	if to.Settled() || to == event.Pending {
		delete(s.active, step)
	} else {
		s.active[step] = true
	}
	switch {
	case to == event.Asking:
	case (to == event.Pending || to == event.Resting) && step.Ask != nil:
		step.Ask.Until = time.Time{} // it is asked again, and expires anew, when the run goes on
	default:
		step.Ask = nil
	}
	if to != event.Waiting && to != event.Verifying {
		step.Wait, step.unmet = nil, nil
	}
}

// settle keeps what is only true of steps that go on apart from what is only true
// of those that ended.
func (*Status) settle(step *Step, e event.Event) {
	switch {
	case e.Status == event.Pending:
		step.Started, step.Ended, step.Elapsed, step.Shut, step.shutAt = time.Time{}, time.Time{}, 0, 0, time.Time{}
	case !e.Status.Settled():
		step.Ended = time.Time{}
	default:
		step.Ended, step.Progress = e.Time, nil
		if e.Elapsed > 0 {
			step.Elapsed = e.Elapsed
		}
		if e.Status == event.Succeeded {
			step.Failure, step.Verdict = nil, nil
		}
	}
}

// Condition names a condition for people: its name, else its message, else its text.
func Condition(v *event.Verdict) string {
	switch {
	case v.Name != "":
		return layout.Line(v.Name)
	case v.Message != "":
		return layout.Line(v.Message)
	default:
		return layout.Line(v.Expr)
	}
}
