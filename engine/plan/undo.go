package plan

import (
	"cmp"
	"time"

	"github.com/gatebook/gatebook/engine/check"
)

// What holds where the runbook has no retry at all: what the format's own defaults are
// where it has one.
const (
	retryDelay    = time.Second
	retryMaxDelay = time.Minute
	retryFactor   = 2
	// UndoAttempts is how often a compensation is tried. What cannot be taken back needs a
	// person, so that one that may yet succeed is tried for about two minutes beside what
	// the attempts take: as long as a server is away that is started anew.
	UndoAttempts = 9
	// undoTimeouts is how many of these may run out of time at least, and undoPatience for how
	// long in all: whoever waits for the rollback is not to wait nine times for an undo that
	// hangs, and a server that is started anew is waited for also where it shows as silence.
	undoTimeouts = 3
	undoPatience = 5 * time.Minute
)

// retry plans how often a step is tried. Its condition is asked in the run alone.
func (m *maker) retry(said *check.Retry) Retry {
	if said != nil && said.If != nil {
		for _, ref := range said.If.Refs() {
			if id := m.missing(ref); id != "" {
				m.lacks(id, said.Model.If.Range())
				break
			}
		}
	}
	return retryOf(said, 1)
}

func retryOf(said *check.Retry, attempts int) Retry {
	if said == nil {
		return Retry{Attempts: attempts, Delay: retryDelay, MaxDelay: retryMaxDelay, Factor: retryFactor}
	}
	retry := Retry{
		Attempts: int(said.Model.Attempts.Value),
		Delay:    said.Model.Delay.Value,
		MaxDelay: said.Model.MaxDelay.Value,
		Factor:   said.Model.Factor.Value,
	}
	if said.If != nil {
		retry.If, retry.IfExpr = said.If, said.If.Text()
	}
	return retry
}

// undoRetry is the retry of a compensation, of which an attempt may take so long.
func undoRetry(said *check.Retry, timeout time.Duration) Retry {
	retry := retryOf(said, UndoAttempts)
	if said != nil || timeout == 0 {
		return retry
	}
	if most := max(undoTimeouts, int((undoPatience+timeout-1)/timeout)); most < retry.Attempts {
		retry.Timeouts = most
	}
	return retry
}

// compensation plans how a step is taken back; nil where nothing does.
func (m *maker) compensation(step *check.Step) *Compensation {
	described := step.Use.Action.Description
	back := step.Rollback
	switch {
	case step.Use.Action.Reads(), step.Runbook != nil: // of which each step has its own
		return nil
	case back == nil && described.CanUndo:
		return &Compensation{Own: true, Retry: undoRetry(nil, step.Model.Timeout.Value), Timeout: step.Model.Timeout.Value}
	case back == nil && described.NothingToUndo != "":
		return &Compensation{None: described.NothingToUndo}
	case back == nil:
		return nil
	case back.Model.None.Node != nil:
		return &Compensation{None: back.Model.None.Value, At: back.Model.Node.Range().String()}
	}
	// A way back that hangs is worse than one that fails: it takes as long as the way there
	// may.
	timeout := cmp.Or(back.Model.Timeout.Value, step.Model.Timeout.Value)
	compensation := &Compensation{
		Own:     back.Use == nil,
		Retry:   undoRetry(back.Retry, timeout),
		Timeout: timeout,
		At:      back.Model.Node.Range().String(),
	}
	if back.Use != nil {
		use := m.use(back.Use, back.On)
		compensation.Use = &use
	}
	return compensation
}
