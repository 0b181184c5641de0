package process

import (
	"slices"
	"strings"
	"testing"
)

// What a process says comes in pieces that are no lines.
func TestTheLogIsPassedOnInLines(t *testing.T) {
	t.Parallel()
	var got []string
	log := &tail{to: func(line []byte) { got = append(got, string(line)) }}
	for _, piece := range []string{"on", "e\r\n\ntw", "o ", strings.Repeat("z", tailLineMax), "\nthree"} {
		if n, err := log.Write([]byte(piece)); n != len(piece) || err != nil {
			t.Fatalf("%.20q: got %d, %v", piece, n, err)
		}
	}
	log.end()
	log.end() // nothing is left
	// The marks where it was cut are three bytes each, and a part of the line's length.
	want := []string{"one", "", "two " + strings.Repeat("z", tailLineMax-7) + "…", "…zzzzzzz", "three"}
	if !slices.Equal(got, want) {
		t.Errorf("got %.60q\nwant %.60q", got, want)
	}
}

func TestTheLastWordsAreTheLastLines(t *testing.T) {
	t.Parallel()
	log := &tail{}
	if got := log.cause(); got != "" {
		t.Errorf("it said nothing: got %q", got)
	}
	for line := range strings.FieldsSeq("one two three four five six") {
		_, _ = log.Write([]byte(line + "\n \n")) // a line without words is none of them
	}
	if got, want := log.cause(), "; it said last: two / three / four / five / six"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
