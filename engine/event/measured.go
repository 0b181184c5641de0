package event

import (
	"fmt"
	"time"
)

// Measured is what a run that succeeded took and lost, held against the objectives of its runbook.
type Measured struct {
	At   time.Time     `json:"at" doc:"When the run had succeeded."`
	Took time.Duration `json:"took" doc:"How long it took from its beginning, all time counted: waiting for people, and pauses too."`
	RTO  time.Duration `json:"rto,omitempty" doc:"How long it may take; absent: nothing is promised."`
	// Lost is a pointer, as nothing lost is something else than nobody knows.
	Lost *time.Duration `json:"lost,omitempty" doc:"How much recent data was lost; absent: it was not measured."`
	RPO  time.Duration  `json:"rpo,omitempty" doc:"How much may be lost; absent: nothing is promised."`
	Why  string         `json:"unmeasured,omitempty" doc:"Why the data loss could not be measured, where it was to be."`
}

// Met reports whether all that is promised was measured, and kept.
func (m *Measured) Met() bool { return m != nil && len(m.Missed()) == 0 }

// Missed returns the objectives that were not kept, by how much, each as a sentence without its
// full stop. What was not measured was not kept, as far as anybody knows.
func (m *Measured) Missed() []string {
	var missed []string
	if m.RTO > 0 && m.Took > m.RTO {
		missed = append(missed, fmt.Sprintf("it took %s longer than the rto of %s", rounded(m.Took-m.RTO), m.RTO))
	}
	switch {
	case m.Why != "":
		missed = append(missed, "the data loss was not measured: "+m.Why)
	case m.RPO > 0 && m.Lost != nil && *m.Lost > m.RPO:
		missed = append(missed, fmt.Sprintf("it lost %s more than the rpo of %s", rounded(*m.Lost-m.RPO), m.RPO))
	}
	return missed
}

// rounded is a span as people want it, and never none of something.
func rounded(d time.Duration) time.Duration {
	if r := d.Round(time.Millisecond); r > 0 {
		return r
	}
	return d
}

// LastDrill is the last good drill of a runbook before a run began, by the state folder of who
// began it.
type LastDrill struct {
	Runbook string     `json:"runbook"`
	At      *time.Time `json:"at,omitempty" doc:"When it had succeeded; absent: there was none."`
	Run     string     `json:"run,omitempty" doc:"Its id."`
}

// LastDrillOf returns the last good drill of a runbook among some; false: there was none.
func LastDrillOf(runbook string, drills []LastDrill) (LastDrill, bool) {
	for _, d := range drills {
		if d.Runbook == runbook && d.At != nil {
			return d, true
		}
	}
	return LastDrill{}, false
}

// IsDrill reports whether the run is a drill: all of its runbook, in the mode drill.
func (r Run) IsDrill() bool {
	return r.Choice.ModeName() == Drill && !r.Choice.IsPart() && !r.Stepwise
}
