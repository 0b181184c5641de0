package render

import (
	"fmt"
	"io"
	"strings"
)

// writeGitHub writes a workflow command for each finding, which GitHub shows beside
// the line in a pull request, and a notice where there are more.
func writeGitHub(w io.Writer, document Document) error {
	var out strings.Builder
	for i := range document.Diagnostics {
		r := &document.Diagnostics[i]
		fmt.Fprintf(&out, "::%s ", r.Severity)
		if r.Start != nil {
			fmt.Fprintf(&out, "file=%s,line=%d,endLine=%d,col=%d,", escapeProperty(r.File), r.Start.Line, r.End.Line, r.Start.Column)
			if r.Start.Line == r.End.Line { // else GitHub refuses the column
				fmt.Fprintf(&out, "endColumn=%d,", r.End.Column)
			}
		}
		message := r.Detail
		if r.Hint != "" {
			message += "\nhint: " + r.Hint
		}
		fmt.Fprintf(&out, "title=%s::%s\n", escapeProperty(r.Code+": "+r.Summary), escapeData(message))
	}
	if document.Omitted > 0 {
		fmt.Fprintf(&out, "::notice title=gatebook::%s\n", escapeData(document.counts()))
	}
	_, err := io.WriteString(w, out.String())
	return err
}

func escapeData(text string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(text)
}

func escapeProperty(text string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(escapeData(text))
}
