package layout_test

import (
	"testing"

	"github.com/gatebook/gatebook/engine/report/layout"
)

func TestLineIsHarmless(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"plain":                        "plain",
		"  around  ":                   "around",
		"\x1b[2J\x1b[31mred\x1b[0m":    "red",
		"\x1b]0;title\aafter":          "after",
		"\x1b]8;;http://x\x1b\\link":   "link",
		"cut off \x1b[3":               "cut off",
		"cut off \x1b":                 "cut off",
		"two\nlines\r\n":               "two lines",
		"tab\tand bell\a":              "tab and bell",
		"right\u202eto left":           `right\u202eto left`,
		"zero\u200bwidth\ufeff":        `zero\u200bwidth\ufeff`,
		"a tag \U000e0041":             `a tag \u{e0041}`,
		"joined: 👩\u200d🚒":             "joined: 👩\u200d🚒",
		"日本語 stays":                    "日本語 stays",
		"broken \xff bytes":            "broken  bytes",
		"\u009b31mC1 is a control too": "31mC1 is a control too",
	}
	for text, want := range tests {
		if got := layout.Line(text); got != want {
			t.Errorf("Line(%q) = %q, want %q", text, got, want)
		}
	}
}

func FuzzLine(f *testing.F) {
	f.Add("\x1b[31mred\x1b[0m\r\n\u202e")
	f.Fuzz(func(t *testing.T, text string) {
		got := layout.Line(text)
		for _, r := range got {
			if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
				t.Errorf("Line(%q) lets %U through", text, r)
			}
		}
		if again := layout.Line(got); again != got {
			t.Errorf("Line(%q) = %q, and again %q", text, got, again)
		}
	})
}
