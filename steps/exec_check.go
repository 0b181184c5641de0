package steps

import (
	"context"
	"errors"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
	"github.com/gatebook/gatebook/steps/internal/process"
	"github.com/gatebook/gatebook/steps/internal/program"
)

// ExecCheckInput is what exec.check is given.
type ExecCheckInput struct {
	program.Input
	OkExitCodes []int           `json:"okExitCodes" minItems:"1" min:"0" max:"255" doc:"Exit codes that are a success; all others then fail the check. Without it every exit code is an answer, except 126 and 127, with which a shell says that it cannot run a program."`
	Timeout     schema.Duration `json:"timeout" default:"30s" doc:"How long it may take."`
}

// ExecCheckOutput is what exec.check returns.
type ExecCheckOutput struct {
	program.Output
}

// looker runs programs for exec.check.
type looker struct {
	programs *process.Runner
}

func execCheck(o Options) sdk.Action[ExecCheckInput, ExecCheckOutput] {
	l := looker{o.programs()}
	return sdk.Action[ExecCheckInput, ExecCheckOutput]{
		Name:    "exec.check",
		Summary: "Run a program or a script that only looks, and return its exit code",
		Description: `Runs a program as ` + "`exec`" + ` does, but to look and not to do: it needs no way back, it can be what a gate or a verify
observes, and it may be run at any time and any number of times. **The author of the runbook promises that it changes
nothing**; gatebook cannot see it.

The exit code is an output for a condition to judge, and fails the step only where ` + "`okExitCodes`" + ` says so. That, a program
that takes longer than ` + "`timeout`" + ` or is killed, and output that should be JSON and is not, are transient; a program that is
not there is permanent.`,
		Effect:     sdk.Read,
		Idempotent: true,
		Rules:      []schema.Rule{program.Rule()},
		Examples: []schema.Example{
			{Title: "Whether a service runs: in a gate, with expr: observed.exitCode == 0", With: map[string]any{
				"command": []any{"systemctl", "is-active", "web"},
			}},
			{Title: "A number out of JSON: in a verify, with expr: observed.json.lag < 10", With: map[string]any{
				"script": `psql -XAt -c "select json_build_object('lag', pg_last_xact_replay_age())"`,
				"env":    map[string]any{"PGDATABASE": "shop"}, "parse": "json", "okExitCodes": []any{0},
			}},
		},
		GraceParam: "grace",

		Plan:  l.plan,
		Apply: l.apply,
	}
}

func (l looker) plan(ctx context.Context, call *sdk.Call[ExecCheckInput]) (sdk.Preview, error) {
	in, more := call.Input, ""
	if !call.Knows("command", "script", "shell") {
		begun, ok := in.Begun(call.Request)
		if !ok {
			return sdk.Preview{Summary: "would look with a program that is not known yet"}, nil
		}
		in.Input, more = begun, " "+program.Rest
	}
	if err := in.Valid(); err != nil {
		return sdk.Preview{}, err
	}
	return sdk.Preview{
		Summary: "would look with " + in.Line() + more, Warnings: in.Warnings(l.programs, call.Request), Observed: in.Seen(ctx, l.programs, call.Request),
	}, nil
}

func (l looker) apply(ctx context.Context, call *sdk.Call[ExecCheckInput]) (ExecCheckOutput, error) {
	in := call.Input
	if err := in.Valid(); err != nil {
		return ExecCheckOutput{}, err
	}
	if in.Timeout <= 0 {
		return ExecCheckOutput{}, sdk.FieldErrorf("timeout", "%s leaves no time to look", in.Timeout)
	}
	spec := in.Spec(call.Request) // the key marks it too, so that it can be found after a crash
	spec.Host = call.Host
	bounded, cancel := context.WithTimeout(ctx, in.Timeout.Std())
	defer cancel()
	end, err := l.programs.Run(bounded, spec)
	switch {
	case ctx.Err() != nil:
		return ExecCheckOutput{}, context.Cause(ctx)
	case errors.Is(err, context.DeadlineExceeded):
		return ExecCheckOutput{}, sdk.Errorf(sdk.Transient, "no end within %s", in.Timeout)
	case err != nil:
		return ExecCheckOutput{}, err
	}
	if err := end.Fault(in.successes(end)); err != nil {
		return ExecCheckOutput{}, err
	}
	outputs, err := in.Input.Output(end, sdk.Transient)
	return ExecCheckOutput{outputs}, err
}

// successes returns the exit codes that are a success, one of which that of end may be.
func (in ExecCheckInput) successes(end process.End) []int {
	if in.OkExitCodes != nil || !end.Answered() {
		return in.OkExitCodes
	}
	return []int{end.Code}
}
