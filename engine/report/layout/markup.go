package layout

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"
)

// piece is a part of dressed text in one dress.
type piece struct {
	dress string // an ANSI code; empty: none
	text  string
}

// pieces takes dressed text apart. What [Line] made of text from outside has no escape
// sequences, so that all that there are were put there by a [Style].
func pieces(text string) []piece {
	var all []piece
	dress := ""
	for text != "" {
		before, behind, found := strings.Cut(text, "\x1b[")
		if before != "" {
			all = append(all, piece{dress, before})
		}
		if !found {
			break
		}
		dress, text, _ = strings.Cut(behind, "m")
		if dress == "0" {
			dress = ""
		}
	}
	return all
}

// HTML is dressed text as HTML: each dress is a span of a class.
func HTML(text string) string {
	classes := map[string]string{bold: "bold", dim: "dim", red: "bad", green: "good", yellow: "warn", blue: "busy"}
	var b strings.Builder
	for _, p := range pieces(text) {
		if class := classes[p.dress]; class != "" {
			b.WriteString(`<span class="` + class + `">` + html.EscapeString(p.text) + `</span>`)
			continue
		}
		b.WriteString(html.EscapeString(p.text))
	}
	return b.String()
}

// Summary is dressed text as the HTML that a comment on a pull request may have where
// Markdown is not read: what stands out is bold.
func Summary(text string) string {
	var b strings.Builder
	for _, p := range pieces(text) {
		if p.dress == "" || p.dress == dim {
			b.WriteString(summaryEscaper.Replace(p.text))
			continue
		}
		b.WriteString("<b>" + summaryEscaper.Replace(p.text) + "</b>")
	}
	return b.String()
}

// Markdown is dressed text as Markdown, on one line: what stands out is bold, and nothing in
// it is taken for markup, for a person or for an issue.
func Markdown(text string) string {
	var b strings.Builder
	strong := "" // what stands out together, however it is dressed
	flush := func(next string) {
		// Markdown finds no end of what is bold behind a blank.
		inner := strings.TrimSpace(strong)
		before, behind, _ := strings.Cut(strong, inner)
		b.WriteString(before)
		if inner != "" {
			b.WriteString(emphasised(b.String(), markdownEscaper.Replace(inner), behind+next))
		}
		b.WriteString(behind)
		strong = ""
	}
	for _, p := range pieces(text) {
		if p.dress != "" && p.dress != dim {
			strong += p.text
			continue
		}
		plain := markdownEscaper.Replace(p.text)
		flush(plain)
		b.WriteString(plain)
	}
	flush("")
	return b.String()
}

// emphasised is text in bold between others. Markdown takes marks between a letter and a sign
// for no marks where the sign is what shall be bold, so that a blank of no width goes between.
func emphasised(before, text, behind string) string {
	const mark, apart = "**", "&#8203;"
	last, _ := utf8.DecodeLastRuneInString(before)
	first, _ := utf8.DecodeRuneInString(text)
	end, _ := utf8.DecodeLastRuneInString(text)
	next, _ := utf8.DecodeRuneInString(behind)
	opening, closing := mark, mark
	if isSign(first) && before != "" && !parts(last) {
		opening = apart + mark
	}
	if isSign(end) && behind != "" && !parts(next) {
		closing = mark + apart
	}
	return opening + text + closing
}

// isSign reports whether some reader of Markdown takes a character for punctuation, as not all
// do of what is no ASCII.
func isSign(r rune) bool { return unicode.IsPunct(r) || unicode.IsSymbol(r) }

// parts reports whether every reader of Markdown takes a character for a blank or punctuation.
func parts(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsPunct(r) || r < utf8.RuneSelf && unicode.IsSymbol(r)
}

// Hosts look for people and issues in what Markdown has become, where an entity is the
// character that it stands for. What they look for must be broken: by a blank of no width.
//
//nolint:gochecknoglobals // they are constant
var (
	markdownEscaper = strings.NewReplacer(
		`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "~", `\~`, "[", `\[`, "]", `\]`, "|", `\|`, "$", `\$`,
		"<", "&lt;", ">", "&gt;", "&", "&amp;", "@", "@&#8203;", "#", "#&#8203;", "GH-", "GH-&#8203;",
	)
	summaryEscaper = strings.NewReplacer(
		"<", "&lt;", ">", "&gt;", "&", "&amp;", `"`, "&#34;", "'", "&#39;", "@", "@&#8203;", "#", "#&#8203;", "GH-", "GH-&#8203;",
	)
)

// Fence is lines as a block of Markdown in the language.
func Fence(language string, lines []string) []string {
	longest := 2
	for _, line := range lines {
		run := 0
		for _, r := range line {
			if r != '`' {
				run = 0
				continue
			}
			run++
			longest = max(longest, run)
		}
	}
	fence := strings.Repeat("`", longest+1)
	block := []string{fence + language}
	for _, line := range lines {
		block = append(block, Bare(line))
	}
	return append(block, fence)
}

// Bare is dressed text without its dresses.
func Bare(text string) string {
	var b strings.Builder
	for _, p := range pieces(text) {
		b.WriteString(p.text)
	}
	return b.String()
}
