package dossier

import (
	"strings"

	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/report/wording"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// foreseen is what the action of a step says that it would do, and what that costs: in a line,
// and for each thing that would change, the difference.
// behind is a step before it that changes something: what is foreseen is of how things are now.
func (out *page) foreseen(preview *sdk.Preview, behind string) []layout.Node {
	if preview == nil || preview.Summary == "" && len(preview.Changes)+len(preview.Cost) == 0 {
		return nil
	}
	node := layout.Node{Text: out.Brief(preview.Summary)}
	if node.Text == "" {
		node.Text = "would change"
	}
	if cost := wording.Cost(preview.Cost); cost != "" {
		node.Text += out.Dim(" for ") + cost
	}
	if behind != "" && isOfTheWorld(preview) {
		node.Text += out.Dim(" (" + asIsNow(behind) + ")")
	}
	for _, c := range preview.Changes {
		node.Parts = append(node.Parts, layout.Node{
			Text: out.Brief(c.Op + " " + c.Target), Lines: out.diff(c.Diff), Diff: true,
		})
	}
	return []layout.Node{node}
}

// isOfTheWorld reports whether what is foreseen depends on how things are now.
func isOfTheWorld(preview *sdk.Preview) bool {
	return len(preview.Observed)+len(preview.Warnings)+len(preview.Blockers) > 0 || preview.NothingToDo()
}

// asIsNow says of what an action says of how things are now, that a step comes before which
// changes something.
func asIsNow(behind string) string { return "as things are before " + behind }

const (
	// around is how many lines of a difference are shown around those that change.
	around = 3
	// shownLines is how many lines of one difference are shown at most.
	shownLines = 60
	// lineWidth is how many columns of one of its lines are.
	lineWidth = 200
)

// diffLine is a line of a difference, or stands for some that are left out.
type diffLine struct {
	text string
	of   int // how many lines it stands for
}

// diff is a unified diff, coloured as such are. Where lines fold, what is unchanged far from
// what changes is left out of it, and so is what would be too long: how much is said.
func (out *page) diff(text string) []string {
	var all []diffLine
	for line := range strings.Lines(text) {
		// Line takes blanks away at both ends, but here those in front mean something.
		all = append(all, diffLine{strings.TrimPrefix(layout.Line("|"+line), "|"), 1})
	}
	if out.Columns > 0 {
		all = cutLines(foldUnchanged(all))
	}
	dressed := make([]string, len(all))
	for i, line := range all {
		dressed[i] = out.diffLine(line.text)
	}
	return dressed
}

func (out *page) diffLine(line string) string {
	switch {
	case strings.HasPrefix(line, "+"):
		return out.Good(line)
	case strings.HasPrefix(line, "-"):
		return out.Bad(line)
	case strings.HasPrefix(line, "@"), strings.HasPrefix(line, "…"):
		return out.Dim(line)
	default:
		return line
	}
}

// foldUnchanged leaves out the middle of what is unchanged for long.
func foldUnchanged(lines []diffLine) []diffLine {
	var kept []diffLine
	for i := 0; i < len(lines); {
		end := i
		for end < len(lines) && strings.HasPrefix(lines[end].text, " ") {
			end++
		}
		if left := end - i - 2*around; left > 1 {
			kept = append(append(kept, lines[i:i+around]...), diffLine{"… " + layout.Plural(left, "unchanged line"), left})
			i = end - around
		}
		kept = append(kept, lines[i:end]...)
		if i = end; i < len(lines) {
			kept = append(kept, lines[i])
			i++
		}
	}
	return kept
}

// cutLines leaves out of lines what would be too many of them, or too wide.
func cutLines(lines []diffLine) []diffLine {
	if len(lines) > shownLines+1 {
		left := 0
		for _, line := range lines[shownLines:] {
			left += line.of
		}
		lines = append(lines[:shownLines:shownLines], diffLine{"… " + layout.Plural(left, "more line") + "; --wide shows all", left})
	}
	for i := range lines {
		if over := layout.Width(lines[i].text) - lineWidth; over > 0 {
			lines[i].text = layout.Cut(lines[i].text, lineWidth) + " (" + layout.Plural(over+1, "more column") + "; --wide shows all)"
		}
	}
	return lines
}
