package model

import (
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// check finds amounts that no cost can come to, by which nothing would be limited.
func (l *Limits) check(d *decoder) {
	for _, most := range l.MaxCost.Entries {
		if !isID(most.Key.Value) || most.Value.Value < 0 {
			continue // of which there is a finding
		}
		if err := (sdk.Cost{most.Key.Value: most.Value.Value}).Validate(); err != nil {
			d.add(diag.OutOfRange.At(most.Value.Range(), "This cannot be counted: %s.", err))
		}
	}
}
