package gatebook_test

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// typed is one command of a README's console block, and what it shows of the answer.
type typed struct {
	line    int
	command string
	exit    int      // as a comment at its end says: "# exits 3"
	answer  []string // lines that must come, in this order; "…" stands for anything
}

// consoles reads the blocks of a Markdown text that are marked as console. A command is a
// line that begins with "$ "; what follows, up to the next, is its answer.
func consoles(markdown string) []typed {
	exits := regexp.MustCompile(`\s+# exits (\d+)$`)
	var found []typed
	inside := false
	for i, line := range strings.Split(markdown, "\n") {
		command, isCommand := strings.CutPrefix(line, "$ ")
		switch {
		case strings.HasPrefix(line, "```"):
			inside = line == "```console"
		case inside && isCommand:
			one := typed{line: i + 1, command: command}
			if comment := exits.FindStringSubmatch(command); comment != nil {
				one.command = strings.TrimSuffix(command, comment[0])
				one.exit, _ = strconv.Atoi(comment[1]) // the pattern has digits only
			}
			found = append(found, one)
		case inside && strings.TrimSpace(line) != "" && len(found) > 0:
			last := &found[len(found)-1]
			last.answer = append(last.answer, line)
		}
	}
	return found
}

// missing returns the first line of the answer that did not come after those before it.
func (c typed) missing(output string) string {
	rest := strings.Split(output, "\n")
	for _, want := range c.answer {
		pattern := regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(strings.TrimSpace(want)), "…", ".*") + "$")
		for len(rest) > 0 && !pattern.MatchString(strings.TrimSpace(rest[0])) {
			rest = rest[1:]
		}
		if len(rest) == 0 {
			return want
		}
		rest = rest[1:]
	}
	return ""
}

// What make would do is only looked up: .ci/run does it. Of what go would install is only
// looked whether there is such a program: the one that it would fetch is not this one.
// Everything else is done, in a copy of the runbooks, with a state and a home of its own.
func TestCommandsOfPagesAnswerAsTheySay(t *testing.T) {
	t.Parallel()
	for _, page := range []string{"README.md", "docs/review.md", "docs/drill.md"} {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			commands := consoles(string(text))
			if len(commands) == 0 {
				t.Fatal("it shows no command")
			}
			dir := workplace(t)
			for _, one := range commands {
				if err := one.try(t, dir); err != nil {
					t.Errorf("%s:%d: $ %s: %v", page, one.line, one.command, err)
				}
			}
		})
	}
}

// workplace returns a folder with the program in bin, and copies of the runbooks.
func workplace(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(dir, "bin", "gatebook"), "./cmd/gatebook")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, folder := range []string{"runbooks", "schema"} {
		if err := os.CopyFS(filepath.Join(dir, folder), os.DirFS(folder)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// environ is that of a command in a workplace.
func environ(dir string) []string {
	return append(os.Environ(), "HOME="+dir, "XDG_STATE_HOME="+filepath.Join(dir, "state"), "NO_COLOR=1",
		"PATH="+filepath.Join(dir, "bin")+string(os.PathListSeparator)+os.Getenv("PATH"))
}

func (c typed) try(t *testing.T, dir string) error {
	t.Helper()
	if tasks, ok := strings.CutPrefix(c.command, "make"); ok {
		out, err := exec.CommandContext(t.Context(), "bash", "-c", "make --dry-run"+tasks).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%w\n%s", err, out)
		}
		return nil
	}
	if program, ok := strings.CutPrefix(c.command, "go install "); ok {
		return isProgram(t, strings.TrimSuffix(program, "@latest"))
	}
	command := exec.CommandContext(t.Context(), "bash", "-c", c.command)
	command.Dir = dir
	command.Env = environ(dir)
	out, err := command.CombinedOutput()
	code := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code, err = exit.ExitCode(), nil
	}
	var faults []error
	if code != c.exit {
		faults = append(faults, fmt.Errorf("exit code %d, want %d", code, c.exit))
	}
	if line := c.missing(string(out)); line != "" {
		faults = append(faults, fmt.Errorf("the answer has no line %q", line))
	}
	if len(faults) > 0 {
		faults = append(faults, fmt.Errorf("it answered:\n%s", out))
	}
	return errors.Join(cmp.Or(err, errors.Join(faults...)))
}

// isProgram says what is wrong with a package that is to be installed by its path.
func isProgram(t *testing.T, path string) error {
	t.Helper()
	name, err := exec.CommandContext(t.Context(), "go", "list", "-f", "{{.Name}}", path).CombinedOutput()
	if err != nil || strings.TrimSpace(string(name)) != "main" {
		return fmt.Errorf("%s is no program: %w\n%s", path, err, name)
	}
	return nil
}

func TestConsolesAreRead(t *testing.T) {
	t.Parallel()
	got := consoles("text\n```sh\n$ ignored\n```\n```console\n$ gatebook check a.yaml  # exits 2\na.yaml:1:1: …\n\n$ make\n```\n$ ignored\n")
	want := []typed{
		{line: 6, command: "gatebook check a.yaml", exit: 2, answer: []string{"a.yaml:1:1: …"}},
		{line: 9, command: "make"},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestMissingLinesOfAnAnswerAreFound(t *testing.T) {
	t.Parallel()
	const output = "one\n  two took 12 ms\nthree\n"
	tests := map[string]struct {
		answer []string
		want   string
	}{
		"all":           {[]string{"one", "two took 12 ms", "three"}, ""},
		"some":          {[]string{"three"}, ""},
		"anything":      {[]string{"two took … ms"}, ""},
		"none":          {nil, ""},
		"absent":        {[]string{"one", "four"}, "four"},
		"in this order": {[]string{"three", "one"}, "one"},
		"only once":     {[]string{"one", "one"}, "one"},
		"a whole line":  {[]string{"two"}, "two"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := (typed{answer: test.answer}).missing(output); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
