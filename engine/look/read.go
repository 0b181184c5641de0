package look

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/gatebook/gatebook/engine/data"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/patience"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

const (
	// longest is how long a look may take that has no time of its own: a person waits.
	longest = 10 * time.Second
	// maxOutputs is how many bytes of outputs a plan holds of one look.
	maxOutputs = 1 << 20
)

// answers are those of the actions, so that what many steps ask is asked once, where they
// have as much time for it.
type answers struct {
	mu    sync.Mutex
	asked map[string]*answer
}

type answer struct {
	given   chan struct{} // closed by who asked first
	outputs value.Value
	err     error
}

// to returns the answer to a question, which the first who asks gets by ask.
func (a *answers) to(question string, ask func() (value.Value, error)) *answer {
	a.mu.Lock()
	found, known := a.asked[question]
	if !known {
		found = &answer{given: make(chan struct{})}
		a.asked[question] = found
	}
	a.mu.Unlock()
	if known {
		<-found.given
		return found
	}
	defer close(found.given)
	found.outputs, found.err = ask()
	return found
}

// mayRead reports whether an action says that it only reads and may be applied in a plan.
func mayRead(u *plan.Use) bool { return u.Effect == sdk.Read && u.Describe.InPlan }

// read applies an action that reads, within its time or else within what a person has
// patience for. Where it may not be applied yet, or not in a plan, nothing is seen.
func (l *looker) read(ctx context.Context, of *plan.Step, u *plan.Use, scope scope, timeout time.Duration) (value.Value, *plan.Seen) {
	over := l.plan.Over(u)
	if !mayRead(u) || over != nil && over.TargetError != "" {
		return value.Null(), nil
	}
	params, err := u.Source.Eval(scope)
	if err != nil {
		return value.Null(), &plan.Seen{Error: "what to look at cannot be computed: " + err.Error()}
	}
	if params.HasUnknown() {
		return value.Null(), nil
	}
	if field, exposed := data.Exposed(u.Describe.Input, params); exposed {
		return value.Null(), &plan.Seen{Error: field + ": others can read this parameter, and its value holds a secret"}
	}
	l.masker.Derive(params)
	text, err := params.RevealJSON()
	if err != nil {
		return value.Null(), &plan.Seen{Error: err.Error()}
	}
	given := l.to(fmt.Sprintf("%s %s %s %s", timeout, u.Action, u.On, text), func() (value.Value, error) {
		defer l.asking.Begin(u.Action + " for " + of.ID)()
		return l.ask(ctx, u, text, cmp.Or(timeout, longest))
	})
	cut, wasCut := errors.AsType[*patience.CutError](given.err)
	switch {
	case errors.Is(given.err, sdk.ErrUnsupported):
		return value.Null(), nil // not with these parameters
	case wasCut && (timeout == 0 || cut.All != nil): // a run would have waited
		return value.Null(), &plan.Seen{Error: given.err.Error(), Cut: true}
	case given.err != nil:
		waits := u.Describe.Waits(text) > 0 && sdk.AsError(given.err).Class == sdk.Transient
		return value.Null(), &plan.Seen{Error: given.err.Error(), Waits: waits}
	default:
		outputs := given.outputs
		return outputs, &plan.Seen{Outputs: &outputs}
	}
}

// ask applies the action, and marks what is secret in what it returns.
func (l *looker) ask(ctx context.Context, u *plan.Use, params json.RawMessage, timeout time.Duration) (value.Value, error) {
	document, err := patience.Within(ctx, timeout, func(ctx context.Context) (json.RawMessage, error) {
		return u.Handler.Apply(ctx, sdk.Request{Params: params, Attempt: 1, InPlan: true}, host{})
	})
	if err != nil {
		return value.Null(), err
	}
	if len(document) > maxOutputs {
		return value.Null(), fmt.Errorf("the action returned %d bytes, and a plan holds at most %d of one look", len(document), maxOutputs)
	}
	outputs, err := value.FromJSON(document)
	if err != nil {
		return value.Null(), fmt.Errorf("the action returned what is not JSON: %w", err)
	}
	outputs = data.Secrets(outputs, u.Describe.Output)
	l.masker.Learn(outputs)
	if err := u.Fits(document); err != nil { // a run would fail there
		return value.Null(), fmt.Errorf("the outputs of %s break their schema, which is a fault of its program: %w", u.Action, err)
	}
	outputs, _ = l.masker.Value(outputs)
	return outputs, nil
}

// host is that of an action in a plan, which is told what a person sees and keeps nothing.
type host struct{}

var _ sdk.Host = host{}

// errKeepsNothing is what an action is told that takes itself for one that changes something.
var errKeepsNothing = errors.New("a plan keeps nothing for an action, which is only to look")

func (host) Progress(sdk.Progress)                         {}
func (host) Output(string, []byte)                         {}
func (host) Before(context.Context, json.RawMessage) error { return errKeepsNothing }
func (host) Note(string, json.RawMessage) error            { return errKeepsNothing }

// hide masks in a step what was seen of it, and reports whether anything was. What one action
// returns as a secret, another may have returned before as none.
func (l *looker) hide(s *plan.Step) (looked bool) {
	l.hideSeen(s.Seen)
	looked = s.Seen != nil
	if s.Loop != nil {
		looked = s.Loop.Now != nil
		for _, one := range s.Loop.Instances {
			looked = l.hide(one) || looked
		}
	}
	for _, c := range slices.Concat([]*plan.Condition{s.When}, s.Gate, s.Verify) {
		if c == nil || c.Now == nil {
			continue
		}
		looked = true
		l.hideSeen(c.Now.Observed)
		c.Now.Detail = diag.Clean(l.masker.Text(c.Now.Detail))
		l.hideExplanation(c.Now.Explain)
	}
	return looked
}

func (l *looker) hideSeen(seen *plan.Seen) {
	if seen == nil {
		return
	}
	seen.Error = diag.Clean(l.masker.Text(seen.Error))
	if seen.Outputs != nil {
		outputs, _ := l.masker.Value(*seen.Outputs)
		seen.Outputs = &outputs
	}
}

func (l *looker) hideExplanation(e *expr.Explanation) {
	if e == nil {
		return
	}
	e.Value = l.masker.Text(e.Value)
	for _, part := range e.Children {
		l.hideExplanation(part)
	}
}
