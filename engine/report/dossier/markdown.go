package dossier

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/review"
)

// MarkdownSize is how many bytes of Markdown a comment on a pull request holds, with some
// room for what somebody puts around it: GitHub takes 65,536 characters.
const MarkdownSize = 65_000

// The shares of a comment: what is before the steps and behind them takes about three quarters
// of it at most, so that there is room for steps. That the whole is no longer than it may be
// does not hang on them, see [room].
const (
	openShare   = 4  // of the head, and of what is to be looked at first, one part in so many
	restShare   = 20 // of each section behind the steps
	stepShare   = 4  // of each step
	titleLength = 200
)

// Markdown writes a plan as Markdown that a comment on a pull request shows well: what it
// comes to and what stands in its way are open, the rest is folded. Of a plan that would be
// longer than size bytes as much is written as fits, and how much is left out.
func Markdown(w io.Writer, p *plan.Plan, r *review.Review, size int) error {
	out := newPage(layout.Style{Colour: true}) // dresses become markup
	c := out.comment(out.plan(p, r), size)
	digest := "<sub>plan `" + p.Digest + "`</sub>\n"
	if p.Sealed != "" {
		digest += "\n<sub>sealed as `" + p.Sealed + "`</sub>\n"
	}
	// What is said of what is left out has its room first, and then what a reader wants first.
	of := len(c.steps)
	left := room(size - len(digest) - len(leftOut(of, of, p)) - len(partsLeftOut))
	head, rest := left.take(c.head), left.take(c.rest)
	steps := left.take(c.steps)
	parts := append(head, steps...)
	if len(steps) < of {
		parts = append(parts, leftOut(of-len(steps), of, p))
	}
	parts = append(parts, rest...)
	if len(head) < len(c.head) || len(rest) < len(c.rest) {
		parts = append(parts, partsLeftOut)
	}
	if _, err := io.WriteString(w, strings.Join(append(parts, digest), "")); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// comment is a plan as the parts of a comment: what stands before the steps, they, and what
// stands behind them. Each is whole, so that it may be left out.
type comment struct{ head, steps, rest []string }

func (out *page) comment(all []section, size int) (c comment) {
	heading := ""
	for i, s := range all {
		s.title = shortened(s.title)
		switch {
		case i == 0:
			c.head = append(c.head, markdownHead(s, size/openShare))
		case s.title == out.Bold(firstToLookAt):
			c.head = append(c.head, openSection(s, size/openShare))
		case s.step != nil:
			// What stands over steps goes where the first of them goes.
			c.steps = append(c.steps, heading+foldedSection(s, size/stepShare))
			heading = ""
		case i == len(all)-1: // the digests, which are not folded
		case len(s.nodes)+len(s.lines) > 0:
			c.rest = append(c.rest, foldedSection(s, size/restShare))
		default:
			heading = openSection(s, 0)
		}
	}
	return c
}

// room is how many bytes a comment still has.
type room int

// take returns the first of the parts, as many as there is room for.
func (r *room) take(parts []string) []string {
	for i, part := range parts {
		if len(part) > int(*r) {
			return parts[:i:i]
		}
		*r -= room(len(part))
	}
	return slices.Clip(parts)
}

// partsLeftOut says that not even what is before the steps and behind them is all there.
const partsLeftOut = "\n*Parts of the plan are left out here, as a comment holds no more.*\n\n"

// shortened is the title of a section, which somebody may have made a chapter of.
func shortened(title string) string {
	lines := layout.Fold(title, titleLength)
	if len(lines) == 1 {
		return title
	}
	return lines[0] + " …"
}

// longestName is how long the name of a file may be to stand in a sentence.
const longestName = 500

func leftOut(left, of int, p *plan.Plan) string {
	file := strings.ReplaceAll(layout.Line(p.Runbook.File), "`", "'")
	if len(file) > longestName {
		file = "FILE"
	}
	return fmt.Sprintf("\n*%d of %s are left out here, as a comment holds no more. All of them: `gatebook plan %s`*\n\n",
		left, layout.Plural(of, "step"), file)
}

// markdownHead is the first section of a plan: a paragraph, and a list of what is given.
func markdownHead(s section, size int) string {
	var lines []string
	for _, line := range s.lines {
		text := strings.TrimLeft(line, " ")
		if indent := len(line) - len(text); indent > 0 {
			lines = append(lines, strings.Repeat(" ", indent-2)+"- "+layout.Markdown(text))
			continue
		}
		lines = append(lines, layout.Markdown(line)+"  ")
	}
	return "### " + strings.ReplaceAll(layout.Markdown(s.title), "**", "") + "\n\n" + bounded(lines, size) + "\n"
}

// openSection is a section that is seen at once.
func openSection(s section, size int) string {
	return "#### " + strings.ReplaceAll(layout.Markdown(s.title), "**", "") + "\n\n" + body(s, size) + "\n"
}

// foldedSection is a section of which the title is seen at first.
func foldedSection(s section, size int) string {
	return "<details><summary>" + layout.Summary(s.title) + "</summary>\n\n" + body(s, size) + "\n</details>\n\n"
}

// body is what belongs to a section, and where that is too long what is left out of it.
func body(s section, size int) string {
	var lines []string
	for _, line := range s.lines {
		lines = append(lines, "- "+layout.Markdown(strings.TrimLeft(line, " ")))
	}
	return bounded(appendNodes(lines, "", s.nodes), size)
}

// bounded is lines as long as they fit, and how many do not.
func bounded(lines []string, size int) string {
	var b strings.Builder
	for i, line := range lines {
		if b.Len()+len(line) > size {
			// A block that is open here would swallow what follows.
			if fence := openFence(lines[:i]); fence != "" {
				b.WriteString(fence + "\n")
			}
			fmt.Fprintf(&b, "\n*%s more*\n", layout.Plural(len(lines)-i, "line"))
			break
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

// openFence is the fence of a block that the lines leave open, with its indent.
func openFence(lines []string) (fence string) {
	for _, line := range lines {
		text := strings.TrimLeft(line, " ")
		marks := len(text) - len(strings.TrimLeft(text, "`"))
		switch {
		case marks >= 3 && fence == "":
			fence = line[:len(line)-len(text)] + text[:marks]
		case fence != "" && strings.TrimSpace(line) == strings.TrimSpace(fence):
			fence = ""
		}
	}
	return fence
}

// appendNodes adds nodes as a list within a list.
func appendNodes(lines []string, indent string, nodes []layout.Node) []string {
	for _, n := range nodes {
		lines = append(lines, indent+"- "+layout.Markdown(n.Text))
		if len(n.Lines) > 0 {
			language := ""
			if n.Diff {
				language = "diff"
			}
			for _, line := range layout.Fence(language, n.Lines) {
				lines = append(lines, indent+"  "+line)
			}
		}
		lines = appendNodes(lines, indent+"  ", n.Parts)
	}
	return lines
}
