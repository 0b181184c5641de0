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
	measured := &event.Measured{At: m.now, Took: m.now.Sub(m.started), RTO: m.plan.RTO, RPO: m.plan.RPO}
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

// dataLoss computes how much recent data was lost.
func (m *Machine) dataLoss() (time.Duration, error) {
	left := maxWritten
	v, why := m.binding(*m.plan.DataLoss, &left)
	if why != "" {
		return 0, errors.New(why)
	}
	text, ok := v.AsString()
	if !ok {
		return 0, fmt.Errorf("it is %s, and no duration such as 90s", v)
	}
	lost, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%q is no duration such as 90s", text)
	case lost < 0:
		return 0, fmt.Errorf("it is %s, and nothing is lost that is yet to come", lost)
	}
	return lost, nil
}
