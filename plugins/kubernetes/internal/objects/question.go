package objects

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/diff"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/predicate"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Condition is a condition of an object.
type Condition struct {
	Type               string `json:"type" required:"true" doc:"What it is about, as Available or Complete."`
	Status             string `json:"status" required:"true" doc:"True, False or Unknown."`
	Reason             string `json:"reason" required:"true" doc:"One word that says why; empty where none is said."`
	Message            string `json:"message" required:"true" doc:"A sentence that says why; empty where none is said."`
	LastTransitionTime string `json:"lastTransitionTime" required:"true" doc:"When the status changed last, as RFC 3339; empty where it is not said."`
	// observed is the generation that it is about; 0 where it does not say.
	observed int64
}

func (c Condition) String() string {
	text := c.Type + "=" + c.Status
	switch {
	case c.Reason != "" && c.Message != "":
		return text + " (" + c.Reason + ": " + c.Message + ")"
	case c.Reason != "":
		return text + " (" + c.Reason + ")"
	}
	return text
}

// conditionsOf reads the conditions of an object, which nearly all kinds write alike.
func conditionsOf(object *unstructured.Unstructured) []Condition {
	written, _, _ := unstructured.NestedSlice(object.Object, "status", "conditions")
	conditions := []Condition{}
	for _, one := range written {
		fields, is := one.(map[string]any)
		if !is {
			continue
		}
		text := func(name string) string { value, _ := fields[name].(string); return value }
		observed, _ := fields["observedGeneration"].(int64)
		conditions = append(conditions, Condition{
			text("type"), text("status"), text("reason"), text("message"), text("lastTransitionTime"), observed,
		})
	}
	return conditions
}

// question is what wait asks of an object.
type question struct {
	what string // "has the condition Available=True", of which the object is the subject
	// answer says what is seen, and whether it is what is asked for. The object is nil
	// where there is none.
	answer func(ctx context.Context, at place, object *unstructured.Unstructured) (seen string, done bool, err error)
}

// question checks what is asked, before any object is looked at.
func (in WaitInput) question() (question, error) {
	switch {
	case in.Condition != nil && in.Expr == "" && in.State == "":
		return askCondition(*in.Condition), nil
	case in.Expr != "" && in.Condition == nil && in.State == "":
		return askExpression(in.Expr)
	case in.State != "" && in.Condition == nil && in.Expr == "":
		return askState(in.State == "exists"), nil
	default:
		return question{}, sdk.Errorf(sdk.Permanent, "give one of condition, expr and state").NothingChanged()
	}
}

func askState(there bool) question {
	what := "is gone"
	if there {
		what = "is there"
	}
	return question{what, func(_ context.Context, at place, object *unstructured.Unstructured) (string, bool, error) {
		switch {
		case object == nil:
			return absent(at), !there, nil
		case object.GetDeletionTimestamp() == nil:
			return fmt.Sprintf("the %s is there", at), there, nil
		case len(object.GetFinalizers()) > 0:
			return fmt.Sprintf("the %s is being deleted, and waits for %v", at, object.GetFinalizers()), there, nil
		default:
			return fmt.Sprintf("the %s is being deleted", at), there, nil
		}
	}}
}

func absent(at place) string { return fmt.Sprintf("there is no %s", at) }

func askCondition(wanted WantedCondition) question {
	what := "has the condition " + wanted.Type + "=" + wanted.Status
	return question{what, func(_ context.Context, at place, object *unstructured.Unstructured) (string, bool, error) {
		if object == nil {
			return absent(at), false, nil
		}
		observed, _, _ := unstructured.NestedInt64(object.Object, "status", "observedGeneration")
		for _, c := range conditionsOf(object) {
			if c.Type != wanted.Type {
				continue
			}
			if c.observed != 0 {
				observed = c.observed
			}
			if observed != 0 && observed < object.GetGeneration() {
				return fmt.Sprintf("%s, which is about generation %d and not the current %d", c, observed, object.GetGeneration()), false, nil
			}
			return c.String(), c.Status == wanted.Status, nil
		}
		return fmt.Sprintf("the %s has no condition %s", at, wanted.Type), false, nil
	}}
}

func askExpression(text string) (question, error) {
	compiled, err := predicate.Compile(text)
	if err != nil {
		return question{}, sdk.FieldErrorf("expr", "%w", err)
	}
	return question{"satisfies " + text, func(ctx context.Context, at place, object *unstructured.Unstructured) (string, bool, error) {
		if object == nil {
			return absent(at), false, nil
		}
		holds, err := compiled.Holds(ctx, object.Object)
		switch {
		case ctx.Err() != nil:
			return "", false, context.Cause(ctx)
		case errors.Is(err, predicate.ErrTooMuchWork):
			return "", false, sdk.FieldErrorf("expr", "%w, over the %s", err, at)
		case err != nil && diff.IsSecret(object): // what it says may hold a value
			return "the expression has no answer yet", false, nil
		case err != nil: // as a field that is not there yet
			return "the expression has no answer yet: " + err.Error(), false, nil
		}
		return "the expression is false" + stateOf(object), holds, nil
	}}, nil
}

// stateOf adds what an object says of itself in few words.
func stateOf(object *unstructured.Unstructured) string {
	text := ""
	if phase, _, _ := unstructured.NestedString(object.Object, "status", "phase"); phase != "" {
		text += ", phase " + phase
	}
	for _, c := range conditionsOf(object) {
		text += ", " + c.String()
	}
	return text
}
