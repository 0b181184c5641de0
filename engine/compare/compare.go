// Package compare says what a change to a runbook means to whoever operates it: a step
// without a way back, a gate that lets more pass, three more minutes. It compares two plans
// for the same inputs, decides what it can, and says "undecided" of all else.
//
// Conditions are compared by what they say and not by their words: what is called weaker is
// proven to be no stronger, and comes with an example that passes now. Floor 7.
package compare

import (
	"slices"
	"time"

	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/compare/sides"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/review"
)

// Format names the JSON form of a comparison.
const Format = "gatebook/diff/v1"

// Version is one of the two versions of a runbook.
type Version struct {
	Runbook *check.Runbook
	Plan    *plan.Plan
	Review  *review.Review
	// Now is when it was read: windows are compared from then on.
	Now time.Time
}

// Risk says whether a change makes a run riskier.
type Risk string

// The risks, the worst first.
const (
	Higher    Risk = "higher"
	Undecided Risk = "undecided" // a person must look
	Lower     Risk = "lower"
	Same      Risk = "same" // it changes what a run does, and no risk of it
)

// Risks are all risks, the worst first.
func Risks() []Risk { return []Risk{Higher, Undecided, Lower, Same} }

// Aspect is what of a runbook has changed.
type Aspect string

// The aspects.
const (
	AStep       Aspect = "step"        // it is new, gone or called otherwise
	AnAction    Aspect = "action"      // which action a step uses
	AnEffect    Aspect = "effect"      // whether it reads, changes or destroys
	AConnection Aspect = "connection"  // what is reached, and by whom
	AParameter  Aspect = "parameter"   // what an action is given
	AnOrder     Aspect = "order"       // what a step waits for
	ALoop       Aspect = "foreach"     // what a step is done for
	ABatch      Aspect = "batch"       // how it goes through that
	ABetween    Aspect = "between"     // what must hold after each batch
	AWhen       Aspect = "when"        // when a step is skipped
	AGate       Aspect = "gate"        // what must hold before
	AVerify     Aspect = "verify"      // what must hold after
	ARollback   Aspect = "rollback"    // what takes a step back
	ARetry      Aspect = "retry"       // how often it is tried
	ATimeout    Aspect = "timeout"     // how long it may take
	AFailure    Aspect = "onFailure"   // what follows from its failure
	AnInput     Aspect = "input"       // what the caller gives
	AVar        Aspect = "var"         // what has a name
	AMode       Aspect = "mode"        // what is otherwise in a drill, or another mode
	AWindow     Aspect = "window"      // when something may be changed
	ALimit      Aspect = "limit"       // how much a run may do
	ALock       Aspect = "lock"        // which runs exclude each other
	AnObjective Aspect = "objective"   // what is promised
	NoReturn    Aspect = "noReturn"    // from where there is no way back
	TheTime     Aspect = "time"        // how long it takes
	TheRadius   Aspect = "blastRadius" // what is touched
	AnOutput    Aspect = "output"      // what a run gives back, and what is recorded of it
	TheMetadata Aspect = "metadata"    // what it is called and needs
)

// Change is one thing that is otherwise.
type Change struct {
	Risk    Risk   `json:"risk" enum:"higher,undecided,lower,same" doc:"Whether it makes a run riskier."`
	Aspect  Aspect `json:"aspect" enum:"step,action,effect,connection,parameter,order,foreach,batch,between,when,gate,verify,rollback,retry,timeout,onFailure,input,var,mode,window,limit,lock,objective,noReturn,time,blastRadius,output,metadata" doc:"What has changed."`
	Step    string `json:"step,omitempty" doc:"The step of which it has; absent: the runbook as a whole."`
	What    string `json:"what" doc:"What it means, as a sentence without its full stop."`
	Before  string `json:"before,omitempty"`
	After   string `json:"after,omitempty"`
	Example string `json:"example,omitempty" doc:"A case in which a condition now says something else."`
	At      string `json:"at,omitempty" doc:"Its place: file:line:column, in the old file of what is gone."`
}

// Comparison is what has changed.
type Comparison struct {
	Format  string       `json:"format" enum:"gatebook/diff/v1"`
	Before  plan.Header  `json:"before"`
	After   plan.Header  `json:"after"`
	Risk    Risk         `json:"risk" enum:"higher,undecided,lower,same" doc:"The worst of all changes; same where there is none."`
	Counts  map[Risk]int `json:"counts" doc:"How many changes have which risk."`
	Changes []Change     `json:"changes" doc:"The worst first, and otherwise in the order of the file."`
	Asked   bool         `json:"asked" doc:"Whether the actions were asked what they would touch; else the blast radius is not compared."`
}

// Of compares two versions.
func Of(before, after Version) *Comparison {
	c := &comparer{Pair: sides.Of(before.Runbook, before.Plan, after.Runbook, after.Plan), reviews: [2]*review.Review{before.Review, after.Review}}
	c.whole()
	c.windows(before.Runbook.Windows, after.Runbook.Windows, after.Now)
	c.results(c.steps())
	slices.SortStableFunc(c.changes, func(a, b Change) int {
		return slices.Index(Risks(), a.Risk) - slices.Index(Risks(), b.Risk)
	})
	made := &Comparison{
		Format: Format, Before: before.Plan.Runbook, After: after.Plan.Runbook, Risk: Same,
		Counts: map[Risk]int{}, Changes: append([]Change{}, c.changes...), Asked: c.asked(), // none is a list too
	}
	for _, risk := range Risks() {
		made.Counts[risk] = 0
	}
	for i, change := range c.changes {
		if i == 0 {
			made.Risk = change.Risk
		}
		made.Counts[change.Risk]++
	}
	return made
}

// comparer compares two versions.
type comparer struct {
	*sides.Pair
	reviews [2]*review.Review
	changes []Change
	orders  [2]*order // of the steps of both; made once it is known which are the same
}

// asked reports whether the actions of both were asked what they would do.
func (c *comparer) asked() bool { return !c.Before.Plan.Offline && !c.After.Plan.Offline }

func (c *comparer) add(change Change) { c.changes = append(c.changes, change) }

// differs adds a change where two texts are not the same.
func (c *comparer) differs(change Change) {
	if change.Before != change.After {
		c.add(change)
	}
}
