package dossier

import (
	"fmt"
	"io"
	"strings"

	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/review"
)

// MarkdownSize is how many bytes of Markdown a comment on a pull request holds, with some
// room for what somebody puts around it: GitHub takes 65,536 characters.
const MarkdownSize = 65_000

// The shares of a comment: what is before the steps and behind them may take three quarters
// of it together, where a title has its own few bytes, so that there is always room for steps.
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
	var head, steps, rest []string
	all := out.plan(p, r)
	heading := ""
	for i, s := range all {
		s.title = shortened(s.title)
		switch {
		case i == 0:
			head = append(head, markdownHead(s, size/openShare))
		case s.title == out.Bold(firstToLookAt):
			head = append(head, openSection(s, size/openShare))
		case s.step != nil:
			// What stands over steps goes where the first of them goes.
			steps = append(steps, heading+foldedSection(s, size/stepShare))
			heading = ""
		case i == len(all)-1: // the digests, which are not folded
		case len(s.nodes)+len(s.lines) > 0:
			rest = append(rest, foldedSection(s, size/restShare))
		default:
			heading = openSection(s, 0)
		}
	}
	digest := "<sub>plan `" + p.Digest + "`</sub>\n"
	if p.Sealed != "" {
		digest += "\n<sub>sealed as `" + p.Sealed + "`</sub>\n"
	}
	written := len(digest) + lengthOf(head) + lengthOf(rest)
	fit := 0
	for fit < len(steps) && written+len(steps[fit]) < size-len(leftOut(len(steps), len(steps), p)) {
		written += len(steps[fit])
		fit++
	}
	parts := append(head, steps[:fit]...)
	if fit < len(steps) {
		parts = append(parts, leftOut(len(steps)-fit, len(steps), p))
	}
	parts = append(append(parts, rest...), digest)
	if _, err := io.WriteString(w, strings.Join(parts, "")); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// shortened is the title of a section, which somebody may have made a chapter of.
func shortened(title string) string {
	lines := layout.Fold(title, titleLength)
	if len(lines) == 1 {
		return title
	}
	return lines[0] + " …"
}

func lengthOf(parts []string) (n int) {
	for _, part := range parts {
		n += len(part)
	}
	return n
}

func leftOut(left, of int, p *plan.Plan) string {
	return fmt.Sprintf("\n*%d of %s are left out here, as a comment holds no more. All of them: `gatebook plan %s`*\n\n",
		left, layout.Plural(of, "step"), strings.ReplaceAll(layout.Line(p.Runbook.File), "`", "'"))
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
