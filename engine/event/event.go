// Package event holds the words of the journal: everything that happened in a run,
// and everything that was decided in it, is one [Event].
//
// The machine is given events and answers with commands. Events come in two kinds:
// a *fact* came from outside (an attempt finished, a timer fired, a person answered)
// and replaying the facts rebuilds the run; a *decision* follows from the facts before
// it and is kept so that people, and other programs, can read the journal without
// replaying it. Floor 2: it knows values, not runbooks.
package event

import (
	"cmp"
	"encoding/json"
	"fmt"
	"time"

	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Type says what happened.
type Type string

// Facts: what came from outside the machine.
const (
	RunStarted       Type = "run.started"       // the first event of every journal: Run
	RunResumed       Type = "run.resumed"       // another process took the run up: Process, By, Drills, Name (the request's type) where it is to end
	AttemptStarted   Type = "attempt.started"   // the intent, on disk before the effect: Op, Key, Action, Params
	AttemptNoted     Type = "attempt.noted"     // a fact that the action wants kept: Op, Name, Data
	AttemptSaved     Type = "attempt.saved"     // the state before the change: Op, Data
	AttemptFinished  Type = "attempt.finished"  // Op, Outputs and Cost or Failure, Reason (what the log of its output lacks)
	AttemptObserved  Type = "attempt.observed"  // after a crash, what became of a lost attempt: Op, State, Outputs, Cost
	Observed         Type = "observed"          // an observation arrived: Op, Outputs or Failure
	TimerFired       Type = "timer.fired"       // Timer
	Answered         Type = "answered"          // a person answered: Op, Answer, Outputs, Plan, Proof
	AnswerRefused    Type = "answer.refused"    // an answer that does not fit the question: Op, By, Reason
	PauseAsked       Type = "pause.asked"       // start nothing new: By, Reason
	CancelAsked      Type = "cancel.asked"      // stop what runs, then do as onFailure says: By, Reason
	ResumeAsked      Type = "resume.asked"      // go on after a pause, a stop or a crash: By, Reason
	RollbackAsked    Type = "rollback.asked"    // take back what the run changed: By, Reason
	SteppingEnded    Type = "stepping.ended"    // of a run that goes step by step, from now on no change waits for a word: By, Reason
	AskOpened        Type = "ask.opened"        // people are asked: Op, Data (the question), Quorum, Timer where it expires
	TargetReached    Type = "target.reached"    // what a connection reached when the run first used it: Target
	GivenUp          Type = "run.given_up"      // ended without its plan by a cancel, as it changed nothing: By, Reason
	WindowOverridden Type = "window.overridden" // from now on it counts as open: Name, By, Reason
	LockTaken        Type = "lock.taken"        // Name, Reason where it was taken over from a dead process
)

// Decisions: what the machine made of the facts.
const (
	StepDecided    Type = "step.decided"    // a step's state changed: Op, Status, Failure, Elapsed
	ConditionMet   Type = "condition"       // a condition was judged: Op, Verdict
	LoopOpened     Type = "loop.opened"     // a step with foreach knows what it is done for: Op, Loop
	BatchDone      Type = "batch.done"      // all of a batch is done: Op (Index: which, from 0), Elapsed
	OverTime       Type = "run.over_time"   // it is going longer than its maxDuration: Reason
	ModeChanged    Type = "run.mode"        // the run as a whole goes another way: Mode, Reason, Name (pause.asked) where it is on its way to a pause
	RunFinished    Type = "run.finished"    // the run ended or paused: Result
	RequestRefused Type = "request.refused" // what was asked cannot be done now: Name (the request's type), Reason
)

// Decision reports whether events of the type follow from the facts before them.
func (t Type) Decision() bool {
	switch t {
	case StepDecided, ConditionMet, LoopOpened, BatchDone, OverTime, ModeChanged, RunFinished, RequestRefused:
		return true
	default:
		return false
	}
}

// Event is one line of the journal. Which fields are filled depends on the Type.
type Event struct {
	Type Type      `json:"type" doc:"What happened."`
	Time time.Time `json:"time"`
	Op   *Op       `json:"op,omitempty" doc:"The step and its part, where it is about one."`

	Run     *Run     `json:"run,omitempty" doc:"What is fixed when a run starts; in run.started."`
	Process *Process `json:"process,omitempty" doc:"The process that took the run up; in run.resumed."`
	Result  *Result  `json:"result,omitempty" doc:"How the run ended or paused; in run.finished."`

	Key     string          `json:"key,omitempty" doc:"The idempotency key of an attempt."`
	Action  string          `json:"action,omitempty"`
	Params  *value.Value    `json:"params,omitempty" doc:"The parameters of an attempt, secrets masked."`
	Outputs *value.Value    `json:"outputs,omitempty" doc:"What came back, secrets masked."`
	Cost    sdk.Cost        `json:"cost,omitempty" doc:"What it cost, by unit, as its action says; where the runbook limits that."`
	Failure *Failure        `json:"failure,omitempty" doc:"Why it did not succeed."`
	State   sdk.State       `json:"state,omitempty" doc:"What became of an attempt that a crash cut off."`
	Answer  *sdk.Answer     `json:"answer,omitempty" doc:"What a person answered."`
	Verdict *Verdict        `json:"verdict,omitempty" doc:"How a condition was judged."`
	Status  Status          `json:"status,omitempty" doc:"The new state of the step."`
	Elapsed time.Duration   `json:"elapsed,omitempty" doc:"The time since the step began."`
	Loop    *Loop           `json:"loop,omitempty" doc:"What a step with foreach is done for; in loop.opened."`
	Timer   *Timer          `json:"timer,omitempty"`
	Mode    Mode            `json:"mode,omitempty" doc:"The way that the run goes from here."`
	Name    string          `json:"name,omitempty"`
	Data    json.RawMessage `json:"data,omitempty"`
	By      string          `json:"by,omitempty" doc:"The person who asked for it."`
	Reason  string          `json:"reason,omitempty"`
	Target  *Target         `json:"target,omitempty" doc:"What a connection reached; in target.reached."`
	Plan    string          `json:"plan,omitempty" doc:"The digest of the plan to which an answer was given; in answered."`
	Proof   *Proof          `json:"proof,omitempty" doc:"The signature of an answer, where answers are signed; in answered, and in answer.refused where there was one."`
	Quorum  int             `json:"quorum,omitempty" doc:"How many different people must say yes, where it is more than one; in ask.opened."`
	Request string          `json:"request,omitempty" doc:"The id under which another process asked for it."`
	LeftOut *LeftOut        `json:"leftOut,omitempty" doc:"Who wanted a step left out, and why; in step.decided."`
	Drills  []LastDrill     `json:"drills,omitempty" doc:"Of each runbook whose last drill conditions ask for, the last good one, as it is looked up again; in run.resumed."`
}

// Part says which part of a step an operation belongs to.
type Part string

// The parts of a step, in the order in which they happen.
const (
	When   Part = "when"   // the condition that may skip it
	Gate   Part = "gate"   // the conditions before it starts
	Do     Part = "do"     // the action itself
	Verify Part = "verify" // the conditions after it
	Begin  Part = "begin"  // in a run that goes step by step, a person's word that the action may begin
	Retry  Part = "retry"  // the condition that decides whether a failed attempt is made again
	Undo   Part = "undo"   // its compensation
	// Between are the conditions after each batch of a step with foreach.
	Between Part = "between"
)

// Op names one operation of a run: an attempt, an observation, a question.
type Op struct {
	Step    string `json:"step"`
	Part    Part   `json:"part"`
	Index   int    `json:"index,omitempty" doc:"The condition within a gate or verify, from 0."`
	Attempt int    `json:"attempt,omitempty" doc:"The number of the try of the part, or of the look at a condition, from 1."`
}

// Loop is what a step with foreach is done for, in batches.
type Loop struct {
	Keys    []string `json:"keys" doc:"The keys of its instances, in the order in which they begin: each is the step STEP[\"KEY\"]."`
	Batches []int    `json:"batches,omitempty" doc:"How many instances each batch has."`
}

// Timer names a timer: what it was started for.
type Timer struct {
	Op      Op        `json:"op"`
	Purpose string    `json:"purpose" doc:"What it was started for." enum:"retry,poll,deadline,expiry,pause"`
	At      time.Time `json:"at"`
}

// The purposes of a timer.
const (
	TimerRetry    = "retry"    // the next attempt is due
	TimerPoll     = "poll"     // the next observation is due
	TimerDeadline = "deadline" // a condition had until now to become true
	TimerExpiry   = "expiry"   // a question had until now to be answered
	TimerPause    = "pause"    // the pause after a batch is over
)

// Status is the state of a step, as expressions see it in steps.ID.status.
type Status string

// The states of a step.
const (
	Pending   Status = "pending"   // it has not started
	Waiting   Status = "waiting"   // its gate is not open yet
	Running   Status = "running"   // an attempt is being made, or the next is due
	Resting   Status = "resting"   // the run has paused, and its next attempt waits for that to end
	LostTrack Status = "lost"      // nobody can tell whether it was done
	Asking    Status = "asking"    // people are asked
	Verifying Status = "verifying" // done; its verify conditions are judged
	Succeeded Status = "succeeded"
	Failed    Status = "failed"
	Skipped   Status = "skipped" // `when` was false, or a person left it out
	NotRun    Status = "not_run" // the run ended before it could start
	Undoing   Status = "undoing" // its compensation runs
	Undone    Status = "undone"  // it was taken back
	LeftOver  Status = "left"    // it should have been taken back and could not be
)

// Settled reports whether a step in this state will do nothing more by itself.
func (s Status) Settled() bool {
	switch s {
	case Succeeded, Failed, Skipped, NotRun, Undone, LeftOver:
		return true
	case Pending, Waiting, Running, Resting, LostTrack, Asking, Verifying, Undoing:
		return false
	}
	return false
}

// Failure says why something did not succeed.
type Failure struct {
	Class     sdk.Class `json:"class" doc:"The kind of error: of an action transient, permanent, conflict, denied, timeout or cancelled; else gate closed, verify failed, refused, over the limit, invalid or lost."`
	Field     string    `json:"field,omitempty" doc:"The parameter at fault, where it is one."`
	Message   string    `json:"message"`
	Unchanged bool      `json:"unchanged,omitempty" doc:"The action knows that it changed nothing."`
	Outdated  bool      `json:"outdated,omitempty" doc:"What the plan saw is not so any more; a person who has the step tried again was told."`
	// Connection names the connection that could not be made; the field is then one of
	// what configures it.
	Connection string `json:"connection,omitempty" doc:"The connection that could not be made; the field is one of what configures it."`
	Log        string `json:"log,omitempty" doc:"The file in which the plugin's own log is kept, where it wrote one."`
	Place      *Place `json:"place,omitempty" doc:"Where in the runbook the field or the connection stands."`
}

// Words say what was wrong with what.
func (f *Failure) Words() string {
	words := f.Message
	if f.Field != "" {
		words = f.Field + ": " + words
	}
	if f.Connection != "" {
		words = "connection " + f.Connection + ": " + words
	}
	return words
}

// Place is where something stands in a runbook.
type Place struct {
	File  string          `json:"file" doc:"As the user named it."`
	Start source.Position `json:"start"`
	End   source.Position `json:"end" doc:"Just behind the last character."`
}

// String returns "file:line:column", which terminals and editors make a link of.
func (p Place) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Start.Line, p.Start.Column) }

// WasCancelled is the message of what was cancelled, which what it says of that may follow.
const WasCancelled = "it was cancelled"

// Classes of failure beside those of actions.
const (
	GateClosed   sdk.Class = "gate closed"    // a gate was false, or not true in time
	VerifyFailed sdk.Class = "verify failed"  // a verify was false, or not true in time
	Refused      sdk.Class = "refused"        // a person said no, or nobody answered in time
	Invalid      sdk.Class = "invalid"        // a value or condition could not be computed
	OverLimit    sdk.Class = "over the limit" // it would have gone over a limit of the runbook, and was not begun
	Lost         sdk.Class = "lost"           // nobody can tell whether it was done: a crash cut it off, or it ignored its end
)

// Verdict is how a condition was judged.
type Verdict struct {
	Name    string          `json:"name,omitempty"`
	Expr    string          `json:"expr"`
	Truth   string          `json:"truth" doc:"How it was judged." enum:"true,false,unknown,failed"`
	Message string          `json:"message,omitempty"`
	Detail  string          `json:"detail,omitempty" doc:"The error, where it failed."`
	Explain json.RawMessage `json:"explain,omitempty" doc:"The expression's tree with the value of each part."`
	Until   *time.Time      `json:"until,omitempty" doc:"When the condition must be true at the latest, where it is polled."`
	Closed  []Closed        `json:"closed,omitempty" doc:"The windows that it asks for and that were closed."`
	Still   *time.Time      `json:"still,omitempty" doc:"Until when it could not come out otherwise, as they were all that it asks for."`
}

// Mode is where a run as a whole stands.
type Mode string

// The modes of a run.
const (
	Going    Mode = "going"    // steps start as they become ready
	Draining Mode = "draining" // nothing new starts; what runs is waited for
	Reverse  Mode = "rollback" // compensations run
	Closing  Mode = "finally"  // the finally steps run
	Paused   Mode = "paused"   // nothing runs; it can be resumed
	Ended    Mode = "ended"
)

// Outcome is how a run ended, as expressions see it in run.outcome.
type Outcome string

// The outcomes.
const (
	OutcomeSucceeded  Outcome = "succeeded"
	OutcomeFailed     Outcome = "failed"      // and nothing was taken back: what was changed, if anything, stays
	OutcomeRolledBack Outcome = "rolled_back" // and what was changed was taken back
	OutcomeGateClosed Outcome = "gate_closed" // before anything was changed
	OutcomeStuck      Outcome = "stuck"       // not cleanly taken back, still at work, or finally failed as well: a person is needed
	OutcomePaused     Outcome = "paused"      // stopped and resumable
)

// ExitCode returns the exit code of the process that drove the run: 0 succeeded,
// 1 failed and dealt with as asked, 3 a gate closed before anything changed, 4 a
// person is needed, 5 stopped and resumable.
func (o Outcome) ExitCode() int {
	switch o {
	case OutcomeSucceeded:
		return 0
	case OutcomeFailed, OutcomeRolledBack:
		return 1
	case OutcomeGateClosed:
		return 3
	case OutcomeStuck:
		return 4
	case OutcomePaused:
		return 5
	}
	return 1
}

// Run is what is fixed when a run starts.
type Run struct {
	ID           string            `json:"id"`
	Runbook      string            `json:"runbook" doc:"The runbook's metadata.name."`
	Version      string            `json:"version" doc:"The runbook's metadata.version."`
	Title        string            `json:"title,omitempty"`
	File         string            `json:"file" doc:"The runbook's file, as the user named it."`
	Dir          string            `json:"dir,omitempty" doc:"The folder in which the run works: relative paths of its steps are seen from there."`
	DirID        string            `json:"dirId,omitempty" doc:"Tells that folder from another that takes its place; absent where nothing does."`
	Digest       string            `json:"digest" doc:"SHA-256 of the runbook's bytes."`
	PlanDigest   string            `json:"planDigest" doc:"SHA-256 of the plan."`
	PlanDocument string            `json:"planDocument,omitempty" doc:"SHA-256 of the bytes of plan.json; absent in the journals of a gatebook that did not write it down."`
	Serial       string            `json:"serial,omitempty" doc:"Tells the file of the sealed plan from another of the same digest; absent: it began from a runbook."`
	Author       string            `json:"author,omitempty" doc:"Who sealed the plan; absent: it began from a runbook."`
	Seal         string            `json:"seal,omitempty" doc:"The digest of the sealed plan that the run carries out; absent: it began from a runbook."`
	Gatebook     string            `json:"gatebook" doc:"The version of gatebook that began the run."`
	Inputs       value.Value       `json:"inputs" doc:"The input values, secrets masked."`
	Secrets      map[string]string `json:"secrets,omitempty" doc:"Of each secret input where it was read from: as \"env:NAME\", \"file:PATH\" or \"-\"."`
	Record       value.Value       `json:"record"` // what `record:` came to at the start
	By           string            `json:"by"`
	Seed         uint64            `json:"seed" doc:"The seed of every random choice in the run."`
	Parallelism  int               `json:"parallelism"`
	Trace        string            `json:"trace,omitempty" doc:"The W3C trace context of the run, of whose trace each attempt is a span; absent in the journals of a gatebook that had none."`
	CalledBy     string            `json:"calledBy,omitempty" doc:"The W3C trace context in which gatebook was called."`
	Lock         string            `json:"lock,omitempty"`
	Locks        []string          `json:"locks,omitempty"` // of runbooks that it takes in
	Steps        int               `json:"steps"`
	Process      Process           `json:"process"`
	Overrides    []Override        `json:"overrides,omitempty" doc:"The windows that count as open, by the word of who began the run."`
	Choice       *Choice           `json:"choice,omitempty" doc:"Which steps are left out by a person's word; absent: none is."`
	Others       []string          `json:"others,omitempty" doc:"The inputs that the mode sets, and that a person gave other values."`
	Unapproved   []string          `json:"unapproved,omitempty" doc:"The approvals that are left out by a person's word; absent: none is."`
	Stepwise     bool              `json:"stepwise,omitempty" doc:"People are asked before each change."`
	// Remaining is an estimate, and kept so that a replay has the same.
	Remaining map[string]Left `json:"remaining,omitempty" doc:"Of each step that asks for run.remaining, how long it was estimated to take from there to the end of the run."`
	// LastDrills, Foreseen and Seen are kept for the same reason.
	LastDrills []LastDrill `json:"lastDrills,omitempty" doc:"Of each runbook whose last drill conditions ask for, the last good one; absent: they ask for none."`
	Foreseen   *Foreseen   `json:"foreseen,omitempty" doc:"What the actions said beforehand that limits count; absent: nothing that they do not say themselves."`
	// Seen is of the steps before which the run changes nothing that they could have looked at.
	Seen map[string][]sdk.Seen `json:"seen,omitempty" doc:"Of each step that changes something, by its id, what the plan was made from that people agreed to, as far as no other step may have changed that before, secrets left out."`
}

// AnswersTo is the digest to which people's answers are given: that of the sealed plan that
// the run carries out, or else of its plan.
func (r Run) AnswersTo() string { return cmp.Or(r.Seal, r.PlanDigest) }

// Process is one process that drove the run.
type Process struct {
	PID     int    `json:"pid"`
	Host    string `json:"host"`
	User    string `json:"user"`
	Version string `json:"version" doc:"The version of gatebook."`
}

// Target is what a connection reached when a run first used it. The run does nothing to
// another.
type Target struct {
	Connection string `json:"connection,omitempty" doc:"The connection, by its name in the runbook; absent: the plugin's only one, which is not declared."`
	Plugin     string `json:"plugin" doc:"The plugin, by the name that the runbook gives it."`
	sdk.Target
	Shown bool     `json:"shown,omitempty" doc:"People saw it before the run began, which has not used it yet."`
	Seals []string `json:"seals,omitempty" doc:"For the id and each other name, in their order, that holds a secret, and is masked: what tells it from another, PBKDF2-HMAC-SHA-256 of it with the run's id as salt, in hexadecimal; else empty."`
}

// Over is what people call the connection.
func (t Target) Over() string { return cmp.Or(t.Connection, t.Plugin) }

// Result is how a run ended.
type Result struct {
	Outcome Outcome      `json:"outcome"`
	Failure *Failure     `json:"failure,omitempty"`
	Step    string       `json:"step,omitempty" doc:"The step that failed first."`
	Changed []string     `json:"changed,omitempty" doc:"The steps whose change is in the world."`
	Undone  []string     `json:"undone,omitempty" doc:"The steps that were taken back."`
	Left    []string     `json:"left,omitempty" doc:"The steps that should have been taken back and were not."`
	Lost    []string     `json:"lost,omitempty" doc:"The steps of which nobody can tell whether they were done, or that may still be at work."`
	Finally []string     `json:"finally,omitempty" doc:"The steps of finally that failed."`
	Asking  []string     `json:"asking,omitempty" doc:"The steps that wait for people."`
	Outputs *value.Value `json:"outputs,omitempty"`
	Record  *value.Value `json:"record,omitempty"`
	// Missing says why outputs or parts of the record are null.
	Missing map[string]string `json:"missing,omitempty" doc:"Of each output, as \"outputs.NAME\", or part of the record, as \"record.NAME\", that is null as it could not be given: why."`
	Elapsed time.Duration     `json:"elapsed" doc:"How long the run took."`
	// Overrides are all of the run: a history reads its first record and its last.
	Overrides []Override `json:"overrides,omitempty" doc:"The windows that counted as open by a person's word; absent: none did."`
	// Measured stays when a run that succeeded is taken back later.
	Measured *Measured `json:"measured,omitempty" doc:"What it took and lost, since it succeeded; absent: it has not, or it has no objectives and is no drill."`
	// AskedBack is not zero where a person had the run taken back.
	AskedBack time.Time `json:"askedBack,omitzero" doc:"When a person last asked to take back what the run had changed, where it ended by that."`
}

// LockNames are the names on which the run excludes others.
func (r Run) LockNames() []string {
	if r.Lock == "" {
		return r.Locks
	}
	return append([]string{r.Lock}, r.Locks...)
}
