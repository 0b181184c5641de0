package layout_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/report/layout"
)

func TestFoldBreaksAtBlanksWhereItCan(t *testing.T) {
	t.Parallel()
	bold := layout.Style{Colour: true}
	for _, test := range []struct {
		text    string
		columns int
		want    []string
	}{
		{"", 10, []string{""}},
		{"short", 10, []string{"short"}},
		{"as long as it is", 0, []string{"as long as it is"}},
		{"one two three", 7, []string{"one two", "three"}},
		{"one two  three", 8, []string{"one two", "three"}},
		{"  further in than that", 12, []string{"  further in", "than that"}},
		{"abcdefghij", 4, []string{"abcd", "efgh", "ij"}},
		{"see abcdefghij", 6, []string{"see", "abcdef", "ghij"}},
		{"日本語日本語", 5, []string{"日本", "語日", "本語"}},
		{bold.Bold("one two") + " three", 7, []string{bold.Bold("one two"), "three"}},
		{bold.Bold("one two three"), 7, []string{bold.Bold("one two"), bold.Bold("three")}},
	} {
		if diff := cmp.Diff(test.want, layout.Fold(test.text, test.columns)); diff != "" {
			t.Errorf("Fold(%q, %d) (-want +got):\n%s", test.text, test.columns, diff)
		}
	}
}

// TestFoldLosesNothing: whatever is folded is no wider than asked, and only blanks are left
// out of it.
func TestFoldLosesNothing(t *testing.T) {
	t.Parallel()
	signs := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "日", "é", "👩", " ", "-", "☺\ufe0f"}), 0, 40)
	words := rapid.Map(signs, func(signs []string) string { return strings.Join(signs, "") })
	rapid.Check(t, func(t *rapid.T) {
		style := layout.Style{Colour: rapid.Bool().Draw(t, "colour")}
		text := style.Bold(words.Draw(t, "bold")) + words.Draw(t, "plain") + style.Bad(words.Draw(t, "bad"))
		columns := rapid.IntRange(2, 30).Draw(t, "columns")
		lines := layout.Fold(text, columns)
		for _, line := range lines {
			if width := layout.Width(layout.Bare(line)); width > columns {
				t.Errorf("%q takes %d of %d columns", line, width, columns)
			}
		}
		bare := func(s string) string { return strings.ReplaceAll(layout.Bare(s), " ", "") }
		if got := bare(strings.Join(lines, "")); got != bare(text) {
			t.Errorf("folded %q\nto     %q", bare(text), got)
		}
	})
}
