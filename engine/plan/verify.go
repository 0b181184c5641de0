package plan

import (
	"fmt"
	"slices"
)

// Verify looks at each plugin that steps use, and returns an error where one of them may
// not be started. What began would otherwise end half-way, at the first step that needs it.
// Nothing is started. but names the connections that are not to be used.
func (p *Plan) Verify(but ...string) error {
	seen := map[string]bool{}
	for _, c := range p.Connections {
		if !c.Used || seen[c.Source] || slices.Contains(but, c.Called()) {
			continue
		}
		seen[c.Source] = true
		if err := c.Verify(); err != nil {
			return fmt.Errorf("the plugin %s cannot be used: %w", c.Source, err)
		}
	}
	return nil
}
