package report

import (
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/report/standing"
)

const (
	screenWidth  = 80 // columns that a terminal has at least
	commandWidth = 46 // columns of a command that has what it is for beside it
)

// commands writes what to type next, each command whole so that it can be copied, and
// beside it, or below one that is long, what it is for.
func (out *page) commands(s *standing.Status) {
	next := s.Commands()
	if len(next) == 0 {
		return
	}
	width := 0
	for _, c := range next {
		if w := layout.Width(c.Type); w <= commandWidth {
			width = max(width, w)
		}
	}
	out.Linef("\n%s", out.Bold("next"))
	for _, c := range next {
		beside := layout.Pad(c.Type, width)
		if layout.Width(c.Type) > width {
			out.Linef("  %s", c.Type)
			beside = layout.Pad("", width)
		}
		for _, line := range layout.Wrap(c.For, screenWidth-width-len("    ")) {
			out.Linef("  %s  %s", beside, out.Dim(line))
			beside = layout.Pad("", width)
		}
	}
}
