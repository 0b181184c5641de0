package plan

import (
	"fmt"
	"slices"
)

// verifier is a handler of an action whose plugin can be looked at without being started.
type verifier interface {
	// Verify looks whether the plugin may be started.
	Verify() error
}

// Verify looks at each plugin that steps use, and returns an error where one of them may
// not be started. What began would otherwise end half-way, at the first step that needs it.
// Nothing is started. but names the connections that are not to be used.
func (p *Plan) Verify(but ...string) error {
	seen := map[string]bool{}
	for _, c := range p.Connections {
		if !c.used || seen[c.Source] || slices.Contains(but, c.Called()) {
			continue
		}
		seen[c.Source] = true
		if err := c.verify(); err != nil {
			return fmt.Errorf("the plugin %s cannot be used: %w", c.Source, err)
		}
	}
	return nil
}

func (c *Connection) verify() error {
	for _, handler := range c.actions {
		if of, ok := handler.(verifier); ok {
			return of.Verify()
		}
	}
	return nil
}
