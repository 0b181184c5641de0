package syntax

import (
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/syntax/internal/layout"
)

// piece is a part of a scalar's decoded text and the bytes of the file that it was
// decoded from. Where exact, each byte of the text is one of the file; else the
// piece is one escape or one line break.
type piece struct {
	length     int // in the decoded text
	start, end int // in the file
	exact      bool
}

// located is a piece, and where in the decoded text it begins. The zero one is none.
type located struct {
	piece
	at int
}

// RangeOf returns the place in the file of the bytes from start up to, and without,
// end of the scalar's decoded text. An escape or a folded line break is taken in as
// a whole. Offsets outside the text are clamped to it.
func (n *Node) RangeOf(start, end int) source.Range {
	if n == nil {
		return source.Range{}
	}
	start, end = n.clamp(start, end)
	var first, last located
	at := 0
	n.walk(n.file.Text(), func(p piece) bool {
		if first.length == 0 && start < at+p.length {
			first = located{p, at}
		}
		if last.length == 0 && end > at && end <= at+p.length {
			last = located{p, at}
		}
		at += p.length
		return first.length == 0 || last.length == 0 && start < end
	})
	return n.between(start, end, first, last)
}

// Places returns RangeOf for a scalar of which many places will be asked for: its text
// is walked over once, and not for each of them.
func (n *Node) Places() func(start, end int) source.Range {
	if n == nil {
		return n.RangeOf
	}
	var all []located
	at := 0
	n.walk(n.file.Text(), func(p piece) bool {
		all = append(all, located{p, at})
		at += p.length
		return true
	})
	// find returns the piece that has the byte before an offset of the text in it.
	find := func(offset int) located {
		if i := sort.Search(len(all), func(i int) bool { return all[i].at+all[i].length >= offset }); i < len(all) {
			return all[i]
		}
		return located{}
	}
	return func(start, end int) source.Range {
		start, end = n.clamp(start, end)
		return n.between(start, end, find(start+1), find(end))
	}
}

// clamp moves offsets into the decoded text.
func (n *Node) clamp(start, end int) (int, int) {
	start = min(max(start, 0), len(n.text))
	return start, min(max(end, start), len(n.text))
}

// between returns the place of a part of the decoded text that begins in one piece and
// ends in another.
func (n *Node) between(start, end int, first, last located) source.Range {
	from := int(n.end)
	if first.length > 0 {
		from = first.start
		if first.exact {
			from += start - first.at
		}
	}
	if start == end || last.length == 0 {
		return n.file.Range(from, from)
	}
	to := last.end
	if last.exact {
		to = last.start + end - last.at
	}
	return n.file.Range(from, to)
}

// walk takes a scalar's text apart into pieces, until yield returns false, and
// returns the offset in the file that it came to. It knows the decoded text, and
// never asks for more of it than there is.
func (n *Node) walk(text []byte, yield func(piece) bool) int {
	w := walker{text: text, at: int(n.start), rest: len(n.text), yield: yield}
	if n.style == Literal || n.style == Folded {
		w.text = text[:n.end]
	}
	switch n.style {
	case Literal, Folded:
		leading := len(n.text) - len(strings.TrimLeft(n.text, "\n"))
		w.block(leading, int(n.indent), n.style == Folded)
	default:
		w.flow(n.style)
	}
	return w.at
}

type walker struct {
	text  []byte
	at    int // in the file
	rest  int // how much of the decoded text is left
	yield func(piece) bool
}

// take hands out a piece of the file up to end, and reports whether to go on.
func (w *walker) take(length, end int, exact bool) bool {
	end = min(end, len(w.text))
	length = min(length, w.rest)
	p := piece{length: length, start: w.at, end: end, exact: exact}
	w.at = end
	w.rest -= length
	return (length == 0 || w.yield(p)) && w.rest > 0
}

// flow walks a plain or quoted scalar.
func (w *walker) flow(style Style) {
	for more := w.rest > 0; more && w.at < len(w.text); {
		c := w.text[w.at]
		switch {
		case layout.IsSpace(c):
			end, breaks := w.gap(w.at)
			if breaks == 0 {
				more = w.take(end-w.at, end, true)
			} else {
				more = w.take(folded(breaks), end, false)
			}
		case c == '\'' && style == SingleQuoted:
			more = w.take(1, w.at+2, false)
		case c == '\\' && style == DoubleQuoted:
			more = w.escape()
		default:
			end := w.at + 1
			for end < len(w.text) && !layout.IsSpace(w.text[end]) && w.text[end] != '\'' && w.text[end] != '\\' {
				end++
			}
			length := min(end-w.at, w.rest)
			more = w.take(length, w.at+length, true)
		}
	}
}

// gap returns where white space ends, and how many line breaks are in it.
func (w *walker) gap(at int) (end, breaks int) {
	for end = at; end < len(w.text) && layout.IsSpace(w.text[end]); end++ {
		if w.text[end] == '\n' {
			breaks++
		}
	}
	return end, breaks
}

// folded is what line breaks in a row become: one becomes a space, of more all but
// the first stay.
func folded(breaks int) int { return max(1, breaks-1) }

// escape walks over an escape of a double-quoted scalar.
func (w *walker) escape() bool {
	if w.at+1 >= len(w.text) {
		return w.take(1, len(w.text), false)
	}
	digits, length := 0, 1
	switch w.text[w.at+1] {
	case '\r', '\n': // the line break is not there; those that follow it stay
		end, breaks := w.gap(w.at + 1)
		return w.take(breaks-1, end, false)
	case 'N', '_':
		length = 2
	case 'L', 'P':
		length = 3
	case 'x':
		digits = 2
	case 'u':
		digits = 4
	case 'U':
		digits = 8
	}
	end := min(w.at+2+digits, len(w.text))
	if digits > 0 {
		code, err := strconv.ParseUint(string(w.text[w.at+2:end]), 16, 32)
		if err == nil {
			length = max(1, utf8.RuneLen(rune(code)))
		}
	}
	return w.take(length, end, false)
}

// block walks a block scalar that begins with so many empty lines, and whose other
// lines are indented by so many spaces.
func (w *walker) block(leading, indent int, fold bool) {
	if leading > 0 && !w.take(leading, w.at, false) {
		return
	}
	line := w.at - indent
	for more := w.rest > 0; more && w.at < len(w.text); {
		end := layout.LineEnd(w.text, w.at)
		if !w.take(end-w.at, end, true) {
			return
		}
		deep := isDeep(w.text, line+indent)
		next, blank := w.skipBlank(indent)
		length := 1 + blank
		if fold && blank > 0 && !deep && !isDeep(w.text, next) {
			length = blank
		}
		if next >= len(w.text) {
			length = w.rest
		}
		more = w.take(length, next, false)
		line = next - indent
	}
}

// skipBlank returns where the content of the next line with any begins, and how many
// blank ones stand before it.
func (w *walker) skipBlank(indent int) (content, blank int) {
	for line := layout.NextLine(w.text, w.at); line < len(w.text); line = layout.NextLine(w.text, line) {
		text := w.text[line:layout.LineEnd(w.text, line)]
		if lead := layout.Spaces(text); lead < len(text) || lead > indent {
			return min(line+indent, len(w.text)), blank
		}
		blank++
	}
	return len(w.text), blank
}

// isDeep reports whether the content at an offset is indented further than the
// rest, which keeps a folded scalar from folding there.
func isDeep(text []byte, at int) bool {
	return at < len(text) && (text[at] == ' ' || text[at] == '\t')
}
