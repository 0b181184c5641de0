package standing

import (
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/report/wording"
)

// LeftOutWords say in which mode a run is done, and what is not done by people's word: by whoever began a part of the runbook,
// and by those who were asked step by step. What they left out alike is said at once.
func (s *Status) LeftOutWords() []string {
	var said []string
	if part := wording.Part(&s.Run); part != "" {
		said = append(said, part)
	}
	var words []string
	steps := map[string][]string{} // by words
	for _, step := range s.leftOutStepwise() {
		why := wording.LeftOut(step.LeftOut)
		if steps[why] == nil {
			words = append(words, why)
		}
		steps[why] = append(steps[why], step.ID)
	}
	for _, why := range words {
		said = append(said, layout.Steps(steps[why])+" "+why)
	}
	return said
}
