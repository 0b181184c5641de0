// Package differences shows people what a change to a runbook means. Floor 8.
package differences

import (
	"fmt"
	"io"
	"strings"

	"github.com/gatebook/gatebook/engine/compare"
	"github.com/gatebook/gatebook/engine/report/layout"
)

// JSON writes a comparison as one document.
func JSON(w io.Writer, c *compare.Comparison) error { return layout.JSON(w, c) }

// Text writes a comparison for a terminal.
func Text(w io.Writer, c *compare.Comparison, style layout.Style) error {
	page := &layout.Page{}
	page.Linef("%s", style.Bold(title(c)))
	page.Linef("%s", dressed(style, c.Risk, summary(c)))
	for _, risk := range compare.Risks() {
		nodes := nodesOf(style, c, risk)
		if len(nodes) == 0 {
			continue
		}
		page.Linef("")
		page.Linef("%s", dressed(style, risk, heading(risk)))
		page.Tree("", nodes)
	}
	for _, line := range unsaid(c) {
		page.Linef("")
		page.Linef("%s", style.Dim(line))
	}
	return page.Print(w)
}

// MarkdownSize is how many bytes of Markdown a comment has room for, with some to spare.
const MarkdownSize = 60_000

// ends is what a comment takes at most beside its title and its changes: headings, and what
// is said of what is left out.
const ends = 1_500

// Markdown writes a comparison for a comment on a pull request: what raises the risk, and what
// nobody could decide, is open. It has at most so many bytes, and says what is left out.
func Markdown(w io.Writer, c *compare.Comparison, most int) error {
	page, bare := &layout.Page{}, layout.Style{}
	name := layout.Markdown(title(c))
	if len(name) > most/10 {
		name = "what has changed" // who named the file has made a chapter of it
	}
	page.Linef("### %s", name)
	page.Linef("")
	page.Linef("%s", layout.Markdown(summary(c)))
	for _, risk := range compare.Risks() {
		nodes := nodesOf(bare, c, risk)
		if len(nodes) == 0 {
			continue
		}
		folded := risk == compare.Lower || risk == compare.Same
		page.Linef("")
		if folded {
			page.Linef("<details><summary>%s (%d)</summary>", layout.Summary(heading(risk)), c.Counts[risk])
		} else {
			page.Linef("**%s**", layout.Markdown(heading(risk)))
		}
		page.Linef("")
		for i, n := range nodes {
			lines := inMarkdown(n)
			if len(page.Text())+len(lines)+ends > most {
				page.Linef("- … and %s more; gatebook diff says which", layout.Plural(len(nodes)-i, "change"))
				break
			}
			page.Linef("%s", lines)
		}
		if folded {
			page.Linef("")
			page.Linef("</details>")
		}
	}
	for _, line := range unsaid(c) {
		page.Linef("")
		page.Linef("%s", layout.Markdown(line))
	}
	return page.Print(w)
}

// inMarkdown is a change as an item of a list.
func inMarkdown(n layout.Node) string {
	lines := []string{"- " + layout.Markdown(n.Text)}
	for _, part := range n.Parts {
		lines = append(lines, "  - "+layout.Markdown(part.Text))
	}
	return strings.Join(lines, "\n")
}

func title(c *compare.Comparison) string {
	version := c.After.Version
	if c.Before.Version != c.After.Version {
		version = c.Before.Version + " → " + c.After.Version
	}
	name := c.After.Name
	if c.Before.Name != c.After.Name {
		name = c.Before.Name + " → " + c.After.Name
	}
	return layout.Line(fmt.Sprintf("%s %s  (%s → %s)", name, version, c.Before.File, c.After.File))
}

// summary says how many changes there are of each risk.
func summary(c *compare.Comparison) string {
	if len(c.Changes) == 0 {
		return "nothing that a run does has changed"
	}
	var parts []string
	say := func(risk compare.Risk, format string, args ...any) {
		if c.Counts[risk] > 0 {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	say(compare.Higher, "%s the risk", counted(c.Counts[compare.Higher], "raises", "raise"))
	say(compare.Undecided, "%s looked at", counted(c.Counts[compare.Undecided], "must be", "must be"))
	say(compare.Lower, "%s it", counted(c.Counts[compare.Lower], "lowers", "lower"))
	say(compare.Same, "%s it as it is", counted(c.Counts[compare.Same], "leaves", "leave"))
	return strings.Join(parts, " · ")
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 change " + one
	}
	return fmt.Sprintf("%d changes %s", n, many)
}

func heading(risk compare.Risk) string {
	switch risk {
	case compare.Higher:
		return "raises the risk"
	case compare.Undecided:
		return "must be looked at: whether it is riskier cannot be told"
	case compare.Lower:
		return "lowers the risk"
	default:
		return "no riskier"
	}
}

func dressed(style layout.Style, risk compare.Risk, text string) string {
	switch risk {
	case compare.Higher:
		return style.Bad(text)
	case compare.Undecided:
		return style.Warn(text)
	case compare.Lower:
		return style.Good(text)
	default:
		return text
	}
}

// nodesOf are the changes of one risk.
func nodesOf(style layout.Style, c *compare.Comparison, risk compare.Risk) []layout.Node {
	var nodes []layout.Node
	for _, change := range c.Changes {
		if change.Risk != risk {
			continue
		}
		text := layout.Line(change.What)
		if change.Step != "" {
			text = style.Bold(layout.Line(change.Step)) + ": " + text
		}
		if change.At != "" {
			text += "  " + style.Dim(layout.Line(change.At))
		}
		nodes = append(nodes, layout.Node{Text: text, Parts: details(change)})
	}
	return nodes
}

func details(change compare.Change) []layout.Node {
	var parts []layout.Node
	if change.Before != "" || change.After != "" {
		parts = append(parts, layout.Node{Text: layout.Line(or(change.Before) + " → " + or(change.After))})
	}
	if change.Example != "" {
		parts = append(parts, layout.Node{Text: layout.Line(change.Example)})
	}
	return parts
}

func or(text string) string {
	if text == "" {
		return "(nothing)"
	}
	return text
}

// unsaid is what a comparison does not know.
func unsaid(c *compare.Comparison) []string {
	if c.Asked {
		return nil
	}
	return []string{"What the actions would touch is not compared: no action was asked."}
}
