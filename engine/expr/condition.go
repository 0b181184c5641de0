package expr

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/gatebook/gatebook/engine/value"
)

// Condition is a compiled CEL expression. It is immutable.
type Condition struct {
	text    string
	refs    []Ref
	source  celSource
	types   *celProvider
	program cel.Program
	traced  func() (cel.Program, error) // the same, keeping the value of each part
}

// Text returns the expression as it was written.
func (c *Condition) Text() string { return c.text }

// Refs returns what the condition refers to, in the order of the text.
func (c *Condition) Refs() []Ref { return c.refs }

// Truth is what a condition says.
type Truth uint8

// The truths.
const (
	Unknown Truth = iota // it depends on what is not known yet
	True
	False
	Failed // it could not be evaluated; Verdict.Err says why
)

// String returns "unknown", "true", "false" or "failed".
func (t Truth) String() string { return [...]string{"unknown", "true", "false", "failed"}[t] }

// Verdict is the result of a condition.
type Verdict struct {
	Truth    Truth
	Causes   []value.Cause // with Unknown: why, each once
	Residual string        // with Unknown: what is left of the expression
	Err      error         // with Failed: a whole sentence without secrets
}

// Eval evaluates the condition. It never blocks and never panics: whatever goes
// wrong is a Failed verdict.
func (c *Condition) Eval(scope Scope) Verdict {
	e := newEvaluation(c.types, scope)
	out, _, err := c.program.Eval(e)
	return c.verdict(e, out, err)
}

func (c *Condition) verdict(e *evaluation, out ref.Val, err error) Verdict {
	var presence unknownPresence
	switch {
	case errors.As(err, &presence):
		return c.unknown(e, presence.causes)
	case err != nil:
		return Verdict{Truth: Failed, Err: c.failure(e.scope, err)}
	}
	switch result := out.(type) {
	case types.Bool:
		if result {
			return Verdict{Truth: True}
		}
		return Verdict{Truth: False}
	case *types.Unknown:
		return c.unknown(e, e.causesOf(result))
	case types.Null:
		return Verdict{Truth: Failed, Err: fmt.Errorf("%s is null, and must be true or false", c.text)}
	default:
		kind := describeCEL(result.Type().TypeName())
		return Verdict{Truth: Failed, Err: fmt.Errorf("%s is %s, and must be true or false", c.text, kind)}
	}
}

func (c *Condition) unknown(e *evaluation, causes []value.Cause) Verdict {
	return Verdict{Truth: Unknown, Causes: causes, Residual: c.residual(e.scope)}
}

// causesOf returns why an unknown is one, each cause once, in a stable order.
func (e *evaluation) causesOf(u *types.Unknown) []value.Cause {
	ids := u.IDs()
	slices.Sort(ids)
	var causes []value.Cause
	for _, id := range ids {
		if id < 1 || int(id) > len(e.causes) {
			continue
		}
		for _, cause := range e.causes[id-1] {
			if !slices.Contains(causes, cause) {
				causes = append(causes, cause)
			}
		}
	}
	return causes
}

// failure says why an evaluation failed, in our words and without secrets.
func (c *Condition) failure(scope Scope, err error) error {
	message := err.Error()
	if errors.Is(err, errCost) || strings.Contains(message, "operation cancelled") {
		return errCost
	}
	missing := missingRefs(scope, c.refs)
	if missing != "" && (strings.HasPrefix(message, "no such overload") || strings.HasPrefix(message, "no such key")) {
		return errors.New(missing)
	}
	if strings.HasPrefix(message, "no such overload") {
		return errors.New("an operator or function does not take values of these types")
	}
	if hasSecret(scope, c.refs) {
		return errors.New("the evaluation failed; the reason may hold a secret and is not shown")
	}
	return errors.New(strings.ReplaceAll(message, celPrefix, ""))
}

// resolve returns the value that a reference leads to, as far as its path goes, and
// whether there is one.
func resolve(scope Scope, r Ref) (value.Value, bool) {
	var v value.Value
	path := r.Path
	if id, ok := r.Step(); ok {
		v, path = stepOf(scope, id), path[1:]
	} else if r.Root != RootSteps {
		v = rootOf(scope, r.Root)
	}
	for _, name := range path {
		member, ok := v.Get(name)
		if !ok {
			return value.Null(), false
		}
		v = member
	}
	return v, true
}

func hasSecret(scope Scope, refs []Ref) bool {
	return slices.ContainsFunc(refs, func(r Ref) bool {
		v, _ := resolve(scope, r)
		return v.HasSecret()
	})
}

// missingRefs says which references have no value, for people who wonder why an
// operator did not work; empty where all have one.
func missingRefs(scope Scope, refs []Ref) string {
	var missing []string
	for _, r := range refs {
		if v, _ := resolve(scope, r); v.IsNull() {
			missing = append(missing, r.String())
		}
	}
	slices.Sort(missing)
	switch missing = slices.Compact(missing); len(missing) {
	case 0:
		return ""
	case 1:
		return missing[0] + " has no value"
	default:
		return strings.Join(missing, " and ") + " have no value"
	}
}
