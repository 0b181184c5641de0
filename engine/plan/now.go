package plan

import (
	"slices"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/value"
)

// Seen is what an action that reads says at the time of the plan. A run looks again.
type Seen struct {
	Outputs *value.Value `json:"outputs,omitempty" doc:"What it returned; absent: it failed."`
	Error   string       `json:"error,omitempty" doc:"Why it failed."`
	Cut     bool         `json:"cut,omitempty" doc:"The plan did not wait for it to end, as a run does: that says nothing of the step."`
	Waits   bool         `json:"waits,omitempty" doc:"A run asks again, as a parameter of the action says, until that is so which is not so yet."`
}

// Now is what a condition comes to at the time of the plan, with what is seen at that time. It
// stands beside its [State], which holds for every run of the plan: this does not.
type Now struct {
	Truth    string            `json:"truth" enum:"true,false,unknown,failed"`
	Detail   string            `json:"detail,omitempty" doc:"Why it failed."`
	Explain  *expr.Explanation `json:"explain,omitempty" doc:"The expression's tree with the value of each part, where it is false."`
	Observed *Seen             `json:"observed,omitempty" doc:"What was observed for it; absent: nothing was."`
}

// Skipped reports whether it is known before the run that the step will be skipped, be it as
// one is that takes it in.
func (s *Step) Skipped() bool {
	return s.LeftOut != nil || s.When.IsFalse() || s.outer != nil && s.outer.Skipped()
}

// isVoid reports whether it is known that the step does nothing: it is skipped, or there is nothing
// that it, or one that takes it in, is done for.
func (s *Step) isVoid() bool {
	empty := s.Loop != nil && s.Loop.Known() && len(s.Loop.Instances) == 0
	return empty || s.Skipped() || s.outer != nil && s.outer.isVoid()
}

// CleansUp reports whether the step is one of some finally, or in one.
func (s *Step) CleansUp() bool { return s.Cleans() || s.outer != nil && s.outer.CleansUp() }

// IsIdle reports whether it is known that no step is done but those of finally.
func (p *Plan) IsIdle() bool {
	return !slices.ContainsFunc(p.Steps, func(s *Step) bool { return s.Runbook == nil && !s.CleansUp() && !s.isVoid() })
}

// Cleans reports whether the step is one of the finally of its own runbook, be that the one that
// is run or one that is taken in.
func (s *Step) Cleans() bool { return s.Closing || s.Finally && s.Within == "" }

// isOfUnknown reports whether the step, or one that takes it in, is done for many which are not
// known yet: an instance that is known is no such step.
func (s *Step) isOfUnknown() bool {
	return s.Loop != nil || s.outer != nil && s.outer.isOfUnknown()
}

// Outer returns the step that takes it in; nil: it is a step of the runbook itself.
func (s *Step) Outer() *Step { return s.outer }

// IsLeftOut reports whether the step is not done by a person's word, of it or of one that takes
// it in.
func (s *Step) IsLeftOut() bool {
	return s.LeftOut != nil || s.outer != nil && s.outer.IsLeftOut()
}

// IsFalse reports whether a condition is false whatever is seen in a run; of none it is not so.
func (c *Condition) IsFalse() bool { return c != nil && c.State.Truth == expr.False.String() }

// Holds reports whether a condition is true whatever is seen, or is so now.
func (c *Condition) Holds() bool {
	yes := expr.True.String()
	return c.State.Truth == yes || c.Now != nil && c.Now.Truth == yes
}

// Closes reports whether a run that begins now would not get past a condition of a gate: it is
// false whatever is seen, or is false now and not waited for.
func (c *Condition) Closes() bool {
	return c.IsFalse() || c.Now != nil && c.Now.Truth == expr.False.String() && c.Within == 0
}

// Over returns the connection over which an action is used, with what was asked of it for this
// plan; nil: the action is built in.
func (p *Plan) Over(u *Use) *Connection {
	for _, c := range p.Connections {
		if u.Connection != nil && c.Plugin == u.Connection.Plugin && c.Name == u.Connection.Name {
			return c
		}
	}
	return nil
}

// Offline returns the plan as one of which no action was asked, as preview.Of does. Nothing
// is started or looked at for it; its digest is the same.
func Offline(p *Plan) *Plan {
	offline := *p
	offline.Offline = true
	return &offline
}

// LockNames are the names on which a run excludes others: those of the runbook and of all that
// it takes in.
func (p *Plan) LockNames() []string { return event.Run{Lock: p.Lock, Locks: p.Locks}.LockNames() }

// Masker knows the secrets of the plan's inputs, and those of its connections.
func (p *Plan) Masker() *value.Masker {
	masker := value.NewMasker(p.Inputs, p.Vars)
	for s := range p.All() {
		if s.Runbook != nil {
			masker.Learn(s.Runbook.Inputs, s.Runbook.Vars)
		}
	}
	for _, c := range p.Connections {
		masker.Learn(c.Config, c.Secrets)
	}
	return masker
}
