package source_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/source"
)

func TestPosition(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, text, at string
		want           source.Position
	}{
		{"first character", "name: web\n", "name", source.Position{Line: 1, Column: 1}},
		{"characters count, not bytes", "é: ü!\n", "!", source.Position{Line: 1, Column: 5}},
		{"wide characters count once", "a: 漢字!\n", "!", source.Position{Line: 1, Column: 6}},
		{"second line", "a: 1\nb: 2\n", "b", source.Position{Line: 2, Column: 1}},
		{"after CRLF", "a: 1\r\nb: 2\r\n", "2", source.Position{Line: 2, Column: 4}},
		{"the line end belongs to its line", "a\nb", "\n", source.Position{Line: 1, Column: 2}},
		{"a byte order mark takes no column", "\uFEFFa: 1", "a", source.Position{Line: 1, Column: 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			file := source.NewFile("f.yaml", []byte(test.text))
			if got := file.Position(strings.Index(test.text, test.at)); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

// Far behind the start of a line characters are not counted from there.
func TestPositionInALongLine(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.SampledFrom([]string{"a", "é", "漢", "😀", "\x80", "\xE6\xBC", "\n"})
		text := "x\n" + strings.Repeat(strings.Join(rapid.SliceOfN(part, 1, 9).Draw(t, "parts"), ""), 3000)
		file := source.NewFile("f.yaml", []byte(text))
		at := rapid.IntRange(0, len(text)).Draw(t, "at")
		start := strings.LastIndexByte(text[:at], '\n') + 1
		want := source.Position{Line: 1 + strings.Count(text[:at], "\n"), Column: 1 + utf8.RuneCountInString(text[start:at])}
		if got := file.Position(at); got != want {
			t.Fatalf("offset %d of %d is %+v, want %+v", at, len(text), got, want)
		}
	})
}

func TestPositionIsClampedToTheFile(t *testing.T) {
	t.Parallel()
	file := source.NewFile("f.yaml", []byte("a\nbc"))
	if got, want := file.Position(-1), (source.Position{Line: 1, Column: 1}); got != want {
		t.Errorf("before the file: got %+v, want %+v", got, want)
	}
	if got, want := file.Position(99), (source.Position{Line: 2, Column: 3}); got != want {
		t.Errorf("behind the file: got %+v, want %+v", got, want)
	}
	if got := file.Offset(source.Position{Line: 1, Column: 99}); got != 1 {
		t.Errorf("behind the line: got %d, want 1", got)
	}
	if got := file.Offset(source.Position{Line: 9, Column: 1}); got != 4 {
		t.Errorf("a line the file does not have: got %d, want 4", got)
	}
	if got := file.LineStart(9); got != 4 {
		t.Errorf("the start of a line the file does not have: got %d, want 4", got)
	}
}

func TestLine(t *testing.T) {
	t.Parallel()
	file := source.NewFile("f.yaml", []byte("\uFEFFone\r\ntwo\n\nfour"))
	for n, want := range []string{"", "one", "two", "", "four", ""} {
		if got := file.Line(n); got != want {
			t.Errorf("line %d: got %q, want %q", n, got, want)
		}
	}
	if got := file.LineCount(); got != 4 {
		t.Errorf("got %d lines, want 4", got)
	}
}

func TestRange(t *testing.T) {
	t.Parallel()
	file := source.NewFile("web.yaml", []byte("a: 1\nbc: 2\n"))
	r := file.Range(5, 7)
	if got := r.String(); got != "web.yaml:2:1" {
		t.Errorf("String: got %s", got)
	}
	if got := r.Text(); got != "bc" {
		t.Errorf("Text: got %q", got)
	}
	if got, want := r.To(), (source.Position{Line: 2, Column: 3}); got != want {
		t.Errorf("To: got %+v, want %+v", got, want)
	}
	var nowhere source.Range
	if nowhere.String() != "-" || nowhere.Text() != "" || nowhere.From() != (source.Position{}) || nowhere.To() != (source.Position{}) {
		t.Error("the zero Range must be nowhere")
	}
}

func TestRangesSortByFileThenPlace(t *testing.T) {
	t.Parallel()
	a, b := source.NewFile("a", []byte("xyz")), source.NewFile("b", []byte("xyz"))
	sorted := []source.Range{{}, a.Range(0, 1), a.Range(0, 2), a.Range(1, 1), b.Range(0, 0)}
	for i := range sorted {
		for j := range sorted {
			if got := sorted[i].Compare(sorted[j]); sign(got) != sign(i-j) {
				t.Errorf("Compare(%d, %d) is %d", i, j, got)
			}
		}
	}
}

func sign(n int) int { return max(-1, min(1, n)) }

// Every character's offset survives the way to a position and back.
func TestOffsetIsTheInverseOfPosition(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune("ab é漢\n\t😀"))).Draw(t, "text")
		file := source.NewFile("f", []byte(text))
		for offset := range text {
			if got := file.Offset(file.Position(offset)); got != offset {
				t.Fatalf("offset %d became %d by way of %+v", offset, got, file.Position(offset))
			}
		}
	})
}
