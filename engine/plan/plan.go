// Package plan says what a run of a runbook would do: every step in order, with the
// reason of each edge, every value known or known after some step, every gate true,
// false or unknown.
//
// A [Plan] is immutable and serialisable. It is made by [Make] from a checked runbook
// and its inputs; what a run does is what its plan says. Its compiled programs do not
// travel with the JSON: a run that is resumed makes its plan again from the runbook's
// bytes and compares the digest. Floor 5.
package plan

import (
	"fmt"
	"time"

	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Format names the JSON form of a plan.
const Format = "gatebook/plan/v1"

// Plan is what would happen.
type Plan struct {
	Format  string        `json:"format"`
	Runbook Header        `json:"runbook"`
	Inputs  value.Value   `json:"inputs"` // secrets masked
	Vars    value.Value   `json:"vars"`
	Lock    string        `json:"lock,omitempty"`
	RTO     time.Duration `json:"rto,omitempty"` // nanoseconds; 0: no objective
	// OnFailure is what the runbook says; a step may say its own.
	OnFailure Policy `json:"onFailure"`
	// Steps are in an order in which each comes after all that it needs; the steps of
	// `finally` are last.
	Steps   []*Step   `json:"steps"`
	Outputs []Binding `json:"outputs,omitempty"`
	Record  []Binding `json:"record,omitempty"`
	Counts  Counts    `json:"counts"`
	// Digest is "sha256:…" over everything above that says what would be done; where
	// the file lies and what the actions foresaw ([Preview]) do not count.
	Digest string `json:"digest"`

	index map[string]int // step id to its place in Steps
}

// Header says which runbook it is.
type Header struct {
	Name    string   `json:"name"`
	Version string   `json:"version"`
	Title   string   `json:"title,omitempty"`
	Owners  []string `json:"owners,omitempty"`
	Source  string   `json:"source,omitempty"`
	File    string   `json:"file"`
	Digest  string   `json:"digest"` // "sha256:…" of the file's bytes
}

// Counts sums up the steps by what they do.
type Counts struct {
	Steps   int `json:"steps"`
	Read    int `json:"read"`
	Change  int `json:"change"`
	Destroy int `json:"destroy"`
	Asks    int `json:"asks"` // steps that wait for people
}

// Policy says what happens when a step fails.
type Policy string

// The policies.
const (
	Rollback Policy = "rollback" // take back what was changed
	Stop     Policy = "stop"     // end the run, leave everything as it is
	Pause    Policy = "pause"    // stop so that the run can be resumed at the step
	Continue Policy = "continue" // go on as if the step had succeeded
)

// Step is one step of the plan.
type Step struct {
	Index   int    `json:"-"` // its place in Plan.Steps
	ID      string `json:"id"`
	Title   string `json:"title,omitempty"`
	Finally bool   `json:"finally,omitempty"`
	At      string `json:"at"` // file:line:col
	Use
	Needs []Edge `json:"needs"`
	// When is the condition that may skip the step; nil: it is never skipped.
	When      *Condition    `json:"when,omitempty"`
	Gate      []*Condition  `json:"gate,omitempty"`
	Verify    []*Condition  `json:"verify,omitempty"`
	Retry     Retry         `json:"retry"`
	Timeout   time.Duration `json:"timeout,omitempty"` // nanoseconds, of each attempt; 0: none
	OnFailure Policy        `json:"onFailure"`
	// Rollback takes the step back; nil: nothing does.
	Rollback *Compensation `json:"rollback,omitempty"`

	Range source.Range `json:"-"`
}

// Changes reports whether the step does something to the world.
func (s *Step) Changes() bool { return s.Effect != sdk.Read }

// Use is one use of an action: by a step, a compensation or an observation.
type Use struct {
	Action string     `json:"action"`
	Effect sdk.Effect `json:"effect"`
	// Params are the parameters as far as they are known.
	Params value.Value `json:"params"`
	// Handler is the action itself, and Describe what it says of itself.
	Handler  sdk.Handler     `json:"-"`
	Describe sdk.Description `json:"-"`
	// Source computes the parameters from what is known.
	Source Source `json:"-"`
	// Preview is what the action said it would do; nil: it was not asked.
	Preview      *sdk.Preview `json:"preview,omitempty"`
	PreviewError string       `json:"previewError,omitempty"`
}

// Source computes a value from what is known at some time. It is pure and quick. A
// part that is not known yet comes out as an unknown with its causes.
type Source interface {
	Eval(scope expr.Scope) (value.Value, error)
}

// Edge says that a step waits for another, and why.
type Edge struct {
	From   int          `json:"-"` // the place in Plan.Steps of the step that is waited for
	Step   string       `json:"step"`
	Reason Reason       `json:"reason"`
	Range  source.Range `json:"-"` // what made the edge
}

// Reason says why one step waits for another.
type Reason = check.Reason

// The reasons of an edge.
const (
	InOrder    = check.InOrder    // it stands before it in the file
	Needed     = check.Needed     // `needs:` names it
	Referenced = check.Referenced // an expression uses it
)

// Condition is something that must hold.
type Condition struct {
	Name    string        `json:"name,omitempty"`
	Expr    string        `json:"expr"`
	Message string        `json:"message,omitempty"`
	Observe *Use          `json:"observe,omitempty"` // asked anew each time; nil: nothing is
	Within  time.Duration `json:"within,omitempty"`  // nanoseconds; 0: it is judged once
	Every   time.Duration `json:"every,omitempty"`
	Hold    time.Duration `json:"hold,omitempty"`
	At      string        `json:"at"`
	// State is what it comes to at the time of the plan.
	State State `json:"state"`

	Program Program `json:"-"`
}

// State is what a condition comes to at the time of the plan.
type State struct {
	Truth    string        `json:"truth"`              // true, false, unknown or failed
	Causes   []value.Cause `json:"causes,omitempty"`   // of unknown
	Residual string        `json:"residual,omitempty"` // of unknown: what is left of the expression
	Detail   string        `json:"detail,omitempty"`   // of failed: the error
	// Explain is the expression's tree with the value of each part, where it is false.
	Explain *expr.Explanation `json:"explain,omitempty"`
}

// Program judges a condition over what is known at some time. It is pure and quick.
type Program interface {
	Eval(scope expr.Scope) expr.Verdict
	// Explain gives the expression's tree with the value of each part.
	Explain(scope expr.Scope) *expr.Explanation
}

// Retry says how often and when a failed attempt is made again.
type Retry struct {
	Attempts int           `json:"attempts"` // at least 1, the first included
	Delay    time.Duration `json:"delay,omitempty"`
	MaxDelay time.Duration `json:"maxDelay,omitempty"`
	Factor   float64       `json:"factor,omitempty"`
	// If decides over `error` and `attempt` whether to try again; nil: when the
	// error is transient or the attempt ran out of time.
	If Program `json:"-"`
	// IfExpr is the text of If.
	IfExpr string `json:"if,omitempty"`
}

// Compensation is what takes a step back.
type Compensation struct {
	// Own says that the action's own Undo does it; otherwise Use does.
	Own bool `json:"own,omitempty"`
	// None says why there is nothing to take back; the rest is then empty.
	None    string        `json:"none,omitempty"`
	Use     *Use          `json:"use,omitempty"`
	Retry   Retry         `json:"retry,omitzero"`
	Timeout time.Duration `json:"timeout,omitempty"`
	At      string        `json:"at,omitempty"`
}

// Binding is a name with the value that it comes to.
type Binding struct {
	Name   string      `json:"name"`
	Value  value.Value `json:"value"`
	Source Source      `json:"-"`
}

// Step returns the step with the id.
func (p *Plan) Step(id string) (*Step, bool) {
	i, ok := p.index[id]
	if !ok {
		return nil, false
	}
	return p.Steps[i], true
}

// New completes a plan whose fields are filled in: places, the index by id, the
// counts and the digest.
func New(p Plan) (*Plan, error) {
	p.Format = Format
	p.index = make(map[string]int, len(p.Steps))
	p.Counts = Counts{}
	for i, s := range p.Steps {
		if _, taken := p.index[s.ID]; taken {
			return nil, fmt.Errorf("two steps of the plan are called %q", s.ID)
		}
		s.Index = i
		p.index[s.ID] = i
		p.Counts.add(s)
	}
	for _, s := range p.Steps {
		if err := p.connect(s); err != nil {
			return nil, err
		}
	}
	digest, err := digestOf(p)
	if err != nil {
		return nil, err
	}
	p.Digest = digest
	return &p, nil
}

// connect finds the step of each edge, which must come before.
func (p *Plan) connect(s *Step) error {
	for i := range s.Needs {
		edge := &s.Needs[i]
		if edge.From >= s.Index || p.Steps[edge.From].ID != edge.Step {
			place, ok := p.index[edge.Step]
			if !ok || place >= s.Index {
				return fmt.Errorf("step %q needs %q, which is not before it in the plan", s.ID, edge.Step)
			}
			edge.From = place
		}
	}
	return nil
}

func (c *Counts) add(s *Step) {
	c.Steps++
	if s.Describe.Asks {
		c.Asks++
	}
	switch s.Effect {
	case sdk.Read:
		c.Read++
	case sdk.Change:
		c.Change++
	case sdk.Destroy:
		c.Destroy++
	}
}
