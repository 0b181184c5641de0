package standing

import (
	"slices"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/limit"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// StatusFormat names the JSON form of a status.
const StatusFormat = "gatebook/status/v1"

// Status is a run as its events tell it so far. It is made by [New] and kept up
// to date by [Status.Apply], at a cost that does not grow with the run. It is not safe
// for concurrent use.
type Status struct {
	Format    string               `json:"format" enum:"gatebook/status/v1"`
	Run       event.Run            `json:"run"`
	Mode      event.Mode           `json:"mode,omitempty" doc:"Where the run as a whole stands."`
	Reason    string               `json:"reason,omitempty" doc:"Why it is in this mode."`
	Pausing   bool                 `json:"pausing,omitempty" doc:"It pauses as soon as what is at work has ended."`
	Started   time.Time            `json:"started,omitzero"`
	Updated   time.Time            `json:"updated,omitzero" doc:"The time of the last event."`
	Process   event.Process        `json:"process" doc:"The process that drives or drove the run."`
	Drive     Drive                `json:"drive,omitempty" enum:"driven,abandoned,at rest" doc:"Whether a process drives the run."`
	Counts    map[event.Status]int `json:"counts" doc:"How many steps are in each state; instances of a step with foreach, and steps of a runbook that is taken in, are counted, and the step of these is not."`
	Steps     []*Step              `json:"steps" doc:"The steps in the order of the plan, the instances of a step with foreach, and the steps of a runbook that is taken in, behind it."`
	Requests  []Request            `json:"requests,omitempty" doc:"What people asked of the run, oldest first."`
	Result    *event.Result        `json:"result,omitempty"`
	Targets   []event.Target       `json:"targets,omitempty" doc:"What its connections reached when it first used them."`
	Overrides []event.Override     `json:"overrides,omitempty" doc:"The windows that count as open by a person's word."`
	Altered   []string             `json:"altered,omitempty" doc:"Of a run in a mode, in what it is not done as the mode says, in words; absent: in nothing."`
	Flows     *Request             `json:"flows,omitempty" doc:"Who had the rest of a run done without being asked step by step, and why; absent: nobody had."`
	RTO       time.Duration        `json:"rto,omitempty" doc:"How long the run may take; absent: it has no objective."`
	Waited    time.Duration        `json:"waited,omitempty" doc:"How long it did nothing but wait for people, or lay paused; of a run that has succeeded, until then."`
	Limits    []limit.Line         `json:"limits,omitempty" doc:"How much of each limit of its runbook is used, by the last event; absent: there are none."`
	// Next is what a person may type next; filled in, as Limits are, by [Status.Finish].
	Next []Command `json:"next,omitempty"`

	limits    *event.Limits
	used      *limit.Tally
	file      *source.File // the runbook's; nil: it was not read
	index     map[string]*Step
	active    map[*Step]bool
	closing   bool          // there are steps of finally
	recovered bool          // it has succeeded, and what it took was measured
	turned    string        // why the run last went another way
	failed    *event.Result // that a step failed, before a person had the run taken back
}

// Drive says whether a process drives the run, as the caller found out; the events
// cannot know.
type Drive string

// Whether a run is driven.
const (
	Driven    Drive = "driven"    // a living process holds the run's lock
	Abandoned Drive = "abandoned" // none does, though the run has not ended
	AtRest    Drive = "at rest"   // none does, and none needs to
)

// Step is where one step of a run stands.
type Step struct {
	ID       string         `json:"id"`
	Of       string         `json:"of,omitempty" doc:"Of an instance, the id of the step with foreach."`
	Key      string         `json:"key,omitempty" doc:"Of an instance, the key of its item."`
	Within   string         `json:"within,omitempty" doc:"Of a step of a runbook that is taken in, the id of the step that takes it in."`
	Title    string         `json:"title,omitempty"`
	Action   string         `json:"action,omitempty"`
	Effect   sdk.Effect     `json:"effect,omitempty"`
	Finally  bool           `json:"finally,omitempty"`
	Status   event.Status   `json:"status"`
	Attempt  int            `json:"attempt,omitempty" doc:"The number of the try of what the step does now, from 1."`
	Attempts int            `json:"attempts,omitempty" doc:"How many tries are made at most."`
	Started  time.Time      `json:"started,omitzero"`
	Ended    time.Time      `json:"ended,omitzero"`
	Elapsed  time.Duration  `json:"elapsed,omitempty" doc:"How long it took, once it has ended."`
	Shut     time.Duration  `json:"shut,omitempty" doc:"How long of that its gate waited since a window was closed."`
	Output   string         `json:"output,omitempty" doc:"The last line that it printed."`
	Progress *sdk.Progress  `json:"progress,omitempty"`
	Wait     *Wait          `json:"wait,omitempty"`
	Ask      *Ask           `json:"ask,omitempty"`
	Failure  *event.Failure `json:"failure,omitempty" doc:"Why the step, or its last attempt, did not succeed."`
	Verdict  *event.Verdict `json:"verdict,omitempty" doc:"The last condition of the step that did not hold."`
	Lacks    string         `json:"lacks,omitempty" doc:"What it printed that is not in its log, in words."`
	Stays    string         `json:"stays,omitempty" doc:"Why the step is not taken back, where the runbook says that it is not."`
	LeftOut  *event.LeftOut `json:"leftOut,omitempty" doc:"By whose word the step is not done, and why; absent: it is to be done."`
	Loop     *Loop          `json:"loop,omitempty" doc:"Of a step with foreach, how far it has come; absent: it is done once, or what it is done for is not known yet."`

	shutAt  time.Time    // since when a window is closed that its gate asks for; zero: none is
	place   int          // in the plan; of an instance, that of its step
	nth     int          // of an instance, its place among them, from 1
	of      *Step        // and the step that it is one of
	outer   *Step        // the step that takes in the runbook of this one; nil: none does
	inside  []*Step      // the steps of the runbook that it takes in itself
	takesIn bool         // it takes one in, or each of its instances does
	each    []*plan.Step // of what an instance takes in that is not known
	silent  bool         // it stands as what it is in, and no event says so
	loop    *Loop        // of an instance, the one that it belongs to
	over    *plan.Loop   // of a step with foreach, what its plan says of it
	policy  plan.Policy
	cleans  bool                   // it is one of the finally of its runbook
	said    string                 // the last line that it had printed when it failed
	stopped string                 // why the run turned, where it was stopped for that
	unmet   map[int]*event.Verdict // of the gate or verify that is judged, by index
}

// Wait is what a step waits for.
type Wait struct {
	Part    event.Part `json:"part" doc:"What the condition belongs to." enum:"gate,verify,between"`
	For     string     `json:"for" doc:"The condition's name, message or text."`
	Expr    string     `json:"expr,omitempty"`
	Samples int        `json:"samples,omitempty" doc:"How often it was looked at."`
	Until   time.Time  `json:"until,omitzero" doc:"When it must hold at the latest."`
	// Closed are windows, of which each has the time at which it opens.
	Closed []event.Closed `json:"closed,omitempty" doc:"The windows that keep it from being true."`
}

// Ask is a question that is open.
type Ask struct {
	Message string         `json:"message"`
	Part    event.Part     `json:"part" enum:"do,undo,begin" doc:"Whether it is asked to do the step, to take it back, or whether it may begin."`
	Fields  *schema.Schema `json:"fields,omitempty"`
	// Attachments is how many files must come with a yes at least.
	Attachments int         `json:"attachments,omitempty" doc:"How many files must come with a yes at least."`
	Since       time.Time   `json:"since"`
	Until       time.Time   `json:"until,omitzero"`
	From        []string    `json:"from,omitempty" doc:"The groups of whose people an answer is taken; absent: whoever the policy lets."`
	Quorum      int         `json:"quorum,omitempty" doc:"How many different people must say yes, where it is more than one."`
	Yes         []sdk.Voice `json:"yes,omitempty" doc:"Who has said yes, where it takes more."`
	May         []string    `json:"may,omitempty" doc:"Who of the groups may answer, and has not said yes; absent: it cannot be told."`
}

// Request is something that a person asked of the run.
type Request struct {
	What   event.Type `json:"what"`
	By     string     `json:"by,omitempty"`
	Reason string     `json:"reason,omitempty"`
	Time   time.Time  `json:"time"`
}

// New returns the status of a run before its first event. The plan gives the
// order of the steps and what the events leave out; nil: the events alone speak.
func New(p *plan.Plan) *Status {
	s := &Status{
		Format: StatusFormat,
		Counts: map[event.Status]int{},
		Steps:  []*Step{},
		index:  map[string]*Step{},
		active: map[*Step]bool{},
		used:   limit.NewTally(nil),
	}
	if p == nil {
		return s
	}
	s.RTO, s.limits = p.RTO, p.Limits
	if len(p.Steps) > 0 {
		s.file = p.Steps[0].Range.File
	}
	s.Steps = s.views(p.Steps, nil)
	return s
}

// Read gives the status the runbook's text, to show places of it that failures name.
func (s *Status) Read(runbook []byte) { s.file = source.NewFile("", runbook) }

// Excerpt returns where in the runbook's text the place is; nowhere where that was not read.
func (s *Status) Excerpt(p *event.Place) source.Range {
	if p == nil || s.file == nil {
		return source.Range{}
	}
	return s.file.Range(s.file.Offset(p.Start), s.file.Offset(p.End))
}

// Step returns where the step with the id stands.
func (s *Status) Step(id string) (*Step, bool) {
	step, ok := s.index[id]
	return step, ok
}

// Active returns the steps that are neither pending nor settled, in the plan's order.
func (s *Status) Active() []*Step {
	active := make([]*Step, 0, len(s.active))
	for step := range s.active {
		active = append(active, step)
	}
	slices.SortFunc(active, inOrder)
	return active
}

// Elapsed returns how long the run took, or has taken at the given time.
func (s *Status) Elapsed(now time.Time) time.Duration {
	switch {
	case s.Result != nil && s.Result.Elapsed > 0:
		return s.Result.Elapsed
	case s.Result != nil:
		return s.Updated.Sub(s.Started)
	default:
		return now.Sub(s.Started)
	}
}

// ElapsedAt returns how long the step took, or has taken at the given time.
func (s *Step) ElapsedAt(now time.Time) time.Duration {
	switch {
	case s.Started.IsZero():
		return 0
	case s.Status.Settled() && s.Elapsed > 0:
		return s.Elapsed
	case !s.Ended.IsZero():
		return s.Ended.Sub(s.Started)
	default:
		return now.Sub(s.Started)
	}
}

// LastWords is the last line that the step had printed when it failed: what was printed
// since, while it was taken back, says nothing of why.
func (s *Step) LastWords() string { return s.said }

// MayHaveChanged reports whether something that the run did may still be in the world.
func (s *Status) MayHaveChanged() bool {
	return slices.ContainsFunc(s.Steps, func(step *Step) bool {
		begun := step.Attempt > 0 && step.Status != event.Skipped && step.Status != event.Undone
		return begun && step.Effect != sdk.Read
	})
}

// LeftToTakeBack returns the steps whose change is in the world though there is a way
// to take it back.
func (s *Status) LeftToTakeBack() []string {
	if s.Result == nil {
		return nil
	}
	var ids []string
	for _, id := range s.Result.Changed {
		if step := s.index[id]; step == nil || step.Stays == "" && !step.cleansUp() {
			ids = append(ids, id)
		}
	}
	return ids
}

// Title is the runbook's name and version.
func (s *Status) Title() string { return s.Run.Runbook + " " + s.Run.Version }

// HasFinally reports whether the plan has steps that run at the end.
func (s *Status) HasFinally() bool { return s.closing }

// step returns the view of a step, made when it is first heard of.
func (s *Status) step(id string) *Step {
	if known := s.index[id]; known != nil {
		return known
	}
	made := &Step{ID: id, Status: event.Pending}
	if last := len(s.Steps) - 1; last >= 0 {
		made.place = s.Steps[last].place + 1
	}
	s.Steps = append(s.Steps, made)
	s.index[id] = made
	s.Counts[event.Pending]++
	return made
}

// cleansUp reports whether a step is one of some finally, or in one.
func (s *Step) cleansUp() bool {
	return s.Finally || s.cleans || s.of != nil && s.of.cleansUp() || s.outer != nil && s.outer.cleansUp()
}
