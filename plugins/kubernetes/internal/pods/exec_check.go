package pods

import (
	"context"
	"fmt"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// ExecCheckInput is what exec_check is given.
type ExecCheckInput struct {
	Program
	OkExitCodes []int `json:"okExitCodes" minItems:"1" min:"0" max:"255" doc:"Exit codes that are a success; all others then fail the check. Without it every exit code is an answer, except 126 and 127, with which a shell says that it cannot run a program."`
}

func (p pods) execCheck() sdk.Action[ExecCheckInput, ProgramOutput] {
	return sdk.Action[ExecCheckInput, ProgramOutput]{
		Name:    "exec_check",
		Summary: "Run a program in the container of a pod that only looks, and return its exit code",
		Description: `Runs a program as ` + "`exec`" + ` does, but to look and not to do: it needs no way back, it can be what a gate or a verify
observes, and it may be run at any time and any number of times. **The author of the runbook promises that it changes
nothing**; gatebook cannot see it.

The exit code is an output for a condition to judge, and fails the step only where ` + "`okExitCodes`" + ` says so. That, and a program
that takes longer than ` + "`timeout`" + `, are transient; a program that is not there is permanent.`,
		Effect:     sdk.Read,
		Idempotent: true,
		Rules:      []schema.Rule{targetRule()},
		Examples: []schema.Example{
			{Title: "Whether the replica follows: in a verify, with expr: observed.json.lag < 10", With: map[string]any{
				"pod": "db-1", "parse": "json", "okExitCodes": []any{0},
				"command": []any{"psql", "-XAt", "-c", "select json_build_object('lag', extract(epoch from now() - pg_last_xact_replay_timestamp()))"},
			}},
			{Title: "Whether a file is there, in every pod: in a gate, with expr: observed.exitCode == 0", With: map[string]any{
				"selector": "app=web", "all": true, "command": []any{"test", "-e", "/srv/ready"},
			}},
		},
		Plan: func(ctx context.Context, call *sdk.Call[ExecCheckInput]) (sdk.Preview, error) {
			if !isKnown(call.Request) || !call.Knows("command", "timeout") {
				return sdk.Preview{Summary: "would look with a program in a pod, and which is not known yet"}, nil
			}
			program, err := p.program(call.Input.Program)
			if err != nil {
				return sdk.Preview{}, err
			}
			lacking, err := p.Lacking(ctx, program.rights()...)
			return sdk.Preview{Summary: fmt.Sprintf("would look with %s in %s", program.line(), program.Target), Blockers: lacking}, err
		},
		Apply: func(ctx context.Context, call *sdk.Call[ExecCheckInput]) (ProgramOutput, error) {
			program, err := p.program(call.Input.Program)
			if err != nil {
				return ProgramOutput{}, err
			}
			return execution{pods: p, in: program, ok: call.Input.OkExitCodes, lost: sdk.Transient, host: call.Host}.run(ctx)
		},
	}
}
