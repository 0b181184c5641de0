// Package sdk is the one package that the author of an action imports.
//
// An author writes one struct for the input, one for the output, and a function;
// schema, documentation, validation and completion come from the structs' tags
// (see [schema.For]):
//
//	sdk.Action[DrainInput, DrainOutput]{Name: "drain", Effect: sdk.Change, Summary: "…", Apply: drain}
//
// Built-in actions and those of plugins have the same shape, the interface
// [Handler]; an engine cannot tell them apart. Floor 1: the standard library and
// schema; no YAML, no CEL, no gRPC, no command line.
package sdk

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/gatebook/gatebook/schema"
)

// Effect says what an action does to the world.
type Effect string

// The effects, from harmless to final.
const (
	Read    Effect = "read"    // changes nothing
	Change  Effect = "change"  // changes something that can be taken back
	Destroy Effect = "destroy" // changes something that cannot
)

// Handler is an action as an engine sees it. Parameters, outputs and state cross
// as JSON. A method whose capability [Description] does not name returns
// [ErrUnsupported]. Capabilities are data and not interfaces of their own because
// they cross the wire to plugins, where a type assertion cannot follow.
//
// Every method ends soon after its context does.
type Handler interface {
	// Describe says what the action is. It is constant.
	Describe() Description
	// Plan says what Apply would do. It reads only.
	Plan(ctx context.Context, request Request) (Preview, error)
	// Apply does it, and returns the outputs.
	Apply(ctx context.Context, request Request, host Host) (json.RawMessage, error)
	// Observe says whether an Apply (or, with request.Undo, an Undo) with this key
	// was done whose answer was lost. It reads only.
	Observe(ctx context.Context, request Request, host Host) (Observation, error)
	// Undo takes back what the Apply with this key did, and only that.
	Undo(ctx context.Context, request Request, host Host) error
	// Ask returns the question that people must answer before the step is done.
	Ask(ctx context.Context, request Request) (Question, error)
	// Answer turns people's answer into the step's outputs.
	Answer(ctx context.Context, request Request, answer Answer) (json.RawMessage, error)
}

// Description is what an action says of itself.
type Description struct {
	Name        string           `json:"name"`        // "http.check"
	Summary     string           `json:"summary"`     // one line, no full stop
	Description string           `json:"description"` // Markdown, whole sentences
	Effect      Effect           `json:"effect"`
	Input       *schema.Schema   `json:"input"`
	Output      *schema.Schema   `json:"output"`
	Rules       []schema.Rule    `json:"rules,omitempty"`
	Examples    []schema.Example `json:"examples,omitempty"`
	// Idempotent actions have one effect however often they are applied with one
	// key, so that an attempt whose answer was lost may simply be made again.
	Idempotent bool `json:"idempotent,omitempty"`
	// What the action can do beside Apply.
	CanPlan    bool `json:"canPlan,omitempty"`
	CanObserve bool `json:"canObserve,omitempty"`
	CanUndo    bool `json:"canUndo,omitempty"`
	// Asks is for actions that are done by people: Ask and Answer instead of Apply. One whose
	// question expires takes how long it stands from a parameter `expires`, a duration, so that
	// a plan can say how long people have.
	Asks bool `json:"asks,omitempty"`
	// NothingToUndo is set on an action of effect Change that leaves nothing behind
	// to take back, and says why: "a message that was sent cannot be unsent". A step
	// that uses it needs no rollback. No full stop.
	NothingToUndo string `json:"nothingToUndo,omitempty"`
	// GraceParam names the parameter, a duration, that says how long the action may take
	// to end when it is asked to. Without it an engine gives an action up after a while of
	// its own choice, as one that does not end.
	GraceParam string `json:"graceParam,omitempty"`
	// InPlan lets an engine apply the action while it makes a plan, so that people see what
	// is so before they decide. It is for an action of effect Read that is quick and
	// harmless whoever wrote its parameters: it runs no program of theirs. With
	// [Request.InPlan] it looks once and waits for nothing. One that otherwise asks again until
	// something is so takes how long from a parameter `within`, a duration: where that is not 0,
	// what fails with [Transient] in a plan is told as what is not so yet.
	InPlan bool `json:"inPlan,omitempty"`
	// CostOutput names the output, an object of numbers, that says what an Apply cost, as a
	// [Cost] does: a runbook may limit that. What it would cost is for [Preview.Cost].
	CostOutput string `json:"costOutput,omitempty"`
}

// Request is one use of an action.
type Request struct {
	// Params are the step's parameters, which satisfy the input schema. For Plan
	// those that are not known yet are absent and named in Unknown.
	Params json.RawMessage `json:"params"`
	// Unknown holds the field paths of parameters that are not known yet; Plan only.
	Unknown []string `json:"unknown,omitempty"`
	// Begins holds, of each list in Unknown, the items before the first that is not known
	// yet, by the path of the list; for Plan of a built-in action only.
	Begins map[string]json.RawMessage `json:"-"`
	// Later tells Plan that this is for what takes a step back, or is observed in a run, so
	// that only what it is made of counts, as a program, and not what is so now; for a
	// built-in action only.
	Later bool `json:"-"`
	// Key is the idempotency key: one for all attempts of one step, do and undo
	// apart. It is safe as a client token: letters, digits and hyphens, at most 64.
	Key string `json:"key,omitempty"`
	// Run is the id of the run, by which people name it, and an action can tell its own run
	// from others; empty in a plan.
	Run string `json:"run,omitempty"`
	// Attempt counts from 1.
	Attempt int `json:"attempt,omitempty"`
	// Undo tells Observe that the lost attempt was an Undo.
	Undo bool `json:"undo,omitempty"`
	// Before is the state that the attempts so far gave to [Host.Before], the first of
	// them; for Undo, Observe, and each later attempt of Apply, by which that can tell its
	// own change from what was there before.
	Before json.RawMessage `json:"before,omitempty"`
	// Outputs is what Apply returned, where it returned; for Undo.
	Outputs json.RawMessage `json:"outputs,omitempty"`
	// Notes are the facts that the attempts so far gave to [Host.Note], of those with one
	// name the last; for Observe, and each later attempt, by which that can tell what an
	// earlier one did. Those of Apply are not for Undo, whose attempts have their own.
	Notes map[string]json.RawMessage `json:"notes,omitempty"`
	// TraceParent is the W3C trace context of the attempt, for what the action calls
	// in its turn: "00-<trace>-<span>-01".
	TraceParent string `json:"traceParent,omitempty"`
	// InPlan tells Apply that this is for a plan: it answers with what is so now, where it
	// would otherwise wait for something to become so. Only an action is told that declares
	// [Description.InPlan].
	InPlan bool `json:"inPlan,omitempty"`
	// Seen is what the plan was made from that people agreed to, of what this step's Plan looked
	// at: by it Apply can refuse to change what somebody else has changed since, before it
	// changes anything. It is empty where nobody agreed to a plan, where this run may have
	// changed something there before the step, or the step itself, and where a person went on
	// with the step when it had failed with a [Conflict]. What is not in it may be as it was, or not.
	Seen []Seen `json:"seen,omitempty"`
}

// Host is what an action may tell while it works. It is safe for concurrent use.
type Host interface {
	// Progress says how far the action is.
	Progress(p Progress)
	// Output passes on a line that the thing acted on printed, without its newline;
	// stream is "stdout", "stderr" or a name of the action's own. The host does not
	// keep line after it returns, so that its bytes can be used again.
	Output(stream string, line []byte)
	// Before makes the state before the change durable, so that Undo can restore
	// it after any crash. It must be called before the first change, and returns
	// when the state is on disk. The first state is kept: what an action gives later, in
	// the same attempt or another, may have its own change in it, and is passed over.
	Before(ctx context.Context, state json.RawMessage) error
	// Note keeps a fact about the attempt in the journal, such as a process's pid,
	// that Observe can use after a crash of the host.
	Note(name string, fact json.RawMessage) error
}

// Progress is how far an action is.
type Progress struct {
	Message string `json:"message"`         // "3/5 updated, 2 available"
	Done    int64  `json:"done,omitempty"`  // of Total, where both can be counted
	Total   int64  `json:"total,omitempty"` // 0: cannot be counted
}

// Preview is what an Apply would do, as far as it can be known.
type Preview struct {
	Summary  string        `json:"summary,omitempty"`  // one line: "would scale web from 2 to 5", or "nothing to do: it is so already"
	Changes  []Delta       `json:"changes,omitempty"`  // what would change
	Warnings []string      `json:"warnings,omitempty"` // whole sentences
	Blockers []string      `json:"blockers,omitempty"` // what would stop it now, whole sentences
	Estimate time.Duration `json:"estimate,omitempty"` // nanoseconds; 0: cannot tell
	// Observed is what it was made from. A sealed plan is refused where that is another by
	// the time of the run, so that what moves by itself is left out.
	Observed []Seen `json:"observed,omitempty"`
	// Cost is what it would cost; empty: it cannot tell. That it costs nothing is an amount of 0.
	Cost Cost `json:"cost,omitempty"`
}

// NothingToDo reports whether an action says that all is as it would make it: its summary
// begins with these words. One that only names no changes may not be able to tell them.
func (p Preview) NothingToDo() bool {
	return len(p.Changes) == 0 && strings.HasPrefix(p.Summary, "nothing to do")
}

// Seen is something that a plan looked at, in the version that it had then.
type Seen struct {
	Kind    string `json:"kind"`    // "Deployment", "file"
	Name    string `json:"name"`    // "shop/web", "dist/web.tar.gz"
	Version string `json:"version"` // for people too: "generation 7", "sha256:…", "absent"
	// ID tells it from another of the same name, where that may take its place: a UID.
	ID string `json:"id,omitempty"`
	// Changes says that the action changes this, or may. An action that says so of one thing says
	// it of all that it changes, so that what it leaves alone is known to be as it was. One that
	// says it of none may have changed anything on its target.
	Changes bool `json:"changes,omitempty"`
}

// Delta is one thing that would change.
type Delta struct {
	Target string `json:"target"`         // "Deployment shop/web"
	Kind   string `json:"kind"`           // for counting: "Deployment"
	Op     string `json:"op"`             // create, update, delete; of what is done anew each time: run, send
	Diff   string `json:"diff,omitempty"` // unified diff, where there is one
}

// State answers whether something was done.
type State string

// The answers of Observe.
const (
	Done       State = "done"
	NotDone    State = "not done"    // not to its end: it may have been begun, and may be done again without harm
	Untouched  State = "untouched"   // not done, and nothing was changed: there is nothing to take back
	CannotTell State = "cannot tell" // a person must look
)

// Observation is the answer of Observe.
type Observation struct {
	State   State           `json:"state"`
	Outputs json.RawMessage `json:"outputs,omitempty"` // what Apply would have returned; with Done
	Detail  string          `json:"detail,omitempty"`  // how it was seen, a whole sentence
}

// Question is what an action asks of people.
type Question struct {
	Message string         `json:"message"`
	Fields  *schema.Schema `json:"fields,omitempty"` // an object: what they must fill in; nil: yes or no
	Expires time.Duration  `json:"expires,omitempty"`
	// From are the groups whose people may answer, by the policy beside the runbook; empty:
	// anybody may. Quorum is how many different people must say yes; 0 is one.
	From   []string `json:"from,omitempty"`
	Quorum int      `json:"quorum,omitempty"`
	// Attachments is how many files must come with a yes at least.
	Attachments int `json:"attachments,omitempty"`
}

// Answer is what a person said.
type Answer struct {
	Approved bool            `json:"approved"`
	By       string          `json:"by"`
	At       time.Time       `json:"at"`
	Comment  string          `json:"comment,omitempty"`
	Fields   json.RawMessage `json:"fields,omitempty"`
	// Attachments are files that they gave with it, which the run keeps.
	Attachments []Attachment `json:"attachments,omitempty"`
	// Earlier are the others who have said yes, where it takes more than one.
	Earlier []Voice `json:"earlier,omitempty"`
}

// Attachment is a file that was given with an answer. The action sees what it is, and not what
// is in it.
type Attachment struct {
	Name   string `json:"name" required:"true" doc:"What the file was called, without its folder."`
	Size   int64  `json:"size" required:"true" doc:"Its size in bytes."`
	SHA256 string `json:"sha256" required:"true" doc:"SHA-256 of its bytes, in hexadecimal."`
}

// Voice is the yes of one person.
type Voice struct {
	By      string    `json:"by" required:"true" doc:"Who said yes."`
	At      time.Time `json:"at" required:"true" doc:"When they did."`
	Comment string    `json:"comment" required:"true" doc:"What they added; may be empty."`
}
