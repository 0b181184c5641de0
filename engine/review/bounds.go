package review

import (
	"github.com/gatebook/gatebook/engine/limit"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report/wording"
)

// Bound is how much of something a run may do.
type Bound struct {
	Keys  []string // under which it stands in the runbook
	Max   float64
	Words string // Max, in words
}

// Bounds are the limits of a plan by what people call them: "maxChanges", "maxCost of usd".
func Bounds(p *plan.Plan) map[string]Bound {
	found := map[string]Bound{}
	for _, line := range limit.Lines(p.Limits, limit.Used{}) {
		name, keys := string(line.Limit), []string{"limits", string(line.Limit)}
		if line.Unit != "" {
			name, keys = name+" of "+line.Unit, append(keys, line.Unit)
		}
		found[name] = Bound{Keys: keys, Max: line.Max, Words: wording.Most(line)}
	}
	return found
}
