package layout

import (
	"fmt"
	"io"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// Table writes rows below a header, aligned.
func Table(w io.Writer, head []string, rows [][]string) error {
	var drawn strings.Builder
	t := tablewriter.NewTable(&drawn,
		tablewriter.WithEastAsian(tw.Off),
		tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithHeaderAlignment(tw.AlignLeft),
		tablewriter.WithRowAlignment(tw.AlignLeft),
		tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithHeaderAutoWrap(tw.WrapNone),
		tablewriter.WithPadding(tw.Padding{Left: tw.Empty, Right: "  ", Overwrite: true}),
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders: tw.BorderNone,
			Settings: tw.Settings{
				Lines:      tw.LinesNone,
				Separators: tw.SeparatorsNone,
			},
		})),
	)
	t.Header(head)
	if err := t.Bulk(rows); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	if err := t.Render(); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	var out Page
	for line := range strings.Lines(drawn.String()) {
		out.Linef("%s", strings.TrimRight(line, " \n"))
	}
	return out.Print(w)
}
