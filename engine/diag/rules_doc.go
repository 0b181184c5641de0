package diag

import (
	"fmt"
	"io"
	"strings"
)

const rulesHead = `# Diagnostics

Everything that gatebook can say about a file, by code. This page is generated from
the rules in ` + "`engine/diag`" + `; each code keeps its meaning forever.

`

// WriteRules writes the page docs/diagnostics.md.
func WriteRules(w io.Writer) error {
	var out strings.Builder
	out.WriteString(rulesHead)
	out.WriteString("| code | severity | summary |\n| --- | --- | --- |\n")
	rules := Rules()
	for _, r := range rules {
		fmt.Fprintf(&out, "| [%s](#%s) | %s | %s |\n", r.Code, strings.ToLower(r.Code), r.Severity, r.Summary)
	}
	for _, r := range rules {
		fmt.Fprintf(&out, "\n## %s\n\n**%s** (%s)\n\n%s", r.Code, r.Summary, r.Severity, r.markdown())
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// markdown returns why the rule is there and how to mend what breaks it.
func (r *Rule) markdown() string {
	return fmt.Sprintf("%s\n\n%s\n\nWrong:\n\n```yaml\n%s\n```\n\nRight:\n\n```yaml\n%s\n```\n",
		r.Why, r.Mend, strings.TrimRight(r.Bad, "\n"), strings.TrimRight(r.Good, "\n"))
}
