// Package proof holds what a drill found, as data: what was rehearsed, what was covered, what is
// wrong and what was not looked at.
//
// It is what gatebook drill --format json writes, and what the other formats are made of.
// Floor 5.
package proof

import (
	"time"

	"github.com/gatebook/gatebook/engine/event"
)

// Format names the JSON form of a proof.
const Format = "gatebook/drill/v1"

// Proof is what a drill found.
type Proof struct {
	Format     string      `json:"format" enum:"gatebook/drill/v1"`
	Runbook    Runbook     `json:"runbook"`
	Bounds     Bounds      `json:"bounds" doc:"How far the drill was to go."`
	Counts     Counts      `json:"counts"`
	Stopped    string      `json:"stopped,omitempty" doc:"Why it was stopped before its end, so that this is what was found until then; absent: it was not."`
	Coverage   []Coverage  `json:"coverage" doc:"What the rehearsals came to."`
	Violations []Violation `json:"violations" doc:"What does not hold, each with the shortest rehearsal that shows it."`
	Uncovered  []Uncovered `json:"uncovered" doc:"What no rehearsal came to."`
	Unexplored []string    `json:"unexplored" doc:"What was not looked at, and why, in whole sentences."`
}

// Runbook says which runbook it is.
type Runbook struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Mode    string `json:"mode,omitempty" doc:"The mode in which it was rehearsed; absent: none."`
	File    string `json:"file" doc:"As the user named it."`
	Digest  string `json:"digest" doc:"SHA-256 of the file's bytes."`
	Test    string `json:"test,omitempty" doc:"The test file that says what is supposed; absent: there is none."`
}

// Bounds are how far a drill goes.
type Bounds struct {
	Failures int `json:"failures" doc:"How many things may go wrong in one rehearsal."`
	Pairs    int `json:"pairs" doc:"How many rehearsals of two failures are made at most."`
}

// Counts say how much was rehearsed.
type Counts struct {
	Rehearsals int `json:"rehearsals" doc:"The runs that were made, each to its end or to where another had been."`
	Singles    int `json:"singles" doc:"Of them, those in which one thing went wrong."`
	Pairs      int `json:"pairs" doc:"Of them, those in which two things did."`
	Merged     int `json:"merged" doc:"Of them, those that came to where another had been, so that what follows is known."`
	Alike      int `json:"alike" doc:"What was not rehearsed: failures that are made good as they were before, with nothing else under way."`
	Moments    int `json:"moments" doc:"The moments at which something could go wrong, in the run in which nothing does."`
	States     int `json:"states" doc:"The different states at such moments."`
}

// Coverage is how much of one kind of thing was come to.
type Coverage struct {
	What    string `json:"what" enum:"steps,gates,rollbacks,retries"`
	Covered int    `json:"covered"`
	Of      int    `json:"of"`
}

// Uncovered is one thing that no rehearsal came to.
type Uncovered struct {
	What string `json:"what" enum:"step,gate,rollback,retry"`
	Step string `json:"step"`
	Why  string `json:"why" doc:"Why not, in a whole sentence."`
}

// Violation is one thing that does not hold.
type Violation struct {
	Invariant string   `json:"invariant" enum:"ends,destroy,gate,accounted,way back,locks,finally,goal" doc:"What does not hold."`
	Says      string   `json:"says" doc:"What must hold."`
	Step      string   `json:"step,omitempty" doc:"The step that it is about; absent: it is about the whole run."`
	At        string   `json:"at,omitempty" doc:"Where that stands: file:line:column."`
	Detail    string   `json:"detail" doc:"A whole sentence."`
	Failures  []string `json:"failures" doc:"What has to go wrong for it; empty: nothing."`
	Times     int      `json:"times" doc:"In how many rehearsals it showed."`
	Events    int      `json:"events" doc:"How many events its journal has: no rehearsal with as few failures shows it with fewer."`
	Trace     []Moment `json:"trace" doc:"The shortest rehearsal that shows it."`
}

// Moment is one thing that happened in a rehearsal.
type Moment struct {
	After time.Duration `json:"after" doc:"Since the beginning of the run, in the time of the rehearsal."`
	Who   string        `json:"who" enum:"run,step,world,people" doc:"Who did it."`
	Step  string        `json:"step,omitempty"`
	Part  event.Part    `json:"part,omitempty"`
	What  string        `json:"what"`
	Wrong bool          `json:"wrong,omitempty" doc:"It is what went wrong."`
}
