package words_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gatebook/gatebook/schema/internal/words"
)

func TestValuesAreWrittenForPeople(t *testing.T) {
	t.Parallel()
	for want, got := range map[string]string{
		"plain":            words.Show("plain"),
		`"two words"`:      words.Show("two words"),
		`""`:               words.Show(""),
		`[1,"a"]`:          words.Show([]any{1, "a"}),
		"a func()":         words.Show(func() {}),
		"a":                words.List([]string{"a"}, "or"),
		"a, b or c":        words.List([]string{"a", "b", "c"}, "or"),
		"1, true or x":     words.OneOf([]any{1, true, "x"}),
		"1 item":           words.Count(1, "item"),
		"0 items":          words.Count(0, "item"),
		"nodes[2].name":    words.Path([]string{"nodes", "2", "name"}),
		"[0][1]":           words.Path([]string{"0", "1"}),
		"headers.x-key.a1": words.Path([]string{"headers", "x-key", "a1"}),
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestLongValuesAreCutBetweenCharacters(t *testing.T) {
	t.Parallel()
	for shift := range 4 {
		got := words.Show(strings.Repeat("x", shift) + strings.Repeat("é世", 40))
		if len(got) > 64 || !utf8.ValidString(got) || !strings.HasSuffix(got, "…") {
			t.Errorf("got %q", got)
		}
	}
}
