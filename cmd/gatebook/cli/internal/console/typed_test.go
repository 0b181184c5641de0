package console_test

import (
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
