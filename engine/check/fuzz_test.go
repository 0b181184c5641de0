package check_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/source"
)

// FuzzCheck holds that no file whatsoever makes a check panic or take long.
func FuzzCheck(f *testing.F) {
	paths, err := filepath.Glob("testdata/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(head + "steps:\n- {id: a, uses: look, with: &w {url: x, nodes: [*w]}}"))
	f.Add([]byte(head + "inputs: {a: {type: object, properties: {b: {secret: true}}}}\nsteps: [{id: a, uses: send, with: {text: '${{ inputs }}'}}]"))
	f.Add([]byte(head + "vars: {a: '${{ vars }}'}\nsteps: [{id: steps, uses: ask}, null, 3]"))
	f.Add([]byte(head + "inputs: {a: {type: string, pattern: '(x{1000}){1000}', default: x}, b: {type: string, pattern: '(?i)[A-\\x{1e942}]'}}\nsteps: [{id: a, uses: ask}]"))
	f.Add([]byte(head + "vars: {a: '${{ \"a\" matches \"(x{1000}){1000}\" }}'}\nsteps: [{id: a, uses: ask, when: 'run.id.matches(\"((x{99}){99}){99}\")'}]"))
	catalogue := testActions(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		start := time.Now()
		checked, found := load(source.NewFile("fuzz.yaml", text), catalogue)
		if took := time.Since(start); took > 30*time.Second { // for what hangs, on a slow, busy machine
			t.Errorf("the check took %v", took)
		}
		if checked != nil && !found.HasErrors() && len(checked.Order) != len(checked.Steps) {
			t.Errorf("no errors, and yet %d of %d steps have a place", len(checked.Order), len(checked.Steps))
		}
		for _, d := range found {
			if r := d.Range; !r.IsZero() && (r.Start < 0 || r.End > len(text) || r.Start > r.End) {
				t.Errorf("%s is at %d to %d of %d bytes", d.Rule.Code, r.Start, r.End, len(text))
			}
		}
	})
}
