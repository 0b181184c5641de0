package review

import "github.com/gatebook/gatebook/engine/plan"

// Behind says of each step that some step comes before which changes something, by its id,
// which one that is: the last before it. What an action foresees there is of a world that will
// be another by then.
func Behind(p *plan.Plan) map[string]string {
	last, behind := make([]int, len(p.Steps)), map[string]string{} // the place of that step, from 1
	order := p.Order()
	for i, s := range p.Steps {
		for _, edge := range order[i] {
			before := last[edge.From]
			if of := p.Steps[edge.From]; of.Changes() && !of.Skipped() {
				before = edge.From + 1
			}
			last[i] = max(last[i], before)
		}
		if last[i] > 0 {
			behind[s.ID] = p.Steps[last[i]-1].ID
		}
	}
	return behind
}
