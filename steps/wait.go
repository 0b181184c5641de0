package steps

import (
	"context"
	"time"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
	"github.com/gatebook/gatebook/steps/internal/probe"
)

// WaitInput is what wait is given.
type WaitInput struct {
	For   schema.Duration `json:"for" example:"30s" doc:"How long to wait."`
	Until *time.Time      `json:"until" example:"2026-01-10T01:00:00+08:00" doc:"Time to wait for; one that has passed is not waited for."`
}

// WaitOutput is what wait returns.
type WaitOutput struct {
	Waited schema.Duration `json:"waited" required:"true" doc:"How long it has waited."`
}

func waitAction(Options) sdk.Action[WaitInput, WaitOutput] {
	return sdk.Action[WaitInput, WaitOutput]{
		Name:    "wait",
		Summary: "Let time pass",
		Description: `Waits for a duration, or until a time. After a crash a wait for a duration begins anew, and a wait until a time does not.

To wait *for something*, use a gate or a verify with ` + "`within`" + `, or a check with ` + "`within`" + `: those end as soon as it is there.`,
		Effect:     sdk.Read,
		Idempotent: true,
		Rules: []schema.Rule{{
			Expr:    "has(self.for) != has(self.until)",
			Message: "Give either for or until.",
		}},
		Examples: []schema.Example{
			{Title: "Let connections drain", With: map[string]any{"for": "30s"}},
			{Title: "Start at one in the morning in Shanghai", With: map[string]any{"until": "2026-01-10T01:00:00+08:00"}},
		},
		Plan: func(_ context.Context, call *sdk.Call[WaitInput]) (sdk.Preview, error) {
			if !call.Knows("for", "until") {
				return sdk.Preview{Summary: "would wait for a time that is not known yet"}, nil
			}
			if until := call.Input.Until; until != nil {
				return sdk.Preview{Summary: "would wait until " + until.Format(time.RFC3339), Estimate: call.Input.left()}, nil
			}
			return sdk.Preview{Summary: "would wait for " + call.Input.For.String(), Estimate: call.Input.left()}, nil
		},
		Apply: func(ctx context.Context, call *sdk.Call[WaitInput]) (WaitOutput, error) {
			start, left := time.Now(), call.Input.left()
			call.Host.Progress(sdk.Progress{Message: "until " + start.Add(left).Format(time.RFC3339)})
			if err := probe.Sleep(ctx, left); err != nil {
				return WaitOutput{}, err
			}
			return WaitOutput{Waited: probe.Latency(start)}, nil
		},
	}
}

// left is how long there is to wait from now.
func (in WaitInput) left() time.Duration {
	if in.Until != nil {
		return max(time.Until(*in.Until), 0)
	}
	return max(in.For.Std(), 0)
}
