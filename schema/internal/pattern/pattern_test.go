package pattern_test

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/schema/internal/pattern"
)

func TestOrdinaryPatternsAreCompiled(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "^[a-z]$", `^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$`, `(?i)^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`,
		`^\pL[\p{L}\d_-]{0,62}$`, `[à-ÿ]+`, `(?i:[a-z]-[0-9]é)`, `(?P<name>[^-\\]+)`, `x{0}`, `a{2,}`, `(a|b){3}?`,
	} {
		if _, err := pattern.Compile(text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestPatternsThatAreTooLargeAreRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"(x{1000}){1000}", "(((a{10}){10}){10})", strings.Repeat("x{1000}", 1500), strings.Repeat("(a?){500}", 400), strings.Repeat("a", 20_000),
		"[" + strings.Repeat(`\pL`, 500) + "]", `(?i)[A-\x{1e942}]`, "(?si:[A-𞥂])", `(?m)(?i)[a-\x{ffff}]`, strings.Repeat("(?:", 9000),
	} {
		if _, err := pattern.Compile(text); err == nil {
			t.Errorf("%.40q is compiled", text)
		}
	}
}

func TestAllPatternsOfADocumentAreBounded(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"(?:a{100}){9}", "[" + strings.Repeat(`\pL`, 100) + "]", "(x{1000}){1000}", strings.Repeat("(", 900)} {
		var set pattern.Set
		var err error
		compiled := 0
		for !errors.Is(err, pattern.ErrTooMany) {
			if compiled++; compiled > 10_000 {
				t.Fatalf("%.20q is compiled without end", text)
			}
			_, err = set.Compile(text)
		}
	}
}

// What is said of a pattern is what Go says of it, and its size is not far from that
// of Go's program.
func FuzzPattern(f *testing.F) {
	for _, text := range []string{"a", "(a{3,5}|b+?)*[^c-d]", `(?i)\pL\W`, "x{0,}", "(", `\`, "(?i)-", "(?i", "a{1000}", "((((a?){9}){9}){9})", `(?i)[-\x]`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		compiled, err := pattern.Compile(text)
		if err != nil {
			return
		}
		if _, err := regexp.Compile(text); err != nil {
			t.Fatalf("%q: Go says %v", text, err)
		}
		tree, _ := syntax.Parse(text, syntax.Perl)
		if program, _ := syntax.Compile(tree.Simplify()); len(program.Inst) > 4*compiled.Size+8 {
			t.Errorf("%q has %d instructions and not %d", text, len(program.Inst), compiled.Size)
		}
	})
}
