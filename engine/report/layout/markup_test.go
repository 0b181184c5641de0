package layout_test

import (
	"fmt"
	"html"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/internal/tally"
	"github.com/gatebook/gatebook/engine/report/layout"
)

// A host looks for people and issues where entities are read already: they are broken by a
// blank of no width, also where HTML stands within Markdown.
func TestNobodyIsMentioned(t *testing.T) {
	t.Parallel()
	text := layout.Style{Colour: true}.Bold("@all") + " see #12 & GH-7, <b>"
	if got, want := layout.Markdown(text), "**@&#8203;all** see #&#8203;12 &amp; GH-&#8203;7, &lt;b&gt;"; got != want {
		t.Errorf("Markdown: %s, want %s", got, want)
	}
	if got, want := layout.Summary(text), "<b>@&#8203;all</b> see #&#8203;12 &amp; GH-&#8203;7, &lt;b&gt;"; got != want {
		t.Errorf("Summary: %s, want %s", got, want)
	}
}

// What stands out is bold wherever it stands, by the rules of CommonMark for what marks open and
// close; next to each other it is bold together.
func TestWhatStandsOutIsBold(t *testing.T) {
	t.Parallel()
	style := layout.Style{Colour: true}
	tally.Check(t, func(t *rapid.T, told tally.Tally) {
		var text string
		var want []string
		apart := true
		for range rapid.IntRange(1, 5).Draw(t, "pieces") {
			piece := rapid.StringOfN(rapid.RuneFrom([]rune("ab; ()*_.→✓\u00a0&@\\`é")), 1, 4, -1).Draw(t, "piece")
			if rapid.Bool().Draw(t, "plain") {
				text, apart = text+piece, true
				continue
			}
			text += rapid.SampledFrom([]func(string) string{style.Bold, style.Bad, style.Warn}).Draw(t, "dress")(piece)
			if apart {
				want = append(want, "")
			}
			want[len(want)-1] += piece
			apart = false
		}
		var trimmed []string
		for _, bold := range want {
			if bold = strings.TrimSpace(bold); bold != "" {
				trimmed = append(trimmed, bold)
			}
		}
		made := layout.Markdown(text)
		got, why := boldIn("- " + made)
		if why != "" {
			t.Fatalf("%q is %s: %s", text, made, why)
		}
		if diff := cmp.Diff(trimmed, got); diff != "" {
			t.Fatalf("%q is %s (-want +got)\n%s", text, made, diff)
		}
		told["bold"] += len(got)
		if strings.Contains(made, "&#8203;**") || strings.Contains(made, "**&#8203;") {
			told["set apart"]++
		}
	}, "bold", "set apart")
}

// boldIn returns what is bold in a line of Markdown, or why its marks are not read as such.
func boldIn(line string) (bold []string, why string) {
	runes, open := []rune(line), -1
	at := func(i int) rune {
		if i < 0 || i >= len(runes) {
			return ' '
		}
		return runes[i]
	}
	blank := unicode.IsSpace
	for i := 0; i < len(runes); i++ {
		if runes[i] == '\\' {
			i++
			continue
		}
		if runes[i] != '*' {
			continue
		}
		from := i
		for at(i+1) == '*' {
			i++
		}
		before, behind := at(from-1), at(i+1)
		for _, isSign := range []func(rune) bool{ // of old readers and of new ones
			func(r rune) bool { return unicode.IsPunct(r) || r < 128 && unicode.IsSymbol(r) },
			func(r rune) bool { return unicode.IsPunct(r) || unicode.IsSymbol(r) },
		} {
			opens := !blank(behind) && (!isSign(behind) || blank(before) || isSign(before))
			closes := !blank(before) && (!isSign(before) || blank(behind) || isSign(behind))
			switch {
			case i-from != 1:
				return nil, "a run of other than two marks"
			case open < 0 && !opens, open >= 0 && !closes:
				return nil, fmt.Sprintf("the marks at %d neither open nor close", from)
			}
		}
		if open < 0 {
			open = i + 1
			continue
		}
		bold, open = append(bold, plain(string(runes[open:from]))), -1
	}
	if open >= 0 {
		return nil, "what is bold has no end"
	}
	return bold, ""
}

// plain is Markdown without its escapes.
func plain(text string) string {
	text = html.UnescapeString(strings.ReplaceAll(text, "&#8203;", ""))
	return regexp.MustCompile(`\\([^\pL\pN\s])`).ReplaceAllString(text, "$1")
}
