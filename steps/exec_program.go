package steps

import (
	"slices"
	"strings"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
	"github.com/gatebook/gatebook/steps/internal/document"
)

// Program is what to run and how; the inputs of actions that run programs embed it.
type Program struct {
	Command []string          `json:"command" nosecret:"true" minItems:"1" example:"[\"systemctl\",\"restart\",\"nginx\"]" doc:"The program and its arguments. No shell looks at them. Others on the machine can read them, so that no secret may stand here: use env or stdin."`
	Script  string            `json:"script" nosecret:"true" minLength:"1" example:"systemctl restart nginx" doc:"A script, instead of a command. It stops at the first command that fails, also within a pipe where the shell knows pipefail."`
	Shell   string            `json:"shell" default:"sh" enum:"sh,bash,dash,ash,zsh,ksh" doc:"The shell of the script."`
	Env     map[string]string `json:"env" takessecrets:"true" doc:"Variables beside those that gatebook itself was started with."`
	Cwd     string            `json:"cwd" doc:"Directory to run in. A relative one starts from gatebook's own."`
	Stdin   string            `json:"stdin" takessecrets:"true" doc:"What the program reads. Without it, it reads an end of file."`
	Parse   string            `json:"parse" enum:"json" doc:"With json, the output json is what it wrote to standard output, as a value; it must then write one JSON document when its exit code is 0."`
	Keep    int               `json:"keep" default:"65536" min:"0" max:"16777216" unit:"bytes" doc:"How much of each stream the outputs hold: its beginning and its end. What is shown while it runs is not cut."`
	Grace   schema.Duration   `json:"grace" default:"10s" doc:"How long the program has after SIGTERM, when it is cancelled, before it is killed with all its children."`
}

// Ended is how a program ended; the outputs of actions that run programs embed it.
type Ended struct {
	ExitCode int             `json:"exitCode" required:"true" doc:"The exit code."`
	Stdout   string          `json:"stdout" required:"true" doc:"What it wrote to standard output, without the newlines at the end."`
	Stderr   string          `json:"stderr" required:"true" doc:"What it wrote to standard error, without the newlines at the end."`
	JSON     any             `json:"json,omitempty" doc:"Standard output as a value, with parse: json, where it is JSON."`
	Duration schema.Duration `json:"duration" required:"true" doc:"How long it ran."`
}

// commandOrScript is the rule that eitherCommandOrScript holds Go callers to.
func commandOrScript() schema.Rule {
	return schema.Rule{Expr: "has(self.command) != has(self.script)", Message: "Give either command or script."}
}

func (in Program) eitherCommandOrScript() error {
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

// isKnown reports whether all of what runs is known, so that it can be shown.
func (in Program) isKnown(unknown []string) bool {
	return !isUnknown(unknown, "command") && !isUnknown(unknown, "script")
}

// spec is the process that runs it.
func (in Program) spec(e *executor, key string) processSpec {
	spec := processSpec{
		argv: in.Command, script: in.Script, stdin: in.Stdin,
		dir:   e.options.path(in.Cwd),
		env:   e.environ(in.Env, key),
		keep:  in.Keep,
		grace: in.Grace.Std(),
	}
	if in.Script != "" {
		spec.argv = shellCommand(in.Shell)
	}
	return spec
}

// warnings says what would keep it from running now.
func (in Program) warnings(e *executor) []string {
	name := in.Shell
	if len(in.Command) > 0 {
		name = in.Command[0]
	}
	if _, err := e.paths.find(name, e.environ(in.Env, "").path(), e.options.path(in.Cwd)); err != nil {
		return []string{sentence(err.Error())}
	}
	return nil
}

// outputs are those of an end; other is the class of the error where it should have
// written JSON and has not.
func (in Program) outputs(end processEnd, other sdk.Class) (Ended, error) {
	ended := Ended{ExitCode: end.code, Stdout: end.stdout, Stderr: end.stderr, Duration: schema.Duration(end.took)}
	if in.Parse == "" {
		return ended, nil
	}
	var parsed any
	err := document.Read([]byte(end.stdout), &parsed)
	switch {
	case err == nil:
		ended.JSON = parsed
	case end.code == 0 && len(end.stdout) >= in.Keep:
		return Ended{}, sdk.Errorf(other, "standard output is not JSON, perhaps because keep leaves only %d bytes of it: %w", in.Keep, err)
	case end.code == 0:
		return Ended{}, sdk.Errorf(other, "standard output is not JSON: %w", err)
	}
	return ended, nil
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

// line shows what runs, for people.
func (in Program) line() string {
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
