package layout_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/value"
)

// What a value is can be told from one line of it: nothing is joined, and nothing is left out.
func TestPlainShowsWhatIsThere(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		of   value.Value
		want string
	}{
		{value.String("as it is"), "as it is"},
		{value.String("its end\n"), "its end"},
		{value.String("rm build # comment\ncurl x"), `"rm build # comment\ncurl x"`},
		{value.String("user\u202etxt.exe"), `"user\u202etxt.exe"`},
		{value.String("red \x1b[31m, \u009bm"), `"red \u001b[31m, \u009bm"`},
		{value.List(value.String("sh"), value.String("a\nb\u200b")), `["sh","a\nb\u200b"]`},
		{value.String("k3y\nk3y").Secret(), "(secret)"},
		{value.Int(3), "3"},
	} {
		if got := layout.Plain(test.of); got != test.want {
			t.Errorf("Plain(%#v) = %s, want %s", test.of, got, test.want)
		}
	}
}

func TestABlockHasEachLine(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		of   value.Value
		want []string
	}{
		{value.String("one line\n"), nil},
		{value.String("set -e\n\n  rm build # \u202ecomment\r\n"), []string{"set -e", "", `  rm build # \u202ecomment\r`}},
		{value.String("k3y\nk3y").Secret(), nil},
		{value.List(value.String("a\nb")), nil},
	} {
		if diff := cmp.Diff(test.want, layout.Block(test.of)); diff != "" {
			t.Errorf("Block(%#v) (-want +got):\n%s", test.of, diff)
		}
	}
}
