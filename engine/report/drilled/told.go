package drilled

import (
	"github.com/gatebook/gatebook/engine/drill/proof"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/layout"
)

// most is of how many instances of a step a rehearsal is told in full.
const most = 6

// told is what of a rehearsal is told to people, and what is left out. Of a step that is done for
// many the first, the second and the last instance stand for all in which nothing goes wrong, so that
// what does is not lost among them. The JSON has all.
func told(v proof.Violation) (trace []proof.Moment, left []string) {
	wrong := map[string]bool{v.Step: true}
	instances := make(map[string][]string) // by their step, in the order in which they are heard of
	var steps []string
	known := make(map[string]bool)
	for _, m := range v.Trace {
		wrong[m.Step] = wrong[m.Step] || m.Wrong
		of := event.Template(m.Step)
		if of == m.Step || known[m.Step] {
			continue
		}
		if known[m.Step] = true; len(instances[of]) == 0 {
			steps = append(steps, of)
		}
		instances[of] = append(instances[of], m.Step)
	}
	hidden := make(map[string]bool)
	for _, of := range steps {
		all := instances[of]
		if len(all) <= most {
			continue
		}
		count := 0
		for _, id := range all[2 : len(all)-1] {
			if !wrong[id] {
				hidden[id] = true
				count++
			}
		}
		left = append(left, layout.Plural(count, "more instance")+" of "+of+", in which nothing goes wrong")
	}
	for _, m := range v.Trace {
		if !hidden[m.Step] {
			trace = append(trace, m)
		}
	}
	return trace, left
}
