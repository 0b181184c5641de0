//go:build unix

package steps

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

func execHandler(t testing.TB) sdk.Handler {
	t.Helper()
	handler, err := execAction(Options{Environ: os.Environ(), Dir: t.TempDir()}).Handler()
	if err != nil {
		t.Fatal(err)
	}
	return handler
}

func paramsOf(t testing.TB, params map[string]any) json.RawMessage {
	t.Helper()
	text, err := json.Marshal(params)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func runExec(t *testing.T, params map[string]any) (ExecOutput, error) {
	t.Helper()
	var out ExecOutput
	text, err := execHandler(t).Apply(t.Context(), sdk.Request{Params: paramsOf(t, params), Key: "key-of-" + t.Name()}, nil)
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	return out, err
}

func TestExecReturnsWhatTheProgramSaid(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		params         map[string]any
		code           int
		stdout, stderr string
	}{
		"a command":            {map[string]any{"command": []any{"echo", "a b", "$HOME"}}, 0, "a b $HOME", ""},
		"a script":             {map[string]any{"script": "echo one\necho two >&2"}, 0, "one", "two"},
		"a script and stdin":   {map[string]any{"script": "read x; echo got $x; cat", "stdin": "first\nrest"}, 0, "got first\nrest", ""},
		"bash":                 {map[string]any{"script": "echo ${BASH_VERSION:+yes}", "shell": "bash"}, 0, "yes", ""},
		"stdin of a command":   {map[string]any{"command": []any{"cat"}, "stdin": "héllo"}, 0, "héllo", ""},
		"no stdin":             {map[string]any{"command": []any{"cat"}}, 0, "", ""},
		"env":                  {map[string]any{"script": "echo $WHO $GATEBOOK_KEY", "env": map[string]any{"WHO": "me", "GATEBOOK_KEY": "forged"}}, 0, "me key-of-" + t.Name(), ""},
		"an accepted code":     {map[string]any{"script": "exit 3", "okExitCodes": []any{0, 3}}, 3, "", ""},
		"invalid UTF-8":        {map[string]any{"command": []any{"printf", `a\377b`}}, 0, "a\uFFFDb", ""},
		"a long script":        {map[string]any{"script": "# " + strings.Repeat("x", 300_000) + "\necho end"}, 0, "end", ""},
		"stdin that is unread": {map[string]any{"command": []any{"true"}, "stdin": strings.Repeat("x", 300_000)}, 0, "", ""},
	} {
		got, err := runExec(t, test.params)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got.ExitCode != test.code || got.Stdout != test.stdout || got.Stderr != test.stderr {
			t.Errorf("%s: got %+v, want exit code %d, stdout %q, stderr %q", name, got, test.code, test.stdout, test.stderr)
		}
	}
}

func TestExecFailuresHaveTheirClass(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		params    map[string]any
		class     sdk.Class
		message   string
		unchanged bool
	}{
		"exit code":         {map[string]any{"script": "echo no disk >&2; exit 4"}, sdk.Transient, "exit code 4: no disk", false},
		"first failure":     {map[string]any{"script": "false\necho on"}, sdk.Transient, "exit code 1", false},
		"failure in a pipe": {map[string]any{"script": "false | cat", "shell": "bash"}, sdk.Transient, "exit code 1", false},
		"signal":            {map[string]any{"script": "kill -9 $$"}, sdk.Transient, "killed by signal 9 (killed)", false},
		"unknown in script": {map[string]any{"script": "no-such-program-anywhere"}, sdk.Permanent, "exit code 127, the shell cannot run a program: ", false},
		"unknown":           {map[string]any{"command": []any{"no-such-program-anywhere"}}, sdk.Permanent, "the program no-such-program-anywhere is not found in PATH", true},
		"no program":        {map[string]any{"command": []any{"/"}}, sdk.Permanent, "the program / cannot be run: / is a directory", true},
		"no directory":      {map[string]any{"command": []any{"true"}, "cwd": "nowhere"}, sdk.Permanent, "start true: ", true},
		"both":              {map[string]any{"command": []any{"true"}, "script": "true"}, sdk.Permanent, "script: must not be given beside command", true},
		"neither":           {map[string]any{}, sdk.Permanent, "command: is required, or script instead", true},
	} {
		_, err := runExec(t, test.params)
		if err == nil {
			t.Errorf("%s: it succeeded", name)
			continue
		}
		got := sdk.AsError(err)
		if got.Class != test.class || got.Unchanged != test.unchanged || !strings.HasPrefix(got.Error(), test.message) {
			t.Errorf("%s: got %s error %q, unchanged %t; want %s %q, %t",
				name, got.Class, got.Error(), got.Unchanged, test.class, test.message, test.unchanged)
		}
	}
}

func TestExecPlanSaysWhatWouldRun(t *testing.T) {
	t.Parallel()
	marker := filepath.Join(t.TempDir(), "touched")
	for name, test := range map[string]struct {
		params   map[string]any
		unknown  []string
		summary  string
		warnings []string
	}{
		"a command":            {map[string]any{"command": []any{"touch", marker, "a b"}}, nil, "would run touch " + marker + " 'a b'", nil},
		"a script":             {map[string]any{"script": "touch x\ntouch y\n"}, nil, "would run sh: touch x …", nil},
		"it is so already":     {map[string]any{"command": []any{"touch", marker}, "check": []any{"true"}}, nil, "would run touch " + marker + ", though true succeeds now", nil},
		"something to do":      {map[string]any{"command": []any{"true"}, "check": []any{"false"}}, nil, "would run true", nil},
		"not known":            {map[string]any{}, []string{"command[1]"}, "would run a program that is not known yet", nil},
		"an unknown check":     {map[string]any{"command": []any{"true"}, "check": []any{"true"}}, []string{"env.X"}, "would run true", nil},
		"no such program":      {map[string]any{"command": []any{"no-such"}}, nil, "would run no-such", []string{"The program no-such is not found in PATH."}},
		"an unknown directory": {map[string]any{"command": []any{"./no-such"}}, []string{"cwd"}, "would run ./no-such", nil},
		"an unknown PATH":      {map[string]any{"command": []any{"no-such"}}, []string{"env.PATH"}, "would run no-such", nil},
		"no such check": {
			map[string]any{"command": []any{"true"}, "check": []any{"no-such"}},
			nil, "would run true",
			[]string{"The check cannot be run: the program no-such is not found in PATH."},
		},
	} {
		got, err := execHandler(t).Plan(t.Context(), sdk.Request{Params: paramsOf(t, test.params), Unknown: test.unknown})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got.Summary != test.summary || !slices.Equal(got.Warnings, test.warnings) {
			t.Errorf("%s: got %q with warnings %q, want %q with %q", name, got.Summary, got.Warnings, test.summary, test.warnings)
		}
		if len(got.Changes) != 1 && test.unknown == nil {
			t.Errorf("%s: %q with %d changes: whatever its check says, a run runs it", name, got.Summary, len(got.Changes))
		}
	}
	if _, err := os.Stat(marker); err == nil {
		t.Error("the plan ran the command")
	}
}

// TestExecPlanTakesItsCheckAlong tells by the end of a pipe, which whatever still runs
// would hold open.
func TestExecPlanTakesItsCheckAlong(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	handler := execHandler(t)
	go func() {
		_, err := handler.Plan(ctx, sdk.Request{Params: paramsOf(t, map[string]any{
			"command": []any{"true"}, "check": []any{"sh", "-c", `exec > "$F"; sleep 600 & wait`}, "env": map[string]any{"F": name},
		})})
		ended <- err
	}()
	pipe, err := os.Open(name) // once the check has opened it, too
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-ended; sdk.AsError(err).Class != sdk.Cancelled {
		t.Errorf("the plan ends with %v", err)
	}
	if _, err := io.ReadAll(pipe); err != nil {
		t.Error(err)
	}
	if err := pipe.Close(); err != nil {
		t.Error(err)
	}
}

func TestExecObserveSaysWhatCanBeKnown(t *testing.T) {
	t.Parallel()
	gone := map[string]json.RawMessage{"process": json.RawMessage(`{"pid":4194000,"start":1,"boot":"another"}`)}
	for name, test := range map[string]struct {
		params map[string]any
		notes  map[string]json.RawMessage
		want   sdk.State
	}{
		"nothing is known":    {map[string]any{"command": []any{"true"}}, nil, sdk.CannotTell},
		"it was started":      {map[string]any{"command": []any{"true"}}, gone, sdk.CannotTell},
		"idempotent":          {map[string]any{"command": []any{"true"}, "idempotent": true}, gone, sdk.NotDone},
		"the check succeeds":  {map[string]any{"command": []any{"true"}, "check": []any{"true"}}, gone, sdk.Done},
		"the check fails":     {map[string]any{"command": []any{"true"}, "check": []any{"false"}}, gone, sdk.NotDone},
		"the check is marked": {map[string]any{"command": []any{"true"}, "check": []any{"sh", "-c", `test "$GATEBOOK_KEY" = nobody-has-this-key`}}, gone, sdk.Done},
		"no check":            {map[string]any{"command": []any{"true"}, "check": []any{"no-such"}}, gone, sdk.CannotTell},
	} {
		got, err := execHandler(t).Observe(t.Context(), sdk.Request{
			Params: paramsOf(t, test.params), Notes: test.notes, Key: "nobody-has-this-key",
		}, &sdktest.Host{})
		if err != nil || got.State != test.want {
			t.Errorf("%s: got %q (%s), %v; want %q", name, got.State, got.Detail, err, test.want)
		}
	}
}
