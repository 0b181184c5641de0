package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/gatebook/gatebook/engine/diag"
)

const rulesHead = `# Diagnostics

Everything that gatebook can say about a file, by code. This page is generated from
the rules in ` + "`engine/diag`" + `; each code keeps its meaning forever.

At most 1,000 findings are shown, errors before warnings. Where there are more, it is said how many: in the last line of
the text, as ` + "`omitted`" + ` in JSON, as a notification of the tool in SARIF, and as a notice on GitHub.

`

// Rules writes the page docs/diagnostics.md.
func Rules(w io.Writer) error {
	var out strings.Builder
	out.WriteString(rulesHead)
	out.WriteString("| code | severity | summary |\n| --- | --- | --- |\n")
	rules := diag.Rules()
	for _, r := range rules {
		fmt.Fprintf(&out, "| [%s](#%s) | %s | %s |\n", r.Code, strings.ToLower(r.Code), r.Severity, r.Summary)
	}
	for _, r := range rules {
		fmt.Fprintf(&out, "\n## %s\n\n**%s** (%s)\n\n%s", r.Code, r.Summary, r.Severity, r.Markdown())
	}
	_, err := io.WriteString(w, out.String())
	return err
}
