package browser

import (
	_ "embed"
	"slices"
)

// looks measures a page: it comes to an object of functions.
//
//go:embed looks.js
var looks string

// Faint returns the texts that are too little in contrast to what is behind them, and the
// shapes and lines of drawings likewise, by the level AA of WCAG 2; and how many were looked at.
func (p *Page) Faint() (found []string, looked int) {
	p.t.Helper()
	var told struct {
		Found  []string `json:"found"`
		Looked int      `json:"looked"`
	}
	p.Eval(looks+".faint()", &told)
	return told.Found, told.Looked
}

// Overflowing returns what reaches beyond the right edge of the page, but for what is within
// something that scrolls.
func (p *Page) Overflowing() []string {
	p.t.Helper()
	var found []string
	p.Eval(looks+".overflowing()", &found)
	return found
}

// Focused describes what the keyboard acts on: where it leads, or else its text, or nothing; and whether
// it can be seen that it has the focus.
func (p *Page) Focused() (what string, seen bool) {
	p.t.Helper()
	var told struct {
		What string `json:"what"`
		Seen bool   `json:"seen"`
	}
	p.Eval(looks+".focused()", &told)
	return told.What, told.Seen
}

// Heard returns what is read out of each element that has the role, to those who do not see.
func (p *Page) Heard(role string) []string {
	p.t.Helper()
	var tree struct {
		Nodes []struct {
			Role, Name struct{ Value any }
			Ignored    bool
		}
	}
	p.call("Accessibility.getFullAXTree", nil, &tree)
	var names []string
	for _, n := range tree.Nodes {
		if name, ok := n.Name.Value.(string); ok && n.Role.Value == role && !n.Ignored {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
