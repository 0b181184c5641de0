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
	"encoding/json"
	"fmt"
	"time"

	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Format names the JSON form of a plan.
const Format = "gatebook/plan/v1"

// Plan is what would happen.
type Plan struct {
	Format      string        `json:"format" enum:"gatebook/plan/v1"`
	Gatebook    string        `json:"gatebook,omitempty" doc:"The version of gatebook that made it, for people; absent in what a run keeps of its plan."`
	Runbook     Header        `json:"runbook"`
	Inputs      value.Value   `json:"inputs" doc:"The input values, secrets masked."`
	Vars        value.Value   `json:"vars"`
	Connections []*Connection `json:"connections,omitempty" doc:"What the plugins reach."`
	People      *event.Policy `json:"policy,omitempty" doc:"The policy beside the runbook, by which its runs go; absent: there is none."`
	Limits      *event.Limits `json:"limits,omitempty" doc:"How much a run may do; absent: nothing limits it."`
	Choice      *event.Choice `json:"choice,omitempty" doc:"In which mode it is done, and which steps are left out by a person's word; absent: all of the runbook is done, as it stands."`
	Mode        *Mode         `json:"mode,omitempty" doc:"What the mode makes of the runbook; absent: it is done in none."`
	Lock        string        `json:"lock,omitempty" doc:"The name on which runs exclude each other."`
	Locks       []string      `json:"locks,omitempty" doc:"Those of the runbooks that it takes in, beside its own; a run holds all of them."`
	RTO         time.Duration `json:"rto,omitempty" doc:"How long a run may take."`
	RPO         time.Duration `json:"rpo,omitempty" doc:"How much recent data may be lost."`
	DataLoss    *Binding      `json:"dataLoss,omitempty" doc:"How much recent data is lost, a duration; absent: nothing measures it."`
	Unmeasured  string        `json:"unmeasured,omitempty" doc:"The step that is not done, and of which alone the data loss is computed; absent: it is measured, or nothing measures it."`
	Drills      []string      `json:"drills,omitempty" doc:"The runbooks whose last drill conditions ask for."`
	OnFailure   Policy        `json:"onFailure" enum:"rollback,stop,pause,continue" doc:"What happens when a step fails and does not say so itself."`
	Steps       []*Step       `json:"steps" doc:"The steps, each after all that it needs, those of finally last."`
	Outputs     []Binding     `json:"outputs,omitempty" doc:"The values that the run gives back."`
	Record      []Binding     `json:"record,omitempty" doc:"What the history will say of the run."`
	Counts      Counts        `json:"counts" doc:"How many steps do what."`
	Offline     bool          `json:"offline,omitempty" doc:"The actions were not asked what they would do, and nothing was looked at."`
	// LookedAt is when it was looked what is so, for all that the plan says of now.
	LookedAt *time.Time `json:"lookedAt,omitempty" doc:"The time of all that it says of now; absent: nothing was looked at."`
	// Digest does not depend on what the actions foresaw: that is of the world.
	Digest string `json:"digest" doc:"SHA-256 over all that says what would be done; where the file lies does not count."`
	// Sealed is what people approve; it covers more than Digest does.
	Sealed string `json:"sealed,omitempty" doc:"The digest of the sealed plan that it was written to a file as; absent: it was not."`

	// Targets hears what its connections reach; nil: it has none that can tell.
	Targets *Targets `json:"-"`

	// Logs are what its plugins write to logs of their own; nil: nobody hears of them.
	Logs *Logs `json:"-"`

	index     map[string]int   // step id to its place in Steps
	instances map[string]*Step // those that are known, by id
	order     [][]Edge         // see [Plan.Order]
	anyMode   bool             // see [Options]
}

// Header says which runbook it is.
type Header struct {
	Name    string   `json:"name"`
	Version string   `json:"version"`
	Title   string   `json:"title,omitempty"`
	Owners  []string `json:"owners,omitempty"`
	Source  string   `json:"source,omitempty" doc:"The document that it follows."`
	File    string   `json:"file" doc:"As the user named it."`
	Digest  string   `json:"digest" doc:"SHA-256 of the file's bytes."`
	Files   []File   `json:"files,omitempty" doc:"The other files that the runbook takes in: calendars, and runbooks."`
	// Revision is for people: the digest says which bytes they are.
	Revision *Revision `json:"revision,omitempty" doc:"The git commit that the file is of; absent: nobody looked, or it is in none."`
}

// File is a file that a runbook takes in.
type File struct {
	Name    string   `json:"name" doc:"Its path from the runbook's folder."`
	As      []string `json:"as,omitempty" doc:"Other paths that lead to it, by links, and by which a runbook takes it in."`
	Runbook bool     `json:"runbook,omitempty" doc:"Whether it is a runbook that a step takes in; absent: it is a calendar."`
	Digest  string   `json:"digest" doc:"SHA-256 of its bytes."`
	Text    []byte   `json:"-"`
}

// Revision says of which git commit a file is.
type Revision struct {
	Commit string `json:"commit"`
	Dirty  bool   `json:"dirty,omitempty" doc:"The file is another than in the commit, or is not in it."`
	Absent bool   `json:"absent,omitempty" doc:"The commit has no such file."`
	// Untracked says why it is absent: nobody has told git of it.
	Untracked bool `json:"untracked,omitempty" doc:"The commit has no such file, and git does not track it."`
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
	At      string `json:"at" doc:"Its place: file:line:column."`
	Use
	Needs     []Edge         `json:"needs" doc:"The steps that it waits for."`
	Of        string         `json:"of,omitempty" doc:"Of an instance, the id of the step with foreach."`
	Key       string         `json:"key,omitempty" doc:"Of an instance, the key of its item."`
	Loop      *Loop          `json:"loop,omitempty" doc:"What the step is done for; absent: it is done once."`
	Closing   bool           `json:"closing,omitempty" doc:"Whether it is a step of the finally of a runbook that is taken in: it begins when the other steps of that runbook are done."`
	Within    string         `json:"within,omitempty" doc:"The id of the step that takes in the runbook which this is a step of; absent: it is a step of the runbook itself."`
	Runbook   *Inclusion     `json:"runbook,omitempty" doc:"The runbook that the step takes in; absent: it uses an action."`
	LeftOut   *event.LeftOut `json:"leftOut,omitempty" doc:"By which mode, or whose word, the step is not done; absent: it is."`
	When      *Condition     `json:"when,omitempty" doc:"False skips the step; absent: it is never skipped."`
	Gate      []*Condition   `json:"gate,omitempty"`
	Verify    []*Condition   `json:"verify,omitempty"`
	Retry     Retry          `json:"retry"`
	Timeout   time.Duration  `json:"timeout,omitempty" doc:"How long each attempt may take; absent: it has no limit."`
	OnFailure Policy         `json:"onFailure" enum:"rollback,stop,pause,continue" doc:"What happens when the step fails."`
	Rollback  *Compensation  `json:"rollback,omitempty" doc:"What takes the step back; absent: nothing does."`
	Seen      *Seen          `json:"seen,omitempty" doc:"What the action, which only reads, says at the time of the plan; absent: it was not applied."`
	Unlooked  string         `json:"unlooked,omitempty" doc:"Why nothing was looked at for the step, as that a run which begins at the time of the plan would not come to it; absent: all was that may be."`

	outer  *Step   // the step of Within; nil: there is none
	stands bool    // it stands for those in done, and is not done itself
	done   []*Step // of what instances take in, where these are known

	Range source.Range `json:"-"`
	// Item is what the expressions of an instance that is known see as each.
	Item value.Value `json:"-"`
}

// Changes reports whether the step does something to the world.
func (s *Step) Changes() bool { return s.Effect != sdk.Read }

// Early is why nobody can say yes to the question of a step before it asks; empty: anybody can.
func (s *Step) Early() string {
	switch {
	case s.Changes():
		return "it asks whether work is done that begins when it asks"
	case s.isOfUnknown():
		return "what it is done for is not known yet"
	case s.Params.HasUnknown():
		return "its question is not known yet: " + s.Params.Causes()[0].String()
	default:
		return ""
	}
}

// Use is one use of an action: by a step, a compensation or an observation.
type Use struct {
	Action string      `json:"action" doc:"The action's name."`
	On     string      `json:"on,omitempty" doc:"The connection, of a plugin's action."`
	Effect sdk.Effect  `json:"effect" enum:"read,change,destroy"`
	Params value.Value `json:"params" doc:"The parameters, as far as they are known."`
	// Connection is the one of On, or the plugin's only one; nil: the action is built in.
	Connection *Connection `json:"-"`
	// Handler is the action itself, and Describe what it says of itself.
	Handler  sdk.Handler     `json:"-"`
	Describe sdk.Description `json:"-"`
	// Fits says how outputs of the action break their schema.
	Fits func(outputs json.RawMessage) error `json:"-"`
	// Source computes the parameters from what is known.
	Source Source `json:"-"`
	// Places says where the parameters stand, and Over where its connection is configured;
	// nil: nobody knows.
	Places       Places       `json:"-"`
	Over         Places       `json:"-"`
	Preview      *sdk.Preview `json:"preview,omitempty" doc:"What the action said it would do; absent: it was not asked."`
	PreviewError string       `json:"previewError,omitempty" doc:"Why the action could not say what it would do."`
	PreviewCut   bool         `json:"previewCut,omitempty" doc:"The plan did not wait for the action to say it: that says nothing of the step."`
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
	Reason Reason       `json:"reason" enum:"order,needs,reference"`
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
	Message string        `json:"message,omitempty" doc:"What it means that it is false."`
	Observe *Use          `json:"observe,omitempty" doc:"What is observed, anew each time; absent: nothing is."`
	Within  time.Duration `json:"within,omitempty" doc:"How long it may take to become true; absent: it is looked at once."`
	Every   time.Duration `json:"every,omitempty" doc:"How often it is looked at."`
	Hold    time.Duration `json:"hold,omitempty" doc:"How long it must stay true."`
	At      string        `json:"at"`
	State   State         `json:"state" doc:"What it comes to before a run, whenever that is."`
	Now     *Now          `json:"now,omitempty" doc:"What it comes to with what is seen at the time of the plan, where that decides it; absent: nothing can be told of it."`

	Program Program `json:"-"`
}

// State is what a condition comes to at the time of the plan.
type State struct {
	Truth    string            `json:"truth" enum:"true,false,unknown,failed"`
	Causes   []value.Cause     `json:"causes,omitempty" doc:"Why it is not known yet."`
	Residual string            `json:"residual,omitempty" doc:"What is left of an expression that is not known yet."`
	Detail   string            `json:"detail,omitempty" doc:"Why it failed."`
	Secret   bool              `json:"secret,omitempty" doc:"Whether a secret decides it, which may be another one by the time of the run."`
	Explain  *expr.Explanation `json:"explain,omitempty" doc:"The expression's tree with the value of each part, where it is false."`
}

// Program judges a condition over what is known at some time. It is pure and quick.
type Program interface {
	Eval(scope expr.Scope) expr.Verdict
	// Explain gives the expression's tree with the value of each part.
	Explain(scope expr.Scope) *expr.Explanation
}

// Retry says how often and when a failed attempt is made again.
type Retry struct {
	Attempts int           `json:"attempts" doc:"How many attempts are made at most, the first included."`
	Delay    time.Duration `json:"delay,omitempty"`
	MaxDelay time.Duration `json:"maxDelay,omitempty"`
	Factor   float64       `json:"factor,omitempty"`
	Timeouts int           `json:"timeouts,omitempty" doc:"How many of the attempts may run out of time; absent: all."`
	// If decides over `error` and `attempt` whether to try again; nil: when the
	// error is transient or the attempt ran out of time.
	If     Program `json:"-"`
	IfExpr string  `json:"if,omitempty" doc:"The text of a CEL condition over error and attempt."`
}

// Compensation is what takes a step back.
type Compensation struct {
	Own     bool          `json:"own,omitempty" doc:"The action itself can undo what it did."`
	None    string        `json:"none,omitempty" doc:"Why there is nothing to take back; the rest is then left out."`
	Use     *Use          `json:"use,omitempty" doc:"The action that takes the step back."`
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

// Step returns the step with the id, which may be that of an instance; of one that is not
// known before a run, what is computed of its item is not filled in.
func (p *Plan) Step(id string) (*Step, bool) {
	if i, ok := p.index[id]; ok {
		return p.Steps[i], true
	}
	if one, ok := p.instances[id]; ok {
		return one, true
	}
	if of, key, ok := event.SplitInstance(id); ok {
		if step, known := p.Step(of); known && step.Loop != nil {
			return step.Instance(key), true
		}
		return nil, false
	}
	within, _, ok := event.SplitInside(id)
	template, known := p.index[event.Template(id)]
	if !ok || !known || event.Template(id) == id {
		return nil, false
	}
	outer, known := p.Step(within)
	if !known {
		return nil, false
	}
	return p.Steps[template].inside(outer), true
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
	}
	p.takeIn(p.Steps, 0)
	for _, s := range p.Steps {
		p.count(s)
		if err := p.connect(s); err != nil {
			return nil, err
		}
	}
	p.order = orderOf(&p)
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
