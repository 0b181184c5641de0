package syntax

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/syntax/internal/layout"
)

// Format returns the file in its canonical form: two spaces for each level, lists
// indented under their key, no white space at the end of lines, LF line ends, one
// line end at the end. Comments, blank lines, the order of keys and everything to the
// right of the indentation stay. It works on lines and not on the tree, so that no
// comment can be lost; should the result not say the same as before, which takes very
// odd YAML, the file is returned as it was. A file with errors is not formatted.
func Format(file *source.File) ([]byte, diag.List) {
	root, found := Parse(file)
	if found.HasErrors() {
		return nil, found
	}
	f := newFormatter(file)
	f.mark(root)
	f.place(root, 0)
	formatted := f.write()
	again, changed := Parse(source.NewFile(file.Name(), formatted))
	if len(changed) > 0 || !same(root, again) {
		return bytes.Clone(file.Text()), found
	}
	return formatted, found
}

// same reports whether two trees say the same.
func same(a, b *Node) bool {
	return a.kind == b.kind && a.style == b.style && a.text == b.text && slices.EqualFunc(a.children, b.children, same)
}

// level is a block collection: the column where its keys or hyphens stand, and where
// they will. Columns count bytes from 0; there are only spaces before them.
type level struct {
	from, to int
	list     bool
}

// line is what is known of a line of the file.
type line struct {
	text    string
	starts  []level // the collections of which an entry begins at the line's start
	inside  bool    // it begins inside a scalar or a flow collection
	shift   int     // by how much it moves, when inside
	blank   int     // of a block scalar: how deep a line may be and still be empty
	endOpen bool    // it ends inside a scalar, where a space may matter
}

type formatter struct {
	file  *source.File
	lines []line
	open  []level // the collections that the last entry was in, while writing
	block bool    // whether the last value is a block scalar
}

func newFormatter(file *source.File) *formatter {
	f := &formatter{file: file, lines: make([]line, file.LineCount())}
	for i := range f.lines {
		f.lines[i].text = file.Line(i + 1)
	}
	f.lines[0].text = strings.TrimPrefix(f.lines[0].text, "\uFEFF")
	return f
}

// at returns the line, from 0, and the byte column of an offset.
func (f *formatter) at(offset int32) (index, column int) {
	index = f.file.Position(int(offset)).Line - 1
	return index, int(offset) - f.file.LineStart(index+1)
}

// parts returns the parts of a collection that stand in it, which aliases do not.
func (n *Node) parts() []*Node {
	last := n.start
	return slices.DeleteFunc(slices.Clone(n.children), func(child *Node) bool {
		alias := child.start < last || child.end > n.end
		last = max(last, child.end)
		return alias
	})
}

// mark finds the lines that begin inside a scalar or a flow collection.
func (f *formatter) mark(n *Node) {
	first, _ := f.at(n.start)
	last, _ := f.at(n.end)
	f.block = false
	quoted := false
	switch n.style {
	case Block:
		for _, part := range n.parts() {
			f.mark(part)
		}
		return
	case Literal, Folded:
		f.block = true
		first-- // the scalar begins with its mark, on a line above
	case SingleQuoted, DoubleQuoted:
		quoted = true
	default:
	}
	for i := first + 1; i <= last && n.end > n.start; i++ {
		f.lines[i].inside = true
		f.lines[i-1].endOpen = f.lines[i-1].endOpen || quoted
	}
}

// place finds where each entry of a block collection begins and decides where it
// goes.
func (f *formatter) place(n *Node, to int) {
	if n.style != Block || len(n.children) == 0 {
		return
	}
	first, column := f.at(n.start)
	here := level{from: column, to: to, list: n.kind == List}
	if here.list {
		last, _ := f.at(n.end)
		for i := first; i <= last; i++ {
			if rest, ok := strings.CutPrefix(f.tail(i, column), "-"); ok && (rest == "" || rest[0] == ' ') {
				f.start(i, here)
			}
		}
	}
	for i, part := range n.parts() {
		if !here.list && i%2 == 0 {
			index, column := f.at(part.start)
			if part.style == SingleQuoted || part.style == DoubleQuoted {
				column--
			}
			here.from = column
			f.start(index, here)
		}
		switch part.style {
		case Block:
			f.place(part, to+2)
		case Literal, Folded:
			f.shiftBlock(part, here)
		default:
			f.shiftRest(part, here)
		}
	}
}

// tail returns a line from a byte column on.
func (f *formatter) tail(index, column int) string {
	return f.lines[index].text[min(column, len(f.lines[index].text)):]
}

// start notes that an entry begins on a line, if nothing but hyphens of the
// collections around it stands before it.
func (f *formatter) start(index int, here level) {
	l := &f.lines[index]
	from := 0
	if n := len(l.starts); n > 0 {
		from = l.starts[n-1].from + 1
	}
	if !l.inside && from <= here.from && strings.Trim(l.text[from:here.from], " ") == "" {
		l.starts = append(l.starts, here)
	}
}

// shiftRest moves the further lines of a value along with its owner.
func (f *formatter) shiftRest(n *Node, owner level) {
	first, _ := f.at(n.start)
	last, _ := f.at(n.end)
	for i := first; i <= last; i++ {
		if l := &f.lines[i]; l.inside || len(l.starts) == 0 && i == first {
			l.inside, l.shift = true, owner.to-owner.from
		}
	}
}

var indicator = regexp.MustCompile(`[|>][-+]?([1-9]?)[-+]?[ \t]*(?:#.*)?$`)

// shiftBlock moves the lines of a block scalar to two spaces behind its owner, or as
// many as its indentation indicator says.
func (f *formatter) shiftBlock(n *Node, owner level) {
	first, _ := f.at(n.start)
	last, _ := f.at(n.end)
	head := first - 1
	for head > 0 && strings.TrimSpace(f.lines[head].text) == "" {
		head--
	}
	depth := 2
	if match := indicator.FindStringSubmatch(f.lines[max(head, 0)].text); match != nil && match[1] != "" {
		depth = int(match[1][0] - '0')
	}
	for i := first; i <= last && n.end > n.start; i++ {
		l := &f.lines[i]
		l.inside, l.endOpen = true, true
		l.shift, l.blank = owner.to+depth-int(n.indent), int(n.indent)
	}
}

func (f *formatter) write() []byte {
	var out bytes.Buffer
	for i := range f.lines {
		text := f.formatLine(i)
		if !f.lines[i].endOpen {
			text = strings.TrimRight(text, " \t")
		}
		out.WriteString(text)
		out.WriteByte('\n')
	}
	formatted := out.Bytes()
	if f.block {
		return bytes.TrimSuffix(formatted, []byte("\n")) // of the empty line behind the last line end
	}
	return append(bytes.TrimRight(formatted, "\n"), '\n')
}

func (f *formatter) formatLine(i int) string {
	l := &f.lines[i]
	trimmed := strings.TrimLeft(l.text, " ")
	switch {
	case l.inside:
		return shifted(l.text, l.shift, l.blank)
	case len(l.starts) > 0:
		return f.formatEntry(l)
	case strings.HasPrefix(trimmed, "#"):
		return strings.Repeat(" ", f.commentColumn(i, len(l.text)-len(trimmed))) + trimmed
	case strings.TrimSpace(trimmed) == "":
		return ""
	default:
		return l.text
	}
}

// shifted moves a line; an empty one of a block scalar stays empty.
func shifted(text string, by, blank int) string {
	depth := layout.Spaces(text)
	if depth == len(text) && depth <= blank {
		return ""
	}
	if by >= 0 {
		return strings.Repeat(" ", by) + text
	}
	return text[min(-by, depth):]
}

func (f *formatter) formatEntry(l *line) string {
	for len(f.open) > 0 && f.open[len(f.open)-1].to >= l.starts[0].to {
		f.open = f.open[:len(f.open)-1]
	}
	f.open = append(f.open, l.starts...)
	last := l.starts[len(l.starts)-1]
	out := strings.Repeat(" ", l.starts[0].to)
	for range len(l.starts) - 1 {
		out += "- "
	}
	if !last.list {
		return out + l.text[last.from:]
	}
	return out + "- " + strings.TrimLeft(l.text[last.from+1:], " ")
}

// commentColumn decides where a comment goes: like the entry that follows, unless it
// stands deeper than that; then with the deepest collection that it can belong to.
func (f *formatter) commentColumn(i, column int) int {
	for next := i + 1; next < len(f.lines); next++ {
		if l := &f.lines[next]; len(l.starts) > 0 {
			if column <= l.starts[0].from {
				return l.starts[0].to
			}
			break
		}
	}
	to := 0
	for _, open := range f.open {
		if open.from <= column {
			to = open.to
		}
	}
	return to
}
