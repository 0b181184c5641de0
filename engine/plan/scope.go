package plan

import (
	"maps"
	"slices"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/value"
)

// before is what expressions can see before the run: the inputs and vars, and of
// everything else why it is not known yet.
type before struct {
	inputs, vars, run value.Value
	each              value.Value            // what an instance is done for; unknown: of none in particular
	steps             map[string]value.Value // those that have been looked at
	skipped           map[string]bool        // those that will be skipped
	gapped            map[string]value.Value // those of which instances, or outputs, are left out, as they are when all else is done
	within            string                 // the step that takes in the runbook of these; empty: none does
}

var _ expr.Scope = (*before)(nil)

// Reasons why something is not known yet, where no step makes it known.
const (
	untilRun       = "it is known when the run starts"
	untilMode      = "it depends on the mode"
	untilEstimated = "it is estimated when the run starts"
	untilEnd       = "it is known when the steps are done"
	untilThen      = "it depends on the time"
	untilObserved  = "it is known when it is observed"
	untilAttempted = "it is known when an attempt has failed"
	unresolved     = "it cannot be computed"
	perItem        = "it is another one for each item"
	skippedStep    = "the step is skipped"
	leftOutStep    = "the step is left out"
	lostOutput     = "what it is computed of is left out"
)

func newBefore(header Header, inputs, mode value.Value) *before {
	known := func(name, text string) value.Member { return value.Member{Name: name, Value: value.String(text)} }
	unknown := func(name, reason string) value.Member {
		return value.Member{Name: name, Value: value.Unknown(value.Cause{Reason: reason})}
	}
	return &before{
		inputs: inputs,
		each:   anyOf(value.Null()),
		run: value.Object(
			known("runbook", header.Name), known("version", header.Version), value.Member{Name: "mode", Value: mode},
			unknown("id", untilRun), unknown("startedAt", untilRun), unknown("actor", untilRun),
			unknown("remaining", untilEstimated),
			unknown("outcome", untilEnd),
		),
		steps:   map[string]value.Value{},
		skipped: map[string]bool{},
		gapped:  map[string]value.Value{},
	}
}

// Known gives what expressions can see before the run: the inputs and vars, and of everything
// else why it is not known yet.
func (p *Plan) Known() expr.Scope {
	known := newBefore(p.Runbook, p.Inputs, p.seenMode())
	known.vars = p.Vars
	return known
}

// KnownIn is what [Plan.Known] gives to the expressions of a step, which may be one of a runbook
// that is taken in.
func (p *Plan) KnownIn(s *Step) expr.Scope {
	outer := s.outer
	if outer == nil {
		return p.Known()
	}
	known := newBefore(p.Runbook, outer.Runbook.Inputs, p.seenMode())
	known.vars, known.within = outer.Runbook.Vars, outer.ID
	return known
}

// Root returns the value of a root.
func (b *before) Root(name string) (value.Value, bool) {
	because := func(reason string) (value.Value, bool) {
		return value.Unknown(value.Cause{Reason: reason}), true
	}
	switch name {
	case expr.RootInputs:
		return b.inputs, true
	case expr.RootVars:
		return b.vars, true
	case expr.RootRun:
		return b.run, true
	case expr.RootEach:
		return b.each, true
	case expr.RootNow:
		return because(untilThen)
	case expr.RootObserved:
		return because(untilObserved)
	case expr.RootError, expr.RootAttempt:
		return because(untilAttempted)
	default:
		return value.Value{}, false
	}
}

// Step returns a step, of which nothing is known but whether it will be skipped.
func (b *before) Step(id string) (value.Value, bool) {
	if known, ok := b.steps[id]; ok {
		return known, true
	}
	made := value.Object(value.Member{Name: "status", Value: value.String("skipped")})
	if !b.skipped[id] {
		later := value.Unknown(value.Cause{Step: b.id(id), Reason: "it is a result of a step that has not run"})
		made = value.Object(
			value.Member{Name: "error", Value: later},
			value.Member{Name: "outputs", Value: later},
			value.Member{Name: "status", Value: later},
		)
	}
	b.steps[id] = made
	return made, true
}

// id is what the plan calls a step.
func (b *before) id(step string) string {
	if b.within == "" {
		return step
	}
	return event.InsideID(b.within, step)
}

// forgetSkipped makes the skipped steps as little known as the others, for the steps
// of `finally`: a run that failed early did not come to skip them. Those that are left out
// are not done in any run.
func (b *before) forgetSkipped(leftOut map[string]bool) {
	clear(b.steps)
	clear(b.skipped)
	maps.Copy(b.skipped, leftOut)
}

func (b *before) holdsSecret() bool { return b.inputs.HasSecret() || b.vars.HasSecret() }

// withoutSecrets returns what can be seen by those who know no secret.
func (b *before) withoutSecrets() *before {
	blind := *b
	blind.inputs, blind.vars = unknownSecrets(b.inputs), unknownSecrets(b.vars)
	return &blind
}

func unknownSecrets(v value.Value) value.Value {
	switch {
	case v.IsSecret():
		return value.Unknown(value.Cause{Reason: "it is a secret"}).Secret()
	case v.Kind() == value.KindObject:
		members := slices.Clone(v.Members())
		for i := range members {
			members[i].Value = unknownSecrets(members[i].Value)
		}
		return value.Object(members...)
	case v.Kind() == value.KindList:
		items := slices.Clone(v.Items())
		for i := range items {
			items[i] = unknownSecrets(items[i])
		}
		return value.List(items...)
	default:
		return v
	}
}
