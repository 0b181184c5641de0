package expr

import (
	"strings"

	"github.com/gatebook/gatebook/engine/diag"
)

// Fault is one thing that is wrong with an expression, at a place in its text.
type Fault struct {
	Rule       *diag.Rule
	Start, End int    // byte offsets in the text; End is behind the last byte
	Detail     string // whole sentences about this one case
	Hint       string // how to mend it here, such as "did you mean evicted?"; may be empty
}

// Ref is one thing that an expression refers to, as far as the path is written
// down: `steps.before.outputs.replicas` is Root "steps" and Path "before",
// "outputs", "replicas". A path ends where an index is computed.
type Ref struct {
	Root       string
	Path       []string
	Start, End int // byte offsets in the text
}

// Step returns the id of the step that the reference is to, where it is to one.
func (r Ref) Step() (string, bool) {
	if r.Root != RootSteps || len(r.Path) == 0 {
		return "", false
	}
	return r.Path[0], true
}

// String returns the reference with dots between its names.
func (r Ref) String() string { return strings.Join(append([]string{r.Root}, r.Path...), ".") }
