package steps

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// ExecInput is what exec is given.
type ExecInput struct {
	Command     []string          `json:"command" nosecret:"true" minItems:"1" example:"[\"systemctl\",\"restart\",\"nginx\"]" doc:"The program and its arguments. No shell looks at them. Others on the machine can read them, so that no secret may stand here: use env or stdin."`
	Script      string            `json:"script" nosecret:"true" minLength:"1" example:"systemctl restart nginx" doc:"A script, instead of a command. It stops at the first command that fails, also within a pipe where the shell knows pipefail."`
	Shell       string            `json:"shell" default:"sh" enum:"sh,bash,dash,ash,zsh,ksh" doc:"The shell of the script."`
	Env         map[string]string `json:"env" takessecrets:"true" doc:"Variables beside those that gatebook itself was started with."`
	Cwd         string            `json:"cwd" doc:"Directory to run in. A relative one starts from gatebook's own."`
	Stdin       string            `json:"stdin" takessecrets:"true" doc:"What the program reads. Without it, it reads an end of file."`
	Check       []string          `json:"check" nosecret:"true" minItems:"1" example:"[\"systemctl\",\"is-active\",\"--quiet\",\"nginx\"]" doc:"A command that changes nothing and says whether there is anything left to do: exit code 0 means no. The plan runs it, and so does a resume after a crash."`
	Idempotent  bool              `json:"idempotent" doc:"Running it twice does no harm, so that it may simply be run again after a crash."`
	OkExitCodes []int             `json:"okExitCodes" default:"[0]" minItems:"1" min:"0" max:"255" doc:"Exit codes that are a success."`
	Keep        int               `json:"keep" default:"65536" min:"0" max:"16777216" unit:"bytes" doc:"How much of each stream the outputs hold: its beginning and its end. What is shown while it runs is not cut."`
	Grace       schema.Duration   `json:"grace" default:"10s" doc:"How long the program has after SIGTERM, when the step is cancelled, before it is killed with all its children."`
}

// ExecOutput is what exec returns.
type ExecOutput struct {
	ExitCode int             `json:"exitCode" required:"true" doc:"The exit code, one of okExitCodes."`
	Stdout   string          `json:"stdout" required:"true" doc:"What it wrote to standard output, without the newlines at the end."`
	Stderr   string          `json:"stderr" required:"true" doc:"What it wrote to standard error, without the newlines at the end."`
	Duration schema.Duration `json:"duration" required:"true" doc:"How long it ran."`
}

func execAction(o Options) sdk.Action[ExecInput, ExecOutput] {
	e := newExecutor(o)
	return sdk.Action[ExecInput, ExecOutput]{
		Name:    "exec",
		Summary: "Run a program or a script on this machine",
		Description: `Runs a program, passes its output on line by line, and returns its end.

An exit code that is not in ` + "`okExitCodes`" + ` is transient, so that ` + "`retry`" + ` applies; a program that is not there, or that
the shell cannot find or run (126 and 127), is permanent. On cancel the whole process group gets SIGTERM, and SIGKILL after
` + "`grace`" + `. A program that stays in the background may do so, but its output is not waited for.

The program finds its idempotency key in ` + "`GATEBOOK_KEY`" + `. On Linux it dies with gatebook; what it left behind is found by that
variable when the run is resumed, and waited for.`,
		Effect: sdk.Change,
		Rules: []schema.Rule{{
			Expr:    "has(self.command) != has(self.script)",
			Message: "Give either command or script.",
		}},
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
	if isUnknown(call.Unknown, "command") || isUnknown(call.Unknown, "script") {
		return sdk.Preview{Summary: "would run a program that is not known yet"}, nil
	}
	if err := eitherCommandOrScript(in); err != nil {
		return sdk.Preview{}, err
	}
	preview := sdk.Preview{
		Summary: "would run " + commandLine(in),
		Changes: []sdk.Delta{{Target: commandLine(in), Kind: "command", Op: "run"}},
	}
	program := in.Shell
	if len(in.Command) > 0 {
		program = in.Command[0]
	}
	if _, err := e.paths.find(program, e.environ(in.Env, "").path(), e.options.path(in.Cwd)); err != nil {
		preview.Warnings = append(preview.Warnings, sentence(err.Error()))
	}
	if len(in.Check) == 0 || len(call.Unknown) > 0 {
		return preview, nil
	}
	switch done, err := e.runCheck(ctx, in); {
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
	if err := eitherCommandOrScript(in); err != nil {
		return ExecOutput{}, err
	}
	spec := processSpec{
		argv: in.Command, script: in.Script, stdin: in.Stdin,
		dir:   e.options.path(in.Cwd),
		env:   e.environ(in.Env, call.Key),
		keep:  in.Keep,
		grace: in.Grace.Std(),
		host:  call.Host,
		note:  func(id processID) error { return call.Note("process", id) },
	}
	if in.Script != "" {
		spec.argv = shellCommand(in.Shell)
	}
	ended, err := e.run(ctx, spec)
	if err != nil {
		return ExecOutput{}, err
	}
	if err := ended.fault(in.OkExitCodes); err != nil {
		return ExecOutput{}, err
	}
	return ExecOutput{
		ExitCode: ended.code,
		Stdout:   ended.stdout,
		Stderr:   ended.stderr,
		Duration: schema.Duration(ended.took),
	}, nil
}

const (
	// observePause is how often a process of a lost attempt is looked at.
	observePause = 250 * time.Millisecond
	// secondLook is when it is looked again for one that was not found. While a process
	// becomes another program it has no environment, so that nothing marks it; and one
	// that is started during a look may be missed.
	secondLook = 100 * time.Millisecond
)

// observe waits for what a lost attempt left running, since a second one beside it
// is what must not happen, and then says what can be known.
func (e *executor) observe(ctx context.Context, call *sdk.Call[ExecInput]) (sdk.Observed[ExecOutput], error) {
	noted, wasNoted, err := sdk.LoadNote[processID](call, "process")
	if err != nil {
		return sdk.Observed[ExecOutput]{}, err
	}
	if err := e.outlive(ctx, call, noted); err != nil {
		if ctx.Err() != nil {
			return sdk.Observed[ExecOutput]{}, err
		}
		return cannotTell("It cannot be seen whether a process of the earlier attempt is still running: " + err.Error() + "."), nil
	}
	return e.judge(ctx, call.Input, wasNoted)
}

// outlive waits until nothing of a lost attempt runs any more.
func (e *executor) outlive(ctx context.Context, call *sdk.Call[ExecInput], noted processID) error {
	for told, missed := 0, 0; ; {
		pid, lives, err := e.starter.survivor(noted, call.Key)
		pause := observePause
		switch {
		case err != nil:
			return err
		case lives:
			missed = 0
			if pid != told {
				call.Progressf("process %d of the earlier attempt is still running", pid)
				told = pid
			}
		case missed > 0:
			return nil
		default:
			missed, pause = 1, secondLook
		}
		if err := sleep(ctx, pause); err != nil {
			return fmt.Errorf("waiting for what the earlier attempt left running: %w", err)
		}
	}
}

// judge answers once nothing of the lost attempt runs any more.
func (e *executor) judge(ctx context.Context, in ExecInput, wasNoted bool) (sdk.Observed[ExecOutput], error) {
	if len(in.Check) > 0 {
		switch done, err := e.runCheck(ctx, in); {
		case err != nil && ctx.Err() != nil:
			return sdk.Observed[ExecOutput]{}, err
		case err != nil:
			return cannotTell("The check cannot be run: " + err.Error() + "."), nil
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
		return cannotTell("The program was started and has ended, but how is lost."), nil
	default:
		return cannotTell("The program may have been started; nothing of it runs any more."), nil
	}
}

func cannotTell(detail string) sdk.Observed[ExecOutput] {
	return sdk.Observed[ExecOutput]{State: sdk.CannotTell, Detail: detail}
}

// runCheck runs the command of `check` and reports whether it says that all is done.
func (e *executor) runCheck(ctx context.Context, in ExecInput) (done bool, err error) {
	ended, err := e.run(ctx, processSpec{
		argv:  in.Check,
		dir:   e.options.path(in.Cwd),
		env:   e.environ(in.Env, ""),
		grace: in.Grace.Std(),
	})
	switch {
	case err != nil:
		return false, err
	case ended.code == codeNotRunnable || ended.code == codeNotFound || ended.signal != "":
		return false, ended.fault([]int{0})
	default:
		return ended.code == 0, nil
	}
}

func eitherCommandOrScript(in ExecInput) error {
	switch {
	case len(in.Command) > 0 && in.Script != "":
		return sdk.FieldErrorf("script", "must not be given beside command")
	case len(in.Command) == 0 && in.Script == "":
		return sdk.FieldErrorf("command", "is required, or script instead")
	case len(in.Command) > 0 && in.Command[0] == "":
		return sdk.FieldErrorf("command[0]", "must be the name of a program")
	default:
		return nil
	}
}

// isUnknown reports whether the parameter or a part of it is not known yet.
func isUnknown(unknown []string, name string) bool {
	return slices.ContainsFunc(unknown, func(path string) bool {
		rest, ok := strings.CutPrefix(path, name)
		return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
	})
}

// shellCommand runs the script that stands at descriptor 3, where neither `ps` nor
// the file system shows it and the program's standard input stays free.
func shellCommand(shell string) []string {
	switch shell {
	case "bash", "zsh", "ksh":
		return []string{shell, "-e", "-o", "pipefail", scriptPath}
	default:
		return []string{shell, "-e", scriptPath}
	}
}

// commandLine shows what runs, for people.
func commandLine(in ExecInput) string {
	if len(in.Command) > 0 {
		return quoteAll(in.Command)
	}
	first, rest, more := strings.Cut(strings.TrimSpace(in.Script), "\n")
	if more && strings.TrimSpace(rest) != "" {
		first += " …"
	}
	return in.Shell + ": " + first
}

// quoteAll writes arguments so that a shell would read the same ones.
func quoteAll(argv []string) string {
	quoted := make([]string, len(argv))
	for i, arg := range argv {
		quoted[i] = arg
		if arg == "" || strings.ContainsFunc(arg, needsQuotes) {
			quoted[i] = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
		}
	}
	return strings.Join(quoted, " ")
}

func needsQuotes(c rune) bool {
	return c <= ' ' || c == 0x7f || strings.ContainsRune("'\"\\$`&|;<>()*?[]{}!#~", c)
}

func sentence(text string) string {
	return strings.ToUpper(text[:1]) + text[1:] + "."
}
