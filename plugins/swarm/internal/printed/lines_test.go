package printed

import (
	"slices"
	"strings"
	"testing"
)

// However the text comes, its lines are told, and none is longer than what can be kept.
func TestLinesAreToldAsTheyWerePrinted(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", longLine)
	for name, test := range map[string]struct {
		writes []string
		want   []string
	}{
		"whole lines":     {[]string{"one\ntwo\n"}, []string{"one", "two"}},
		"in pieces":       {[]string{"o", "ne\nt", "", "wo"}, []string{"one", "two"}},
		"empty ones":      {[]string{"\n\none\n"}, []string{"", "", "one"}},
		"of a terminal":   {[]string{"one\r\n"}, []string{"one"}},
		"just as long":    {[]string{long + "\n"}, []string{long}},
		"too long":        {[]string{long, "y", "y\n", "two\n"}, []string{long + CutMark, "two"}},
		"too long at end": {[]string{long + "y"}, []string{long + CutMark}},
		"no text":         {[]string{"a\xffb\n"}, []string{"a\uFFFDb"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var told []string
			l := &lines{each: func(text []byte) { told = append(told, string(text)) }}
			for _, text := range test.writes {
				if n, err := l.Write([]byte(text)); n != len(text) || err != nil {
					t.Errorf("wrote %d of %d, %v", n, len(text), err)
				}
			}
			l.end()
			if !slices.Equal(told, test.want) {
				t.Errorf("got %.40q, want %.40q", told, test.want)
			}
		})
	}
}
