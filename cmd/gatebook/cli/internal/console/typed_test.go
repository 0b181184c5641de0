package console_test

import (
	"strings"
	"testing"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
)

func TestQuote(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"web.yaml": "web.yaml", "a=b:c/d@e%f+g,h": "a=b:c/d@e%f+g,h",
		"": "''", "my book": "'my book'", "it's": `'it'\''s'`, "$HOME": "'$HOME'", "~/x": "'~/x'", "größe": "'größe'", "a\nb": "'a\nb'",
	} {
		if got := console.Quote(word); got != want {
			t.Errorf("Quote(%q) = %s, want %s", word, got, want)
		}
	}
}

func TestRunnable(t *testing.T) {
	t.Parallel()
	const text = "gatebook run x, gatebook resume 1; gatebook history\ngatebook plan x, gatebook runs things"
	c := &console.Console{}
	if got := c.Runnable(text); got != text {
		t.Errorf("without --state: %s", got)
	}
	c.State = "a b"
	want := "gatebook run --state 'a b' x, gatebook resume --state 'a b' 1; gatebook history --state 'a b'\ngatebook plan x, gatebook runs things"
	if got := c.Runnable(text); got != want {
		t.Errorf("with --state: %s", got)
	}
}

// What is said may be another program's words, and those do nothing to the terminal.
func TestWhatIsSaidDoesNothingToTheTerminal(t *testing.T) {
	t.Parallel()
	var said strings.Builder
	c := &console.Console{Env: console.Env{Stderr: &said}}
	c.Complain("it said last: \x1b[31mred\x1b]0;title\x07")
	c.Note("see %s", "\x1b[2J")
	if want := "gatebook: it said last: �[31mred�]0;title�\nsee �[2J\n"; said.String() != want {
		t.Errorf("said %q, want %q", said.String(), want)
	}
}
