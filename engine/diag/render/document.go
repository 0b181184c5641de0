package render

import (
	"strings"
	"unicode/utf8"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/source"
)

// DocumentFormat names the JSON form of findings.
const DocumentFormat = "gatebook/diagnostics/v1"

// Document is the JSON form of a list of findings, from which every other form is
// rendered. All text in it is clean.
type Document struct {
	Format      string   `json:"format" enum:"gatebook/diagnostics/v1"` // [DocumentFormat]
	Errors      int      `json:"errors" doc:"How many errors were found."`
	Warnings    int      `json:"warnings" doc:"How many warnings were found."`
	Omitted     int      `json:"omitted,omitempty" doc:"How many of them are not among the diagnostics: these are at most 1000, errors before warnings."`
	Diagnostics []Record `json:"diagnostics"`
}

// Record is the JSON form of one finding.
type Record struct {
	Code     string          `json:"code" doc:"The rule that was broken, as docs/diagnostics.md explains it."`
	Severity diag.Severity   `json:"severity" enum:"error,warning"`
	Summary  string          `json:"summary" doc:"The rule in a few words."`
	Detail   string          `json:"detail,omitempty" doc:"What is wrong here."`
	Hint     string          `json:"hint,omitempty" doc:"How to mend it here."`
	Place                    // where it is, unless nowhere
	Related  []RelatedRecord `json:"related,omitempty"`

	rule *diag.Rule
}

// RelatedRecord is the JSON form of another place that a finding speaks of.
type RelatedRecord struct {
	Message string `json:"message"`
	Place
}

// Place is where something is in a file.
type Place struct {
	File   string           `json:"file,omitempty"`
	Start  *source.Position `json:"start,omitempty"`
	End    *source.Position `json:"end,omitempty" doc:"Just behind the last character."`
	Source []SourceLine     `json:"source,omitempty"`
}

// SourceLine is a line of the file, or of a long one the part that matters. A place
// of many lines has its first ones and its last.
type SourceLine struct {
	Line   int    `json:"line"`
	Column int    `json:"column" doc:"Where in the line the text begins, from 1."`
	Text   string `json:"text"`
}

// Limits on what is kept. The tag of [Document.Omitted] repeats the first.
const (
	maxShown  = 1000 // findings; nobody reads more
	maxLines  = 4    // of a place
	maxLength = 160  // characters of a line
	leadIn    = 40   // characters kept before the place in a line that is cut
)

// NewDocument returns the JSON form of the findings, sorted.
func NewDocument(list diag.List) Document {
	sorted := list.ByFile()
	shown, omitted := sorted.Cut(maxShown)
	document := Document{
		Format: DocumentFormat, Errors: sorted.Count(diag.Error), Warnings: sorted.Count(diag.Warning), Omitted: omitted,
		Diagnostics: make([]Record, 0, len(shown)),
	}
	hidden := hiddenLines(sorted)
	for _, d := range shown {
		document.Diagnostics = append(document.Diagnostics, newRecord(d, hidden))
	}
	return document
}

// lines are some lines of some files.
type lines map[*source.File]map[int]bool

// hiddenLines returns the lines of which a finding says that a secret can be read there.
func hiddenLines(list diag.List) lines {
	hidden := lines{}
	for _, d := range list {
		if !d.Hides || d.Range.IsZero() {
			continue
		}
		if hidden[d.Range.File] == nil {
			hidden[d.Range.File] = map[int]bool{}
		}
		for line := d.Range.From().Line; line <= d.Range.To().Line; line++ {
			hidden[d.Range.File][line] = true
		}
	}
	return hidden
}

func newRecord(d diag.Diagnostic, hidden lines) Record {
	r := Record{
		Code: d.Rule.Code, Severity: d.Rule.Severity, Summary: d.Rule.Summary,
		Detail: diag.Clean(d.Detail), Hint: diag.Clean(d.Hint), Place: placeOf(d.Range, hidden), rule: d.Rule,
	}
	for _, related := range d.Related {
		r.Related = append(r.Related, RelatedRecord{Message: diag.Clean(related.Message), Place: placeOf(related.Range, hidden)})
	}
	return r
}

// placeOf returns a place, with its lines but for those that are hidden.
func placeOf(where source.Range, hidden lines) Place {
	if where.IsZero() {
		return Place{}
	}
	start, end := where.From(), where.To()
	place := Place{File: cleanLine(where.File.Name()), Start: &start, End: &end}
	last := end.Line
	if end.Column == 1 && last > start.Line {
		last-- // the place ends with a line break; nothing of the next line is in it
	}
	for line := start.Line; line <= last; line++ {
		if last-start.Line >= maxLines && line == start.Line+maxLines-1 {
			line = last
		}
		offset, column := where.File.LineStart(line), 1
		if line == start.Line {
			offset, column = where.Start, start.Column
		}
		if hidden[where.File][line] {
			continue
		}
		place.Source = append(place.Source, lineOf(where.File, line, offset, column))
	}
	return place
}

// lineOf returns a line, or of a long one the part around the offset, which stands at
// the column. It looks at no more of the line than that: a file may be one long line,
// with a thousand findings in it.
func lineOf(file *source.File, line, offset, column int) SourceLine {
	text := file.Text()[:file.LineEnd(line)]
	whole := text[file.LineStart(line):]
	if len(first(whole, maxLength)) == len(whole) {
		return SourceLine{Line: line, Column: 1, Text: diag.Clean(string(whole))}
	}
	offset = min(max(offset, file.LineStart(line)), len(text))
	for back := column; column > 1 && back-column < leadIn; column-- {
		_, size := utf8.DecodeLastRune(text[:offset])
		offset -= size
	}
	return SourceLine{Line: line, Column: column, Text: diag.Clean(string(first(text[offset:], maxLength)))}
}

// first returns the first characters of a text, at most so many.
func first(text []byte, count int) []byte {
	at := 0
	for ; count > 0 && at < len(text); count-- {
		_, size := utf8.DecodeRune(text[at:])
		at += size
	}
	return text[:at]
}

// cleanLine is [diag.Clean] for what must stay on its line, such as a file's name.
func cleanLine(text string) string {
	return strings.NewReplacer("\n", " ", "\t", " ").Replace(diag.Clean(text))
}
