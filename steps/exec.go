package steps

import (
	"context"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// ExecInput is what exec is given.
type ExecInput struct {
	Program
	Check       []string `json:"check" nosecret:"true" minItems:"1" example:"[\"systemctl\",\"is-active\",\"--quiet\",\"nginx\"]" doc:"A command that changes nothing and says whether there is anything left to do: exit code 0 means no. The plan runs it, and so does a resume after a crash."`
	Idempotent  bool     `json:"idempotent" doc:"Running it twice does no harm, so that it may simply be run again after a crash."`
	OkExitCodes []int    `json:"okExitCodes" default:"[0]" minItems:"1" min:"0" max:"255" doc:"Exit codes that are a success."`
}

// ExecOutput is what exec returns.
type ExecOutput struct {
	Ended
}

func execAction(o Options) sdk.Action[ExecInput, ExecOutput] {
	e := newExecutor(o)
	return sdk.Action[ExecInput, ExecOutput]{
		Name:    "exec",
		Summary: "Run a program or a script on this machine",
		Description: `Runs a program, passes its output on line by line, and returns its end.

An exit code that is not in ` + "`okExitCodes`" + ` is transient, so that ` + "`retry`" + ` applies; a program that is not there, or that
the shell cannot find or run (126 and 127), is permanent. On cancel the whole process group gets SIGTERM, and SIGKILL after
` + "`grace`" + `. A program that stays in the background may do so, but its output is not waited for. For a program that only looks
there is ` + "`exec.check`" + `.

The program finds its idempotency key in ` + "`GATEBOOK_KEY`" + `. On Linux it dies with gatebook; what it left behind is found by that
variable when the run is resumed, and waited for.`,
		Effect: sdk.Change,
		Rules:  []schema.Rule{commandOrScript()},
		Examples: []schema.Example{
			{Title: "Restart a service, unless it runs", With: map[string]any{
				"command": []any{"systemctl", "start", "nginx"},
				"check":   []any{"systemctl", "is-active", "--quiet", "nginx"},
			}},
			{Title: "Run a script with a variable", With: map[string]any{
				"script": "pg_dump \"$DATABASE\" | gzip > backup.gz", "shell": "bash",
				"env": map[string]any{"DATABASE": "shop"}, "cwd": "/var/backups", "idempotent": true,
			}},
		},
		Plan:    e.plan,
		Apply:   e.apply,
		Observe: e.observe,
	}
}

// plan says what would run, and asks `check` whether it needs to.
func (e *executor) plan(ctx context.Context, call *sdk.Call[ExecInput]) (sdk.Preview, error) {
	in := call.Input
	if !in.isKnown(call.Unknown) {
		return sdk.Preview{Summary: "would run a program that is not known yet"}, nil
	}
	if err := in.eitherCommandOrScript(); err != nil {
		return sdk.Preview{}, err
	}
	preview := sdk.Preview{
		Summary:  "would run " + in.line(),
		Changes:  []sdk.Delta{{Target: in.line(), Kind: "command", Op: "run"}},
		Warnings: in.warnings(e),
	}
	if len(in.Check) == 0 || len(call.Unknown) > 0 {
		return preview, nil
	}
	switch done, err := e.runCheck(ctx, in, call.Key); {
	case err != nil && ctx.Err() != nil:
		return sdk.Preview{}, err
	case err != nil:
		preview.Warnings = append(preview.Warnings, sentence("the check cannot be run: "+err.Error()))
	case done:
		return sdk.Preview{Summary: "nothing to do: " + quoteAll(in.Check) + " succeeds"}, nil
	}
	return preview, nil
}

// apply runs it.
func (e *executor) apply(ctx context.Context, call *sdk.Call[ExecInput]) (ExecOutput, error) {
	in := call.Input
	if err := in.eitherCommandOrScript(); err != nil {
		return ExecOutput{}, err
	}
	spec := in.spec(e, call.Key)
	spec.host = call.Host
	spec.note = func(id processID) error { return call.Note("process", id) }
	ended, err := e.run(ctx, spec)
	if err != nil {
		return ExecOutput{}, err
	}
	if err := ended.fault(in.OkExitCodes); err != nil {
		return ExecOutput{}, err
	}
	outputs, err := in.outputs(ended, sdk.Permanent) // it has done its work, and must not do it again
	return ExecOutput{outputs}, err
}
