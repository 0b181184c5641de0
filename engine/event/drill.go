package event

// Drill is the mode in which a run is a drill.
const Drill = "drill"

// IsDrill reports whether the run is a drill: done in the mode drill. What it is worth as one, be
// it nothing, is said by [Run.DrillResult].
func (r Run) IsDrill() bool { return r.Choice.ModeName() == Drill }

// InForce is the mode of a run as its expressions and policies see it: the one in which it is done,
// and none where an input that the mode sets was given another value. Both see the same, so that
// who has said that it is a drill cannot do to production what is open to drills alone.
func (c *Choice) InForce(others []string) string {
	if len(others) > 0 {
		return ""
	}
	return c.ModeName()
}

// Altered says in what a run is not done as its mode says, each in words; nil: in nothing, or it
// is done in no mode.
func (r Run) Altered() []string {
	if r.Choice.ModeName() == "" {
		return nil
	}
	said := r.OtherInputs()
	if part := r.Choice.Part(); part != nil {
		said = append(said, "a part was left out ("+part.String()+")")
	}
	if r.Stepwise {
		said = append(said, "it goes step by step")
	}
	for _, over := range r.Overrides {
		said = append(said, "the window "+over.Window+" counts as open by the word of "+over.By)
	}
	return said
}

// OtherInputs says of each input that the mode sets, and that has another value, that it has.
func (r Run) OtherInputs() []string {
	var said []string
	for _, input := range r.Others {
		said = append(said, "the input "+input+" was given another value")
	}
	return said
}

// DrillResult says what a drill that succeeded is worth.
type DrillResult string

// What drills are worth, the worst that is so of one.
const (
	AlteredDrill DrillResult = "altered" // it was not done as its mode says
	FaultyDrill  DrillResult = "faulty"  // a step failed that counts, or no step was done
	MissedDrill  DrillResult = "missed"  // it did not keep what is promised
	GoodDrill    DrillResult = "good"
)

// DrillResult is what a run was worth as a drill; empty: it was none, or has not succeeded. A run
// that was measured by an older gatebook says in its first record alone in what it was altered.
func (r Run) DrillResult(m *Measured) DrillResult {
	switch {
	case !r.IsDrill() || m == nil:
		return ""
	case len(r.Altered()) > 0 || len(m.Altered) > 0:
		return AlteredDrill
	case m.Idle || len(m.Failed) > 0:
		return FaultyDrill
	case !m.Met():
		return MissedDrill
	default:
		return GoodDrill
	}
}
