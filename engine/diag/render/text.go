package render

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/clipperhouse/displaywidth"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/source"
)

// The look of the parts of the text.
const (
	plain  = "\x1b[0m"
	bold   = "\x1b[1m"
	red    = "\x1b[31m"
	yellow = "\x1b[33m"
	blue   = "\x1b[34m"
	cyan   = "\x1b[36m"
)

const (
	defaultWidth = 100
	tabWidth     = 4
	indent       = "  "
)

// textWriter renders a document for people.
type textWriter struct {
	out   strings.Builder
	color bool
	width int
}

func writeText(w io.Writer, document Document, options Options) error {
	t := &textWriter{color: options.Color, width: options.Width}
	if t.width <= 0 {
		t.width = defaultWidth
	}
	for i := range document.Diagnostics {
		t.record(&document.Diagnostics[i])
	}
	if counts := document.counts(); counts != "" {
		t.out.WriteString(counts + "\n")
	}
	_, err := io.WriteString(w, t.out.String())
	return err
}

// Excerpt returns the lines in which a place stands, with what is meant underlined; empty
// for a place that is nowhere.
func Excerpt(at source.Range, color bool) string {
	t := &textWriter{color: color}
	t.source(placeOf(at, nil), red)
	return t.out.String()
}

// counts returns "2 errors, 1 warning", with how many of them are shown where that is
// not all, and nothing where nothing was found.
func (d Document) counts() string {
	var parts []string
	for _, c := range []struct {
		count int
		noun  string
	}{{d.Errors, "error"}, {d.Warnings, "warning"}} {
		switch {
		case c.count == 1:
			parts = append(parts, "1 "+c.noun)
		case c.count > 1:
			parts = append(parts, strconv.Itoa(c.count)+" "+c.noun+"s")
		}
	}
	counts := strings.Join(parts, ", ")
	if d.Omitted > 0 {
		counts += ": " + d.more()
	}
	return counts
}

// more says how many findings there are beside those that are shown.
func (d Document) more() string {
	return fmt.Sprintf("%d shown, and %d more", len(d.Diagnostics), d.Omitted)
}

func (t *textWriter) record(r *Record) {
	color := red
	if r.Severity == diag.Warning {
		color = yellow
	}
	if where := r.where(); where != "" {
		t.out.WriteString(t.paint(bold, where) + ": ")
	}
	t.out.WriteString(t.paint(bold+color, string(r.Severity)+"["+r.Code+"]") + ": " + t.paint(bold, r.Summary) + "\n")
	t.source(r.Place, color)
	t.wrapped(indent, r.Detail)
	if r.Hint != "" {
		t.wrapped(indent+t.paint(cyan, "hint:")+" ", r.Hint)
	}
	for _, related := range r.Related {
		t.out.WriteString(indent)
		if where := related.where(); where != "" {
			t.out.WriteString(where + ": ")
		}
		t.out.WriteString(related.Message + "\n")
		t.source(related.Place, blue)
	}
	t.out.WriteString("\n")
}

// where returns "file:line:col", which terminals make a link of.
func (p Place) where() string {
	if p.Start == nil {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Start.Line, p.Start.Column)
}

func (t *textWriter) paint(color, text string) string {
	if !t.color {
		return text
	}
	return color + text + plain
}

// source shows the lines of a place, with what is meant underlined.
func (t *textWriter) source(p Place, color string) {
	if len(p.Source) == 0 {
		return
	}
	gutter := max(4, len(strconv.Itoa(p.Source[len(p.Source)-1].Line)))
	for i, line := range p.Source {
		if i > 0 && line.Line > p.Source[i-1].Line+1 {
			t.out.WriteString(t.paint(blue, fmt.Sprintf("%*s", gutter+2, "…")) + "\n")
		}
		t.out.WriteString(t.paint(blue, fmt.Sprintf("%*d |", gutter, line.Line)))
		before, marked, after := line.split(p)
		text := before + marked + after
		if text != "" {
			t.out.WriteString(" " + text)
		}
		t.out.WriteString("\n")
		marks := strings.Repeat("^", max(1, displaywidth.String(marked)))
		t.out.WriteString(t.paint(blue, fmt.Sprintf("%*s |", gutter, "")) + " " +
			strings.Repeat(" ", displaywidth.String(before)) + t.paint(color, marks) + "\n")
	}
}

// split takes a line apart into what stands before the place, in it, and behind it,
// each with its tabs expanded. Of a line in the middle the leading white space is not
// marked.
func (l SourceLine) split(p Place) (before, marked, after string) {
	first, last := 0, len([]rune(l.Text))
	text := []rune(l.Text)
	if l.Line == p.Start.Line {
		first = p.Start.Column - l.Column
	} else {
		first = last - len([]rune(strings.TrimLeft(l.Text, " \t")))
	}
	if l.Line == p.End.Line {
		last = p.End.Column - l.Column
	}
	first = min(max(first, 0), len(text))
	last = min(max(last, first), len(text))
	var cutBefore, cutAfter string
	if l.Column > 1 {
		cutBefore = "…"
	}
	if len(text) == maxLength {
		cutAfter = "…"
	}
	before = expand(cutBefore+string(text[:first]), 0)
	marked = expand(string(text[first:last]), displaywidth.String(before))
	after = expand(string(text[last:])+cutAfter, displaywidth.String(before)+displaywidth.String(marked))
	return before, marked, after
}

// expand puts spaces in place of tabs in text that begins at a column.
func expand(text string, column int) string {
	if !strings.Contains(text, "\t") {
		return text
	}
	var out strings.Builder
	for part := range strings.SplitAfterSeq(text, "\t") {
		word, hasTab := strings.CutSuffix(part, "\t")
		out.WriteString(word)
		column += displaywidth.String(word)
		if hasTab {
			stop := tabWidth - column%tabWidth
			out.WriteString(strings.Repeat(" ", stop))
			column += stop
		}
	}
	return out.String()
}

// wrapped writes a text behind a lead, with its further lines indented.
func (t *textWriter) wrapped(lead, text string) {
	for paragraph := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		used := 0
		for i, word := range strings.Fields(paragraph) {
			width := displaywidth.String(word)
			switch {
			case i == 0:
				t.out.WriteString(lead)
			case used+1+width > t.width-2*len(indent):
				t.out.WriteString("\n" + indent)
				used = 0
			default:
				t.out.WriteString(" ")
				used++
			}
			t.out.WriteString(word)
			used += width
		}
		if paragraph != "" {
			t.out.WriteString("\n")
		}
		lead = indent
	}
}
