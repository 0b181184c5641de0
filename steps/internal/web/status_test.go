package web

import (
	"encoding/json"
	"regexp"
	"testing"

	"pgregory.net/rapid"
)

func TestStatusRangeIsReadBackAsWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.IntRange(100, 599).Draw(t, "from")
		want := StatusRange{from, rapid.IntRange(from, 599).Draw(t, "to")}
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got StatusRange
		if err := json.Unmarshal(text, &got); err != nil || got != want {
			t.Fatalf("%s is read as %v, %v; want %v", text, got, err, want)
		}
		if text[0] == '"' && !regexp.MustCompile(statusPattern).MatchString(want.String()) {
			t.Fatalf("%s does not fit the schema", want)
		}
	})
}

func TestStatusRange(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]StatusRange{
		`204`: {204, 204}, `"204"`: {204, 204}, `"2xx"`: {200, 299}, `"200-204"`: {200, 204},
	} {
		var got StatusRange
		if err := json.Unmarshal([]byte(text), &got); err != nil || got != want {
			t.Errorf("%s is read as %v, %v", text, got, err)
		}
	}
	for _, text := range []string{`"204-200"`, `"xx"`, `"20"x`, `true`, `"2xx-3xx"`} {
		var got StatusRange
		if err := json.Unmarshal([]byte(text), &got); err == nil {
			t.Errorf("%s is read as %v", text, got)
		}
	}
}
