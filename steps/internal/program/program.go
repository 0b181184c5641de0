// Package program is what a runbook says about a program to run: the parameters and
// outputs that the actions which run programs share. How a program is run it leaves to
// package process. Floor 2, as a part of steps.
package program

import (
	"context"
	"encoding/json"
	"maps"
	"strings"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
	"github.com/gatebook/gatebook/steps/internal/document"
	"github.com/gatebook/gatebook/steps/internal/files"
	"github.com/gatebook/gatebook/steps/internal/process"
)

// Input is what to run and how; the inputs of actions that run programs embed it.
type Input struct {
	Command []string          `json:"command" nosecret:"true" minItems:"1" example:"[\"systemctl\",\"restart\",\"nginx\"]" doc:"The program and its arguments. No shell looks at them. Others on the machine can read them, so that no secret may stand here: use env or stdin."`
	Script  string            `json:"script" nosecret:"true" minLength:"1" example:"systemctl restart nginx" doc:"A script, instead of a command. It stops at the first command that fails, also within a pipe where the shell knows pipefail."`
	Shell   string            `json:"shell" default:"sh" enum:"sh,bash,dash,ash,zsh,ksh" doc:"The shell of the script."`
	Env     map[string]string `json:"env" takessecrets:"true" doc:"Variables beside those that gatebook itself was started with."`
	Cwd     string            `json:"cwd" doc:"Directory to run in. A relative one starts from gatebook's own."`
	Stdin   string            `json:"stdin" takessecrets:"true" doc:"What the program reads. Without it, it reads an end of file."`
	Parse   string            `json:"parse" enum:"json" doc:"With json, the output json is what it wrote to standard output, as a value; it must then write one JSON document when its exit code is 0."`
	Keep    int               `json:"keep" default:"65536" min:"0" max:"524288" unit:"bytes" doc:"How much of each stream the outputs hold: its beginning and its end. What is shown while it runs is not cut."`
	Grace   schema.Duration   `json:"grace" default:"10s" doc:"How long the program has after SIGTERM, when it is cancelled, before it is killed with all its children."`
}

// Output is how a program ended; the outputs of actions that run programs embed it.
type Output struct {
	ExitCode int             `json:"exitCode" required:"true" doc:"The exit code."`
	Stdout   string          `json:"stdout" required:"true" doc:"What it wrote to standard output, without the newlines at the end."`
	Stderr   string          `json:"stderr" required:"true" doc:"What it wrote to standard error, without the newlines at the end."`
	JSON     any             `json:"json,omitempty" doc:"Standard output as a value, with parse: json, where it is JSON."`
	Duration schema.Duration `json:"duration" required:"true" doc:"How long it ran."`
}

// Rule is the one that [Input.Valid] holds Go callers to.
func Rule() schema.Rule {
	return schema.Rule{Expr: "has(self.command) != has(self.script)", Message: "Give either command or script."}
}

// Valid refuses parameters that say nothing to run, or two things.
func (in Input) Valid() error {
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

// traceVariable carries the trace context into a process.
const traceVariable = "TRACEPARENT"

// Spec is the process that runs it for a request, marked with the step's key, and in the
// trace of the attempt unless it has one of its own.
func (in Input) Spec(asked sdk.Request) process.Spec {
	env := in.Env
	if _, own := env[traceVariable]; !own && asked.TraceParent != "" {
		env = map[string]string{traceVariable: asked.TraceParent}
		maps.Copy(env, in.Env)
	}
	spec := process.Spec{
		Argv: in.Command, Script: in.Script, Stdin: in.Stdin,
		Dir: in.Cwd, Env: env, Key: asked.Key, Keep: in.Keep, Grace: in.Grace.Std(),
	}
	if in.Script != "" {
		spec.Argv = shellCommand(in.Shell)
	}
	return spec
}

// Warnings says what would keep it from running now, where it is known where to look.
func (in Input) Warnings(r *process.Runner, asked sdk.Request) []string {
	if !asked.Knows("cwd", "env") {
		return nil
	}
	if err := r.Find(in.Spec(sdk.Request{})); err != nil {
		text := err.Error()
		return []string{strings.ToUpper(text[:1]) + text[1:] + "."}
	}
	return nil
}

// Rest stands for the arguments that are not known yet.
const Rest = "(arguments known later)"

// Begun returns the input with the beginning of a command that is known so far; not ok: there
// is none.
func (in Input) Begun(asked sdk.Request) (begun Input, ok bool) {
	err := json.Unmarshal(asked.Begins["command"], &in.Command)
	return in, err == nil && len(in.Command) > 0 && in.Command[0] != "" && in.Script == ""
}

// Seen says in which version a preview saw the program, where the runbook names it by a path:
// what is found in PATH is the machine's.
func (in Input) Seen(ctx context.Context, r *process.Runner, asked sdk.Request) []sdk.Seen {
	return Seen(ctx, r, in.Spec(sdk.Request{}), asked)
}

// Seen is [Input.Seen] of any program.
func Seen(ctx context.Context, r *process.Runner, spec process.Spec, asked sdk.Request) []sdk.Seen {
	path := r.Place(spec)
	if path == "" || !asked.Knows("cwd") {
		return nil
	}
	return []sdk.Seen{files.Seen(ctx, path, spec.Argv[0])}
}

// Output is that of an end; other is the class of the error where it should have written
// JSON and has not.
func (in Input) Output(end process.End, other sdk.Class) (Output, error) {
	out := Output{
		ExitCode: end.Code, Stdout: end.Stdout.Text(), Stderr: end.Stderr.Text(), Duration: schema.Duration(end.Took),
	}
	if in.Parse == "" {
		return out, nil
	}
	var parsed any
	err := document.Read([]byte(out.Stdout), &parsed)
	cut, _ := end.Stdout.Cut()
	switch {
	case err == nil:
		out.JSON = parsed
	case end.Code == 0 && cut > 0:
		return Output{}, sdk.Errorf(other, "standard output is not JSON, perhaps because keep leaves only %d bytes of it: %w", in.Keep, err)
	case end.Code == 0:
		return Output{}, sdk.Errorf(other, "standard output is not JSON: %w", err)
	}
	return out, nil
}

// shellCommand runs the script that stands at descriptor 3, where neither `ps` nor
// the file system shows it and the program's standard input stays free.
func shellCommand(shell string) []string {
	switch shell {
	case "bash", "zsh", "ksh":
		return []string{shell, "-e", "-o", "pipefail", process.ScriptPath}
	default:
		return []string{shell, "-e", process.ScriptPath}
	}
}

// Line shows what runs, for people.
func (in Input) Line() string {
	if len(in.Command) > 0 {
		return Quote(in.Command)
	}
	first, rest, more := strings.Cut(strings.TrimSpace(in.Script), "\n")
	if more && strings.TrimSpace(rest) != "" {
		first += " …"
	}
	return in.Shell + ": " + first
}

// Quote writes arguments so that a shell would read the same ones.
func Quote(argv []string) string {
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
