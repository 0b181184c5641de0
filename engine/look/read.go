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
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

const (
	// patience is how long a look may take that has no time of its own: a person waits.
	patience = 10 * time.Second
	// grace is how long an action is waited for that was asked to end.
	grace = 2 * time.Second
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
	timeout = cmp.Or(timeout, patience)
	given := l.to(fmt.Sprintf("%s %s %s %s", timeout, u.Action, u.On, text), func() (value.Value, error) {
		defer l.asking.begin(u.Action + " for " + of.ID)()
		return l.ask(ctx, u, text, timeout)
	})
	switch {
	case errors.Is(given.err, sdk.ErrUnsupported):
		return value.Null(), nil // not with these parameters
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
	document, err := apply(ctx, u.Handler, sdk.Request{Params: params, Attempt: 1, InPlan: true}, timeout)
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
	outputs, _ = l.masker.Value(outputs)
	return outputs, nil
}

// apply applies an action within a time. One that does not end when it is asked to is left
// behind, so that no person waits for it.
func apply(ctx context.Context, action sdk.Handler, request sdk.Request, timeout time.Duration) (json.RawMessage, error) {
	bounded, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if ctx.Err() != nil {
		return nil, cut(ctx, timeout, "")
	}
	type end struct {
		outputs json.RawMessage
		err     error
	}
	ended := make(chan end, 1) // so that one that is left behind can end
	go func() {
		outputs, err := action.Apply(bounded, request, host{})
		ended <- end{outputs, err}
	}()
	late := make(chan struct{})
	stop := context.AfterFunc(bounded, func() { time.AfterFunc(grace, func() { close(late) }) })
	defer stop()
	select {
	case e := <-ended:
		if e.err != nil && bounded.Err() != nil {
			return nil, cut(ctx, timeout, "")
		}
		return e.outputs, e.err
	case <-late:
		return nil, cut(ctx, timeout, ", nor when it was asked to")
	}
}

// cut is why an action was asked to end before it had.
func cut(ctx context.Context, timeout time.Duration, more string) error {
	if ctx.Err() != nil {
		return fmt.Errorf("it was cut off%s: %w", more, context.Cause(ctx))
	}
	return fmt.Errorf("it had not ended after %s%s", timeout, more)
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
