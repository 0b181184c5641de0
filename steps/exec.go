package steps

import (
	"context"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
	"github.com/gatebook/gatebook/steps/internal/process"
	"github.com/gatebook/gatebook/steps/internal/program"
)

// ExecInput is what exec is given.
type ExecInput struct {
	program.Input
	Check       []string `json:"check" nosecret:"true" minItems:"1" example:"[\"systemctl\",\"is-active\",\"--quiet\",\"nginx\"]" doc:"A command that changes nothing and says whether there is anything left to do: exit code 0 means no. The plan runs it and says what it says, and a resume after a crash goes by it. A run does not ask it: to skip the step use when."`
	Idempotent  bool     `json:"idempotent" doc:"Running it twice does no harm, so that it may simply be run again after a crash."`
	OkExitCodes []int    `json:"okExitCodes" default:"[0]" minItems:"1" min:"0" max:"255" doc:"Exit codes that are a success."`
}

// ExecOutput is what exec returns.
type ExecOutput struct {
	program.Output
}

// executor runs programs for exec.
type executor struct {
	programs *process.Runner
}

func execAction(o Options) sdk.Action[ExecInput, ExecOutput] {
	e := executor{o.programs()}
	return sdk.Action[ExecInput, ExecOutput]{
		Name:    "exec",
		Summary: "Run a program or a script on this machine",
		Description: `Runs a program, passes its output on line by line, and returns its end.

An exit code that is not in ` + "`okExitCodes`" + ` is transient, so that ` + "`retry`" + ` applies; a program that is not there, or that
the shell cannot find or run (126 and 127), is permanent. On cancel the whole process group gets SIGTERM, and SIGKILL after
` + "`grace`" + `. A program that stays in the background may do so, but its output is not waited for. For a program that only looks
there is ` + "`exec.check`" + `.

The program finds its idempotency key in ` + "`GATEBOOK_KEY`" + `, and in ` + "`TRACEPARENT`" + ` the W3C trace context of the attempt. When gatebook is killed, on Linux the program dies, and with it what it
started, as far as that is in its process group, has the program's ` + "`GATEBOOK_MARK`" + ` in its environment, or was started by such a
process that still runs. What a program that has ended left in the background goes on. When the run is resumed, what still runs is found, by
the group or by its ` + "`GATEBOOK_KEY`" + `, and is waited for; the group is in the journal once the program has run for 2 ms.`,
		Effect: sdk.Change,
		Rules:  []schema.Rule{program.Rule()},
		Examples: []schema.Example{
			{Title: "Start a service; after a crash only if it does not run", With: map[string]any{
				"command": []any{"systemctl", "start", "nginx"},
				"check":   []any{"systemctl", "is-active", "--quiet", "nginx"},
			}},
			{Title: "Run a script with a variable", With: map[string]any{
				"script": "pg_dump \"$DATABASE\" | gzip > backup.gz", "shell": "bash",
				"env": map[string]any{"DATABASE": "shop"}, "cwd": "/var/backups", "idempotent": true,
			}},
		},
		GraceParam: "grace",

		Plan:    e.plan,
		Apply:   e.apply,
		Observe: e.observe,
	}
}

// plan says what would run, and what `check` says: a run does not ask that, so that it runs the
// program all the same.
func (e executor) plan(ctx context.Context, call *sdk.Call[ExecInput]) (sdk.Preview, error) {
	in, more := call.Input, ""
	if !call.Knows("command", "script", "shell") {
		begun, ok := in.Begun(call.Request)
		if !ok {
			return sdk.Preview{Summary: "would run a program that is not known yet"}, nil
		}
		in.Input, more = begun, " "+program.Rest
	}
	if err := in.Valid(); err != nil {
		return sdk.Preview{}, err
	}
	preview := sdk.Preview{
		Summary:  "would run " + in.Line() + more,
		Changes:  []sdk.Delta{{Target: in.Line() + more, Kind: "command", Op: "run"}},
		Warnings: in.Warnings(e.programs, call.Request),
		Observed: in.Seen(ctx, e.programs, call.Request),
	}
	if len(in.Check) > 0 {
		preview.Observed = append(preview.Observed, program.Seen(ctx, e.programs, process.Spec{Argv: in.Check, Dir: in.Cwd}, call.Request)...)
	}
	if len(in.Check) == 0 || len(call.Unknown) > 0 || call.Later {
		return preview, nil
	}
	switch done, err := e.runCheck(ctx, in, call.Key); {
	case err != nil && ctx.Err() != nil:
		return sdk.Preview{}, err
	case err != nil:
		preview.Warnings = append(preview.Warnings, checkFailed(err))
	case done:
		preview.Summary += ", though " + program.Quote(in.Check) + " succeeds now"
		preview.Observed = append(preview.Observed, in.checked("succeeds"))
	default:
		preview.Observed = append(preview.Observed, in.checked("does not succeed"))
	}
	return preview, nil
}

// checked is what the check said when the plan ran it.
func (in ExecInput) checked(said string) sdk.Seen {
	return sdk.Seen{Kind: "check", Name: program.Quote(in.Check), Version: said}
}

// apply runs it.
func (e executor) apply(ctx context.Context, call *sdk.Call[ExecInput]) (ExecOutput, error) {
	in := call.Input
	if err := in.Valid(); err != nil {
		return ExecOutput{}, err
	}
	spec := in.Spec(call.Request)
	spec.Host = call.Host
	spec.Note = func(id process.ID) error { return call.Note("process", id) }
	end, err := e.programs.Run(ctx, spec)
	if err != nil {
		return ExecOutput{}, err
	}
	if err := end.Fault(in.OkExitCodes); err != nil {
		return ExecOutput{}, err
	}
	outputs, err := in.Input.Output(end, sdk.Permanent) // it has done its work, and must not do it again
	return ExecOutput{outputs}, err
}

// observe waits for what a lost attempt left running, since a second one beside it
// is what must not happen, and then says what can be known.
func (e executor) observe(ctx context.Context, call *sdk.Call[ExecInput]) (sdk.Observed[ExecOutput], error) {
	noted, wasNoted, err := sdk.LoadNote[process.ID](call, "process")
	if err != nil {
		return sdk.Observed[ExecOutput]{}, err
	}
	err = e.programs.Outlive(ctx, noted, call.Key, func(pid int) {
		call.Progressf("process %d of the earlier attempt is still running", pid)
	})
	switch {
	case ctx.Err() != nil:
		return sdk.Observed[ExecOutput]{}, err
	case err != nil:
		return cannotTell("It cannot be seen whether a process of the earlier attempt is still running: " + err.Error() + "."), nil
	default:
		return e.judge(ctx, call.Input, call.Key, wasNoted)
	}
}

// judge answers once nothing of the lost attempt runs any more.
func (e executor) judge(ctx context.Context, in ExecInput, key string, wasNoted bool) (sdk.Observed[ExecOutput], error) {
	if len(in.Check) > 0 {
		switch done, err := e.runCheck(ctx, in, key); {
		case err != nil && ctx.Err() != nil:
			return sdk.Observed[ExecOutput]{}, err
		case err != nil:
			return cannotTell(checkFailed(err)), nil
		case done:
			return sdk.Observed[ExecOutput]{
				State:  sdk.Done,
				Detail: "The check says that nothing is left to do. What the program printed is lost.",
			}, nil
		default:
			return sdk.Observed[ExecOutput]{State: sdk.NotDone, Detail: "The check says that there is something left to do."}, nil
		}
	}
	switch {
	case in.Idempotent:
		return sdk.Observed[ExecOutput]{State: sdk.NotDone, Detail: "It is idempotent and may be run again."}, nil
	case wasNoted:
		return cannotTell("The program that gatebook started has ended, but how is lost. " + mayStillRun), nil
	default:
		return cannotTell("The program may have been started; nothing of it is found any more. " + mayStillRun), nil
	}
}

// mayStillRun is what nobody can see.
const mayStillRun = "What it started in turn may still run, if that left its process group and cleared its environment."

func cannotTell(detail string) sdk.Observed[ExecOutput] {
	return sdk.Observed[ExecOutput]{State: sdk.CannotTell, Detail: detail}
}

// runCheck runs the command of `check` and reports whether it says that all is done. It
// carries the key where there is one, so that after a crash it is waited for as well.
func (e executor) runCheck(ctx context.Context, in ExecInput, key string) (done bool, err error) {
	end, err := e.programs.Run(ctx, process.Spec{
		Argv: in.Check, Dir: in.Cwd, Env: in.Env, Key: key, Grace: in.Grace.Std(),
	})
	switch {
	case err != nil:
		return false, err
	case !end.Answered():
		return false, end.Fault(nil)
	default:
		return end.Code == 0, nil
	}
}

func checkFailed(err error) string { return "The check cannot be run: " + err.Error() + "." }
