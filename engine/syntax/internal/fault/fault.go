// Package fault finds what is wrong with a file that the YAML library refused: from
// the library's one sentence and about where it stopped reading to an exact place, a
// cause and a remedy. It guesses, for the usual mistakes, and says so where it cannot.
// Floor 2.
package fault

import (
	"regexp"
	"strings"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/syntax/internal/layout"
)

// fault is an error of the YAML library, on the way to a place and a cause.
type fault struct {
	file    *source.File
	text    []byte
	message string // the library's, without its line
	stop    int    // about where it stopped reading
	line    int    // the last line that it read
	outline *outline
}

// Explain makes a finding of an error of the YAML library, given its message, and
// about where in the text it stopped reading.
func Explain(file *source.File, text []byte, message string, stop int) diag.Diagnostic {
	f := &fault{file: file, text: text, message: libraryPrefix.ReplaceAllString(message, ""), stop: stop}
	f.line = file.Position(max(0, f.stop-1)).Line
	for f.line > 1 && strings.TrimSpace(file.Line(f.line)) == "" {
		f.line--
	}
	f.outline = newOutline(text, f.stop)
	for _, cause := range []func() (diag.Diagnostic, bool){
		f.tab, f.quote, f.anchor, f.expression, f.bracket, f.strayMark, f.escape, f.reserved,
		f.secondColon, f.missingSpace, f.listAfterKey, f.indentation,
	} {
		if d, ok := cause(); ok {
			return d
		}
	}
	return f.at(f.content(f.line), "The YAML reader stopped here: %s.", diag.Clean(f.message))
}

// libraryPrefix names a line, which is often that of something far above.
var libraryPrefix = regexp.MustCompile(`^(?:yaml: )?(?:line \d+: )?`)

func (f *fault) says(part string) bool { return strings.Contains(f.message, part) }

func (f *fault) at(where source.Range, format string, args ...any) diag.Diagnostic {
	return diag.SyntaxError.At(where, format, args...)
}

// content returns the range of a line without the white space around it.
func (f *fault) content(line int) source.Range {
	text := f.file.Line(line)
	start := f.file.LineStart(line) + len(text) - len(strings.TrimLeft(text, " \t"))
	return f.file.Range(start, f.file.LineStart(line)+len(strings.TrimRight(text, " \t")))
}

// find returns what the first group of a pattern matches in a line.
func (f *fault) find(line int, pattern *regexp.Regexp) (source.Range, bool) {
	match := pattern.FindStringSubmatchIndex(f.file.Line(line))
	if match == nil {
		return source.Range{}, false
	}
	start := f.file.LineStart(line)
	return f.file.Range(start+match[2], start+match[3]), true
}

var leadingTab = regexp.MustCompile(`^ *(\t+)`)

// tab looks for a tab before the first word of a line, where neither a quote nor a
// bracket lets it stand.
func (f *fault) tab() (diag.Diagnostic, bool) {
	for line := f.line; line >= max(1, f.line-1); line-- {
		if where, ok := f.find(line, leadingTab); ok && !f.outline.isOpen(where.Start) {
			return diag.TabIndentation.At(where, "This line is indented with a tab.").WithHint("indent with spaces"), true
		}
	}
	return diag.Diagnostic{}, false
}

func (f *fault) quote() (diag.Diagnostic, bool) {
	switch o := f.outline; {
	case o.open >= 0:
		return f.at(f.file.Range(o.open, o.open+1), "The quote that opens here is not closed where its value ends.").
			WithHint("close it with %c", f.text[o.open]), true
	case o.behind >= 0 && f.text[o.behind] == '\'':
		return f.at(f.file.Range(o.behind, o.behind+1), "This quote closes the value, but more text follows.").
			WithHint("write a quote inside single quotes twice: ''"), true
	case o.behind >= 0:
		return f.at(f.file.Range(o.behind, o.behind+1), "This quote closes the value, but more text follows.").
			WithHint("write a quote inside double quotes as \\\", or put the whole value in quotes"), true
	default:
		return diag.Diagnostic{}, false
	}
}

func (f *fault) anchor() (diag.Diagnostic, bool) {
	rest, ok := strings.CutPrefix(f.message, "unknown anchor '")
	if !ok {
		return diag.Diagnostic{}, false
	}
	name, _, _ := strings.Cut(rest, "'")
	at := max(0, strings.LastIndex(string(f.text[:f.stop]), "*"+name))
	return diag.UnknownAnchor.At(f.file.Range(at, at+1+len(name)), "No value before this one is marked with &%s.", name).
		WithHint("if the asterisk is part of the value, put it in quotes: %q", "*"+name), true
}

var openExpression = regexp.MustCompile(`(\$\{\{.*?(?:\}\}|$))`)

func (f *fault) expression() (diag.Diagnostic, bool) {
	if len(f.outline.brackets) == 0 || !f.says("did not find expected") {
		return diag.Diagnostic{}, false
	}
	where, ok := f.find(f.line, openExpression)
	return f.at(where, "Inside [ ] and { } the braces of an expression have a meaning of their own.").
		WithHint("put the value in double quotes: \"${{ … }}\""), ok
}

func (f *fault) bracket() (diag.Diagnostic, bool) {
	if len(f.outline.brackets) == 0 || !f.says("',' or") && !f.says("end of stream") {
		return diag.Diagnostic{}, false
	}
	at := f.outline.brackets[len(f.outline.brackets)-1]
	closing := map[byte]string{'[': "]", '{': "}"}[f.text[at]]
	return f.at(f.file.Range(at, at+1), "The bracket that opens here is not closed, or a comma is missing behind it.").
		WithHint("close it with %s, and put commas between the items", closing), true
}

func (f *fault) strayMark() (diag.Diagnostic, bool) {
	at := f.outline.stray
	if at < 0 || !f.says("node content") {
		return diag.Diagnostic{}, false
	}
	return f.at(f.file.Range(at, at+1), "%c stands where a value should begin.", f.text[at]).
		WithHint("remove it, or put the value in quotes"), true
}

var badEscape = regexp.MustCompile(`(\\[^0abt\tnvfre "\\N_LPxuU])`)

func (f *fault) escape() (diag.Diagnostic, bool) {
	if !f.says("escape character") {
		return diag.Diagnostic{}, false
	}
	where, ok := f.find(f.line, badEscape)
	return f.at(where, "%s is not an escape in double quotes.", where.Text()).
		WithHint("write the backslash twice, or use single quotes, in which it stands for itself"), ok
}

var reservedStart = regexp.MustCompile("(?:^|[-:,\\[{]) *([@`%*&!|>][^\\s,\\]}]*)")

func (f *fault) reserved() (diag.Diagnostic, bool) {
	if !f.says("cannot start any token") && !f.says("alphabetic or numeric") && !f.says("tag") && !f.says("expected '!'") {
		return diag.Diagnostic{}, false
	}
	where, ok := f.find(f.line, reservedStart)
	return f.at(where, "A value that begins with %.1s has a meaning of its own in YAML.", where.Text()).
		WithHint("put the value in quotes"), ok
}

var secondColon = regexp.MustCompile(`^[^"'#]*?:\s+[^"'#\[{&!|>]*?[^"'#\s](:)(?:\s|$)`)

func (f *fault) secondColon() (diag.Diagnostic, bool) {
	if !f.says("mapping values") {
		return diag.Diagnostic{}, false
	}
	where, ok := f.find(f.line, secondColon)
	return f.at(where, "A second colon followed by a space stands in one value.").
		WithHint("put the value in quotes"), ok
}

var gluedColon = regexp.MustCompile(`^\s*(?:- +)*[A-Za-z_][\w.-]*(:)[^\s/]`)

func (f *fault) missingSpace() (diag.Diagnostic, bool) {
	if !f.says("mapping values") && !f.says("expected ':'") && !f.says("expected key") {
		return diag.Diagnostic{}, false
	}
	for line := f.line; line >= max(1, f.line-2); line-- {
		if where, ok := f.find(line, gluedColon); ok {
			return f.at(where, "There is no space behind this colon, so that it does not end a key.").
				WithHint("put a space behind the colon"), true
		}
	}
	return diag.Diagnostic{}, false
}

var hyphenAfterKey = regexp.MustCompile(`: +(-) `)

func (f *fault) listAfterKey() (diag.Diagnostic, bool) {
	if !f.says("block sequence entries") {
		return diag.Diagnostic{}, false
	}
	where, ok := f.find(f.line, hyphenAfterKey)
	return f.at(where, "A list cannot begin on the line of its key.").
		WithHint("put each item on a line of its own, or write [a, b]"), ok
}

// indentation looks for a line that stands neither as deep as one that it could
// belong to nor deeper than the last.
func (f *fault) indentation() (diag.Diagnostic, bool) {
	for line := max(1, f.line-1); line <= f.line; line++ {
		text := f.file.Line(line)
		indent := layout.Spaces(text)
		if strings.TrimSpace(text) == "" || f.aligned(line, indent) {
			continue
		}
		return f.at(f.content(line), "This line is indented by %d, which is as deep as nothing above it that it could belong to.", indent).
			WithHint("indent it like its neighbours"), true
	}
	switch {
	case f.says("'-' indicator"):
		return f.at(f.content(f.line), "A key follows the items of a list at the same depth.").
			WithHint("indent the items further than the key that they belong to, or the key less"), true
	case f.says("mapping values"):
		return f.at(f.content(f.line), "This key is indented further than the one above it, which has a value already.").
			WithHint("indent it like its neighbours"), true
	}
	return diag.Diagnostic{}, false
}

// aligned reports whether a line above, with none less indented between, is
// indented alike, or the line opens a new level.
func (f *fault) aligned(line, indent int) bool {
	first := true
	for above := line - 1; above >= 1; above-- {
		text := f.file.Line(above)
		trimmed := strings.TrimLeft(text, " ")
		if trimmed == "" || trimmed[0] == '#' {
			continue
		}
		depth := len(text) - len(trimmed)
		for items, ok := strings.CutPrefix(trimmed, "- "); ok && depth < indent; items, ok = strings.CutPrefix(trimmed, "- ") {
			trimmed = strings.TrimLeft(items, " ")
			depth = len(text) - len(trimmed)
		}
		if depth == indent {
			return true
		}
		if depth < indent {
			return first
		}
		first = false
	}
	return indent == 0
}
