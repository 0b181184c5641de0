package machine

import (
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/value"
)

// scope is what the expressions of one step can see at this moment.
type scope struct {
	m        *Machine
	step     int
	in       *frame
	observed *value.Value
	failure  *event.Failure
	attempt  int
}

var (
	_ expr.Scope     = (*scope)(nil)
	_ expr.Overrider = (*scope)(nil)
	_ expr.Driller   = (*scope)(nil)
)

func (m *Machine) scope(i int) *scope { return &scope{m: m, step: i, in: m.steps[i].in} }

// Root returns the value of a root.
func (s *scope) Root(name string) (value.Value, bool) {
	switch name {
	case expr.RootInputs:
		return s.in.inputs, true
	case expr.RootVars:
		return s.in.vars, true
	case expr.RootNow:
		return timestamp(s.m.now), true
	case expr.RootRun:
		return s.run(), true
	case expr.RootObserved:
		if s.observed != nil {
			return *s.observed, true
		}
	case expr.RootError:
		if s.failure != nil {
			return failureValue(s.failure), true
		}
	case expr.RootEach:
		if s.step >= 0 && s.m.steps[s.step].isInstance {
			return s.m.steps[s.step].each, true
		}
	case expr.RootAttempt:
		return value.Int(int64(s.attempt)), true
	}
	return value.Value{}, false
}

// StepID is the id of the step whose expressions these are; empty: they are of none.
func (s *scope) StepID() string {
	if s.step < 0 {
		return ""
	}
	return s.m.planned[s.step].ID
}

// run is the run as the step sees it: with how long it takes from there.
func (s *scope) run() value.Value {
	left := value.Unknown(value.Cause{Reason: "nobody knows how long all takes that is left"})
	if s.step >= 0 {
		i := s.step
		if s.m.steps[i].isInstance {
			i = s.m.steps[i].of
		}
		if known, ok := s.m.run.Remaining[s.m.plan.Steps[s.m.planned[i].Index].ID]; ok {
			left = value.String((s.m.leftOf(i, known.Step) + known.After).String())
		}
	}
	return value.Object(append(s.m.describeOutcome(s.in).Members(), value.Member{Name: "remaining", Value: left})...)
}

// leftOf is how much is left of what a step takes: of one that is done for many, as much as
// there are of them that are not done.
func (m *Machine) leftOf(i int, takes time.Duration) time.Duration {
	l := m.steps[i].loop
	if l == nil || len(l.nodes) == 0 {
		return takes
	}
	left := len(l.nodes) - l.next + l.open
	return time.Duration(float64(takes) * float64(left) / float64(len(l.nodes)))
}

// Overridden returns who has had a window count as open, and why.
func (s *scope) Overridden(window string) (by, reason string, ok bool) {
	window = s.m.windowIn(s.in, window)
	for _, o := range s.m.run.Overrides {
		if o.Window == window {
			return o.By, o.Reason, true
		}
	}
	return "", "", false
}

// LastDrill returns the last good drill of a runbook, as it was looked up when the run began.
func (s *scope) LastDrill(runbook string) (expr.LastDrill, bool) {
	last := event.LastDrillOf(runbook, s.m.run.LastDrills)
	if last.At == nil {
		return expr.LastDrill{Never: true, Unread: last.Unread}, true
	}
	return expr.LastDrill{At: *last.At, Run: last.Run}, true
}

// windowIn is what a window of a runbook is called in the run, for all that take it in at one
// place.
func (m *Machine) windowIn(f *frame, window string) string {
	if f == m.root {
		return window
	}
	return event.InsideID(m.plan.Steps[f.from-1].ID, window)
}

// Step returns what is known of a step.
func (s *scope) Step(id string) (value.Value, bool) {
	i, ok := s.m.placeIn(s.in, id)
	if !ok {
		return value.Value{}, false
	}
	if s.step >= 0 && s.m.steps[s.step].isInstance && s.m.steps[s.step].of == i {
		i = s.step // to itself an instance is the step
	}
	st := &s.m.steps[i]
	if !st.known {
		if st.loop != nil {
			st.outputs = s.m.loopOutputs(st.loop)
		}
		st.view, st.known = st.describe(s.in.prefix+id), true
	}
	return st.view, true
}

// placeIn finds a step of a frame by its name there.
func (m *Machine) placeIn(f *frame, name string) (int, bool) {
	if f != m.root {
		name = event.InsideID(m.plan.Steps[f.from-1].ID, name)
	}
	p, ok := m.plan.Step(name)
	if !ok || p.ID != name || p.Index < f.from || p.Index >= f.from+f.size {
		return 0, false
	}
	return f.at(p.Index), true
}

func (s *step) describe(id string) value.Value {
	members := []value.Member{{Name: "status", Value: value.String(string(s.status))}}
	if s.failure != nil {
		members = append(members, value.Member{Name: "error", Value: failureValue(s.failure)})
	}
	switch {
	case (s.do.state == done || s.loop != nil) && !s.outputs.IsNull():
		members = append(members, value.Member{Name: "outputs", Value: s.outputs})
	case s.status == event.Undoing && !s.former.IsNull():
		// What is taken back was done before the step was given its new chance.
		members = append(members, value.Member{Name: "outputs", Value: s.former})
	case !s.status.Settled():
		unknown := value.Unknown(value.Cause{Step: id, Reason: "it has not finished"})
		members = append(members, value.Member{Name: "outputs", Value: unknown})
	}
	return value.Object(members...)
}

func failureValue(f *event.Failure) value.Value {
	return value.Object(
		value.Member{Name: "class", Value: value.String(string(f.Class))},
		value.Member{Name: "message", Value: value.String(f.Message)},
	)
}

func timestamp(t time.Time) value.Value { return value.String(t.Format(time.RFC3339Nano)) }

func (m *Machine) describeRun() value.Value {
	return value.Object(
		value.Member{Name: "id", Value: value.String(m.run.ID)},
		value.Member{Name: "runbook", Value: value.String(m.run.Runbook)},
		value.Member{Name: "version", Value: value.String(m.run.Version)},
		value.Member{Name: "mode", Value: value.String(m.run.Choice.InForce(m.run.Others))},
		value.Member{Name: "actor", Value: value.String(m.run.By)},
		value.Member{Name: "startedAt", Value: timestamp(m.started)},
	)
}

// describeOutcome is `run` as it is now. For the steps of `finally` its outcome is decided
// when they begin, whatever becomes of them; what the run gives back sees the last one. A
// runbook that is taken in, of which all else is done while the run goes on, sees its own.
func (m *Machine) describeOutcome(in *frame) value.Value {
	members := append([]value.Member{}, m.runView.Members()...)
	outcome := value.Unknown(value.Cause{Reason: "the run has not ended"})
	switch m.mode {
	case event.Closing:
		outcome = value.String(string(m.told))
	case event.Ended:
		outcome = value.String(string(m.outcome()))
	default:
		if in != nil && in != m.root && in.failure != nil {
			outcome = value.String(string(event.OutcomeFailed))
		} else if in != nil && in != m.root {
			outcome = value.String(string(event.OutcomeSucceeded))
		}
	}
	return value.Object(append(members, value.Member{Name: "outcome", Value: outcome})...)
}
