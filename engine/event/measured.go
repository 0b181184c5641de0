package event

import "time"

// Measured is what a run that succeeded took and lost, held against the objectives of its runbook.
type Measured struct {
	At   time.Time     `json:"at" doc:"When the run had succeeded."`
	Took time.Duration `json:"took" doc:"How long it took from its beginning, all time counted: waiting for people, and pauses too."`
	RTO  time.Duration `json:"rto,omitempty" doc:"How long it may take; absent: nothing is promised."`
	// Lost is a pointer, as nothing lost is something else than nobody knows.
	Lost *time.Duration `json:"lost,omitempty" doc:"How much recent data was lost; absent: it was not measured."`
	RPO  time.Duration  `json:"rpo,omitempty" doc:"How much may be lost; absent: nothing is promised."`
	Why  string         `json:"unmeasured,omitempty" doc:"Why the data loss could not be measured, where it was to be."`

	Failed  []string `json:"failed,omitempty" doc:"The steps that failed though the run succeeded, of those that change something or are of finally."`
	Idle    bool     `json:"idle,omitempty" doc:"No step was done but those of finally."`
	Altered []string `json:"altered,omitempty" doc:"Of a run in a mode, in what it was not done as the mode says, in words; absent: in nothing."`
}

// Late is how much longer it took than it may; nothing where that was kept, or nothing is promised.
func (m *Measured) Late() time.Duration {
	if m.RTO == 0 {
		return 0
	}
	return max(0, m.Took-m.RTO)
}

// Over is how much more was lost than may be; nothing where that was kept, nothing is promised, or
// it was not measured.
func (m *Measured) Over() time.Duration {
	if m.RPO == 0 || m.Lost == nil {
		return 0
	}
	return max(0, *m.Lost-m.RPO)
}

// Met reports whether all that is promised was kept. What was to be measured and was not has not
// been, as far as anybody knows.
func (m *Measured) Met() bool {
	return m != nil && m.Late() == 0 && m.Over() == 0 && m.Why == ""
}

// LastDrill is the last good drill of a runbook before a run began, by the state folder of who
// began it.
type LastDrill struct {
	Runbook string     `json:"runbook"`
	At      *time.Time `json:"at,omitempty" doc:"When it had succeeded; absent: there was none."`
	Run     string     `json:"run,omitempty" doc:"Its id."`
	// Unread may have been drills, or newer ones.
	Unread []string `json:"unread,omitempty" doc:"The runs that cannot be read, and may have been such drills."`
}

// LastDrillOf returns the last good drill of a runbook among some; one without a time: there was none.
func LastDrillOf(runbook string, drills []LastDrill) LastDrill {
	for _, d := range drills {
		if d.Runbook == runbook {
			return d
		}
	}
	return LastDrill{Runbook: runbook}
}
