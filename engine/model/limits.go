package model

import (
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// leastAmount is the smallest amount of a cost that is told from none: engine/limit counts by it.
const leastAmount = 1e-6

// check finds amounts that no cost can come to, by which nothing would be limited, and those that
// would count as none at all.
func (l *Limits) check(d *decoder) {
	for _, most := range l.MaxCost.Entries {
		if !isID(most.Key.Value) || most.Value.Value < 0 {
			continue // of which there is a finding
		}
		if amount := most.Value.Value; amount > 0 && amount < leastAmount {
			d.add(diag.OutOfRange.At(most.Value.Range(), "Costs are counted to a millionth, and this is less.").WithHint("write 0 where there is to be none"))
		}
		if err := (sdk.Cost{most.Key.Value: most.Value.Value}).Validate(); err != nil {
			d.add(diag.OutOfRange.At(most.Value.Range(), "This cannot be counted: %s.", err))
		}
	}
}
