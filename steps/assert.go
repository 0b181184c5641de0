package steps

import (
	"context"
	"fmt"
	"strings"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// Assertion is something that must be true.
type Assertion struct {
	That    bool   `json:"that" required:"true" doc:"What must be true; a template gives it."`
	Message string `json:"message" doc:"What to say where it is not."`
}

// AssertInput is what assert is given.
type AssertInput struct {
	That    *bool       `json:"that" doc:"What must be true; a template gives it."`
	Message string      `json:"message" doc:"What to say where it is not."`
	All     []Assertion `json:"all" minItems:"1" doc:"Several things that must be true; all that are not are named."`
}

// AssertOutput is what assert returns: nothing.
type AssertOutput struct{}

func assert(Options) sdk.Action[AssertInput, AssertOutput] {
	return sdk.Action[AssertInput, AssertOutput]{
		Name:    "assert",
		Summary: "Fail unless something is true",
		Description: `Succeeds where everything it is given is true, and names what is not. Nothing is retried: what is false stays false.

A gate says the same about a step that follows. A step of its own is for what stands for itself, such as a
pre-flight check that the report should name.`,
		Effect:     sdk.Read,
		Idempotent: true,
		InPlan:     true,
		Rules: []schema.Rule{
			{Expr: "has(self.that) != has(self.all)", Message: "Give either that or all."},
			{Expr: "!(has(self.all) && has(self.message))", Message: "With all, each assertion has its own message."},
		},
		Examples: []schema.Example{
			{Title: "One thing", With: map[string]any{"that": true, "message": "the new image is the old one"}},
			{Title: "Several things", With: map[string]any{"all": []any{
				map[string]any{"that": true, "message": "fewer than three nodes are ready"},
				map[string]any{"that": true, "message": "the version is not newer"},
			}}},
		},
		Plan: func(_ context.Context, call *sdk.Call[AssertInput]) (sdk.Preview, error) {
			if len(call.Unknown) > 0 {
				return sdk.Preview{Summary: "would fail unless it is true"}, nil
			}
			if err := call.Input.check(); err != nil {
				return sdk.Preview{Summary: "would fail", Blockers: []string{fmt.Sprintf("It is not so: %s.", err)}}, nil
			}
			return sdk.Preview{Summary: "would succeed"}, nil
		},
		Apply: func(_ context.Context, call *sdk.Call[AssertInput]) (AssertOutput, error) {
			return AssertOutput{}, call.Input.check()
		},
	}
}

func (in AssertInput) check() error {
	all := in.All
	if in.That != nil {
		all = []Assertion{{That: *in.That, Message: in.Message}}
	}
	var untrue []string
	for i, assertion := range all {
		switch {
		case assertion.That:
		case assertion.Message != "":
			untrue = append(untrue, assertion.Message)
		case in.That != nil:
			untrue = append(untrue, "the assertion is false")
		default:
			untrue = append(untrue, fmt.Sprintf("all[%d] is false", i))
		}
	}
	if len(untrue) == 0 {
		return nil
	}
	return sdk.Errorf(sdk.Permanent, "%s", strings.Join(untrue, "; ")).NothingChanged()
}
