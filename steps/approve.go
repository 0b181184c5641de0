package steps

import (
	"context"
	"slices"
	"time"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// ApproveInput is what approve is given.
type ApproveInput struct {
	Message string          `json:"message" required:"true" minLength:"1" example:"Roll out web:1.2.0 to production?" doc:"What is asked."`
	From    []string        `json:"from" minItems:"1" doc:"The groups of whose people an answer is taken, as gatebook.policy.yaml beside the runbook has them; absent: whoever the policy lets approve."`
	Quorum  int             `json:"quorum" default:"1" min:"1" max:"100" doc:"How many different people must say yes. One no is a no."`
	Expires schema.Duration `json:"expires" default:"24h" doc:"How long the question stands, and a signed yes counts; unanswered by then, it is refused."`
}

// Answered is who answered a question; the outputs of actions that ask embed it.
type Answered struct {
	By      string    `json:"by" required:"true" doc:"Who answered."`
	At      time.Time `json:"at" required:"true" doc:"When they did."`
	Comment string    `json:"comment" required:"true" doc:"What they added; may be empty."`
}

// ApproveOutput is what approve returns.
type ApproveOutput struct {
	Approved  bool        `json:"approved" required:"true" doc:"Always true: a refusal fails the step."`
	Approvals []sdk.Voice `json:"approvals" required:"true" doc:"Everybody who said yes, in the order in which they did."`
	Answered
}

func approve(Options) sdk.Action[ApproveInput, ApproveOutput] {
	return sdk.Action[ApproveInput, ApproveOutput]{
		Name:    "approve",
		Summary: "Ask a person for a yes or a no",
		Description: `Asks at the terminal of ` + "`gatebook run`" + `, and takes an answer from ` + "`gatebook approve RUN STEP`" + ` and
` + "`gatebook reject RUN STEP`" + ` in another. A refusal fails the step as *denied*.

Where a policy beside the runbook says who may answer, answers are signed with people's SSH keys ([people](people.md)). With a
quorum, so many different people must say yes, and by, at and comment are of the last of them.`,
		Effect: sdk.Read,
		Examples: []schema.Example{
			{Title: "Before the point of no return", With: map[string]any{"message": "Delete the old volume?", "expires": "2h"}},
			{Title: "Two of those who lead", With: map[string]any{"message": "Fail over to the second site?", "from": []any{"leads"}, "quorum": 2}},
		},
		Plan: func(_ context.Context, call *sdk.Call[ApproveInput]) (sdk.Preview, error) {
			if err := leavesTime(call.Input.Expires); call.Knows("expires") && err != nil {
				return sdk.Preview{}, err
			}
			if !call.Knows("message") {
				return sdk.Preview{Summary: "would ask a question that is not known yet"}, nil
			}
			return sdk.Preview{Summary: "would ask: " + call.Input.Message}, nil
		},
		Ask: func(_ context.Context, call *sdk.Call[ApproveInput]) (sdk.Question, error) {
			return sdk.Question{Message: call.Input.Message, From: call.Input.From, Quorum: call.Input.Quorum, Expires: call.Input.Expires.Std()},
				leavesTime(call.Input.Expires)
		},
		Answer: func(_ context.Context, _ *sdk.Call[ApproveInput], answer sdk.Answer) (ApproveOutput, error) {
			who, err := accept(answer)
			approvals := append(slices.Clone(answer.Earlier), sdk.Voice{By: who.By, At: who.At, Comment: who.Comment})
			return ApproveOutput{Approved: err == nil, Approvals: approvals, Answered: who}, err
		},
	}
}

// leavesTime refuses a question that nobody could answer in time, which would else stand for ever.
func leavesTime(expires schema.Duration) error {
	if expires <= 0 {
		return sdk.FieldErrorf("expires", "%s leaves nobody time to answer", expires)
	}
	return nil
}

// accept returns who agreed, or the refusal as an error.
func accept(answer sdk.Answer) (Answered, error) {
	if !answer.Approved {
		reason := ""
		if answer.Comment != "" {
			reason = ": " + answer.Comment
		}
		return Answered{}, sdk.Errorf(sdk.Denied, "refused by %s%s", answer.By, reason).NothingChanged()
	}
	return Answered{By: answer.By, At: answer.At, Comment: answer.Comment}, nil
}
