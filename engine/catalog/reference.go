package catalog

import (
	"fmt"
	"strings"
)

// Reference is the documentation of several actions in Markdown: a table of them, and
// below it the page of each.
func Reference(entries ...*Entry) string {
	var table, pages strings.Builder
	for _, e := range entries {
		d := e.Description
		anchor := strings.ReplaceAll(d.Name, ".", "") // as GitHub and GitLab make it
		fmt.Fprintf(&table, "| [`%s`](#%s) | %s | %s |\n", d.Name, anchor, d.Effect, d.Summary)
		pages.WriteString("\n" + demote(e.Markdown()))
	}
	return "| action | effect | what it does |\n| --- | --- | --- |\n" + table.String() + pages.String()
}

// demote makes the headings of a page one level smaller; what stands in code stays.
func demote(page string) string {
	lines, inCode := strings.Split(page, "\n"), false
	for i, line := range lines {
		switch {
		case strings.HasPrefix(line, "```"):
			inCode = !inCode
		case !inCode && strings.HasPrefix(line, "#"):
			lines[i] = "#" + line
		}
	}
	return strings.Join(lines, "\n")
}
