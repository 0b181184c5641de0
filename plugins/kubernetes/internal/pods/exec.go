package pods

import (
	"context"
	"errors"
	"fmt"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// ExecInput is what exec is given.
type ExecInput struct {
	Program
	Check       []string `json:"check" nosecret:"true" minItems:"1" example:"[\"test\",\"-e\",\"/data/migrated\"]" doc:"A command that changes nothing and says whether there is anything left to do: exit code 0, in every pod, means no. The plan runs it and says what it says, and a resume after a crash goes by it. A run does not ask it: to skip the step use when."`
	Idempotent  bool     `json:"idempotent" doc:"Running it twice does no harm, so that it may simply be run again after a crash."`
	OkExitCodes []int    `json:"okExitCodes" default:"[0]" minItems:"1" min:"0" max:"255" doc:"Exit codes that are a success."`
}

func (p pods) exec() sdk.Action[ExecInput, ProgramOutput] {
	return sdk.Action[ExecInput, ProgramOutput]{
		Name:    "exec",
		Summary: "Run a program in the container of a pod",
		Description: `Runs a program in a container that runs, passes its output on line by line, and returns its end.

An exit code that is not in ` + "`okExitCodes`" + ` is transient, so that ` + "`retry`" + ` applies; a program that is not there is permanent. With ` + "`all`" + `,
a failure after it has run in a pod before is permanent, unless the step says that it is ` + "`idempotent`" + `: a retry begins with the first pod again.
**Kubernetes cannot end a program that it was told to run**: on cancel, after ` + "`timeout`" + `, and where the connection breaks, it may
go on in the container, and the error says so. That error is permanent, unless the step says that it is ` + "`idempotent`" + `. After a
crash of gatebook only ` + "`check`" + ` can tell whether it has run, and nobody whether it still runs. For a program that only looks there is ` + "`exec_check`" + `.`,
		Effect: sdk.Change,
		Rules:  []schema.Rule{targetRule()},
		Examples: []schema.Example{
			{Title: "Reload the configuration everywhere", With: map[string]any{
				"workload": "deployment/web", "all": true, "command": []any{"nginx", "-s", "reload"}, "idempotent": true,
			}},
			{Title: "Migrate a database, unless that is done", With: map[string]any{
				"pod": "db-0", "namespace": "shop", "command": []any{"/app/migrate", "up"}, "timeout": "15m",
				"check": []any{"/app/migrate", "status", "--exit-code"},
			}},
		},
		Plan:    p.planExec,
		Apply:   p.applyExec,
		Observe: p.observeExec,
	}
}

// program is the program in its namespace, checked.
func (p pods) program(in Program) (_ Program, err error) {
	in.Target, err = p.target(in.Target)
	switch {
	case err != nil:
	case in.Command[0] == "":
		err = sdk.FieldErrorf("command[0]", "must be the name of a program")
	case in.Timeout <= 0:
		err = sdk.FieldErrorf("timeout", "%s leaves no time to run", in.Timeout)
	}
	return in, err
}

func (p pods) applyExec(ctx context.Context, call *sdk.Call[ExecInput]) (ProgramOutput, error) {
	in := call.Input
	program, err := p.program(in.Program)
	if err != nil {
		return ProgramOutput{}, err
	}
	lost := sdk.Permanent
	if in.Idempotent {
		lost = sdk.Transient
	}
	return execution{pods: p, in: program, ok: in.OkExitCodes, lost: lost, host: call.Host}.run(ctx)
}

// planExec says where it would run, and what `check` says: a run does not ask that.
func (p pods) planExec(ctx context.Context, call *sdk.Call[ExecInput]) (sdk.Preview, error) {
	in := call.Input
	if !isKnown(call.Request) || !call.Knows("command", "all", "timeout") {
		return sdk.Preview{Summary: "would run a program in a pod, and which is not known yet"}, nil
	}
	program, err := p.program(in.Program)
	if err != nil {
		return sdk.Preview{}, err
	}
	preview := sdk.Preview{Summary: fmt.Sprintf("would run %s in %s", program.line(), program.Target)}
	if preview.Blockers, err = p.Lacking(ctx, program.rights()...); err != nil || len(preview.Blockers) > 0 {
		return preview, err
	}
	spots, err := p.spots(ctx, program)
	if fault, is := errors.AsType[*sdk.Error](err); is && fault.Unchanged && fault.Class == sdk.Transient {
		preview.Blockers = append(preview.Blockers, cluster.Sentence(fault.Message))
		return preview, nil
	}
	if err != nil {
		return sdk.Preview{}, err
	}
	for _, at := range spots {
		preview.Changes = append(preview.Changes, sdk.Delta{Target: "Pod " + at.String(), Kind: "command", Op: "run"})
	}
	if len(in.Check) == 0 || !call.Knows("check") {
		return preview, nil
	}
	switch done, err := p.runCheck(ctx, in); {
	case ctx.Err() != nil:
		return sdk.Preview{}, context.Cause(ctx)
	case err != nil:
		preview.Warnings = append(preview.Warnings, "The check cannot be run: "+err.Error()+".")
	case done:
		preview.Summary += ", though the check succeeds now"
	}
	return preview, nil
}

// runCheck runs the command of `check` where the program runs, and reports whether it
// says everywhere that all is done.
func (p pods) runCheck(ctx context.Context, in ExecInput) (done bool, err error) {
	program, err := p.program(in.Program)
	if err != nil {
		return false, err
	}
	program.Command, program.Stdin, program.Parse = in.Check, "", ""
	out, err := execution{pods: p, in: program, lost: sdk.Transient}.run(ctx)
	return err == nil && out.ExitCode == 0, err
}

// observeExec can tell no more than `check` does.
func (p pods) observeExec(ctx context.Context, call *sdk.Call[ExecInput]) (sdk.Observed[ProgramOutput], error) {
	in := call.Input
	if len(in.Check) == 0 {
		if in.Idempotent {
			return sdk.Observed[ProgramOutput]{State: sdk.NotDone, Detail: "It is idempotent and may be run again."}, nil
		}
		return sdk.Observed[ProgramOutput]{
			State: sdk.CannotTell, Detail: "The program may have been run; " + mayStillRun + ", and how it ended is lost.",
		}, nil
	}
	switch done, err := p.runCheck(ctx, in); {
	case ctx.Err() != nil:
		return sdk.Observed[ProgramOutput]{}, context.Cause(ctx)
	case err != nil:
		return sdk.Observed[ProgramOutput]{State: sdk.CannotTell, Detail: "The check cannot be run: " + err.Error() + "."}, nil
	case done:
		return sdk.Observed[ProgramOutput]{
			State: sdk.Done, Detail: "The check says that nothing is left to do. What the program printed is lost.",
		}, nil
	default:
		return sdk.Observed[ProgramOutput]{State: sdk.NotDone, Detail: "The check says that there is something left to do."}, nil
	}
}
