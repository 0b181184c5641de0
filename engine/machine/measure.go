package machine

import (
	"errors"
	"fmt"
	"time"

	"github.com/gatebook/gatebook/engine/event"
)

// measure holds a run that has succeeded against the objectives of its runbook; nil: it has none,
// and is no drill.
func (m *Machine) measure() *event.Measured {
	if m.plan.RTO == 0 && m.plan.RPO == 0 && m.plan.DataLoss == nil && !m.run.IsDrill() {
		return nil
	}
	measured := &event.Measured{
		At: m.now, Took: m.now.Sub(m.started), RTO: m.plan.RTO, RPO: m.plan.RPO,
		Failed: m.failedUnheeded(), Idle: !m.didSomething(), Altered: m.run.Altered(),
	}
	if m.plan.DataLoss == nil {
		return measured
	}
	lost, err := m.dataLoss()
	if err != nil {
		measured.Why = err.Error()
	} else {
		measured.Lost = &lost
	}
	return measured
}

// failedUnheeded are the steps that failed and did not keep the run from succeeding: those that
// change something or take in a runbook, and all of finally. That one that only looks fails may be
// what it is for.
func (m *Machine) failedUnheeded() []string {
	var failed []string
	for i := range m.steps {
		s, p := &m.steps[i], m.planned[i]
		if s.status == event.Failed && !s.isTemplate && (p.Changes() || p.Runbook != nil || m.cleansUp(i)) {
			failed = append(failed, m.planned[i].ID)
		}
	}
	return failed
}

// didSomething reports whether a step was done, beside those of finally. That what is done for
// many, or takes in a runbook, has succeeded says nothing of whether there was anything in it.
func (m *Machine) didSomething() bool {
	for i := range m.steps {
		s := &m.steps[i]
		if s.status == event.Succeeded && !s.isTemplate && s.loop == nil && s.frame == nil && !m.cleansUp(i) {
			return true
		}
	}
	return false
}

// dataLoss computes how much recent data was lost.
func (m *Machine) dataLoss() (time.Duration, error) {
	left := maxWritten
	v, why := m.binding(*m.plan.DataLoss, &left)
	if why != "" {
		return 0, errors.New(why)
	}
	if v.HasSecret() {
		return 0, errors.New("it is computed of a secret, which no record shows")
	}
	text, ok := v.AsString()
	if !ok {
		return 0, fmt.Errorf("it is of the type %s, and no duration such as 90s", v.Kind())
	}
	lost, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%q is no duration such as 90s", shown(text))
	case lost < 0:
		return 0, fmt.Errorf("it is %s, and nothing is lost that is yet to come", lost)
	}
	return lost, nil
}

// mostShown is how many runes of a text stand in a record that say why it is no duration.
const mostShown = 40

func shown(text string) string {
	if runes := []rune(text); len(runes) > mostShown {
		text = string(runes[:mostShown]) + "…"
	}
	return text
}
