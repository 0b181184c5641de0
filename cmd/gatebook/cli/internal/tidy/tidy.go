// Package tidy formats runbooks: it changes what nobody means anything by, such as
// spaces at the end of a line, and leaves everything else as its author wrote it.
//
// Comments, quotes, the order of keys and the layout of lists are the author's; a
// formatter that decides them makes every first use an unreadable change.
package tidy

import (
	"bytes"
	"errors"
	"strings"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/syntax"
)

// Format returns the text of a file as it should be: no byte order mark, lines that end
// in "\n" and without spaces before that, no empty line at the beginning or the end and
// no two in a row, and one newline at the end. Inside a scalar of several lines nothing
// is touched. With errors among the findings the file could not be read.
func Format(file *source.File) ([]byte, diag.List, error) {
	tree, found := syntax.Parse(file)
	if found.HasErrors() {
		return nil, found, nil
	}
	fixed := map[int]bool{} // lines that belong to a scalar of several lines
	mark(tree, fixed)
	var out bytes.Buffer
	empty := 0
	for n := 1; n <= file.LineCount(); n++ {
		line := file.Line(n)
		if !fixed[n] {
			line = strings.TrimRight(line, " \t")
			if line == "" {
				empty++
				continue
			}
			if empty > 0 && out.Len() > 0 {
				out.WriteByte('\n')
			}
		}
		empty = 0
		out.WriteString(line + "\n")
	}
	after, found := syntax.Parse(source.NewFile(file.Name(), out.Bytes()))
	if found.HasErrors() || !after.Value().Equal(tree.Value()) {
		return nil, nil, errors.New(file.Name() + " would mean something else when formatted; please report this as a bug")
	}
	return out.Bytes(), nil, nil
}

// mark notes the lines of each scalar that takes several. The first is only fixed where
// the text begins on it.
func mark(n *syntax.Node, fixed map[int]bool) {
	switch n.Kind() {
	case syntax.List:
		for _, item := range n.Items() {
			mark(item, fixed)
		}
	case syntax.Map:
		for key, item := range n.Entries() {
			mark(key, fixed)
			mark(item, fixed)
		}
	default:
		from, to := n.Range().From().Line, n.Range().To().Line
		for line := from; from < to && line <= to; line++ {
			fixed[line] = true
		}
	}
}
