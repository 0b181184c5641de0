package program_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/steps/internal/process"
	"github.com/gatebook/gatebook/steps/internal/program"
)

func TestWhatRunsIsShownAsAShellWouldReadIt(t *testing.T) {
	t.Parallel()
	for want, in := range map[string]program.Input{
		`systemctl restart nginx`:         {Command: []string{"systemctl", "restart", "nginx"}},
		`echo 'a b' '' '$HOME' 'it'\''s'`: {Command: []string{"echo", "a b", "", "$HOME", "it's"}},
		`sh: touch x`:                     {Script: "\ntouch x\n\n", Shell: "sh"},
		`bash: touch x …`:                 {Script: "touch x\ntouch y", Shell: "bash"},
	} {
		if got := in.Line(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestAScriptIsNoArgument(t *testing.T) {
	t.Parallel()
	for shell, want := range map[string][]string{
		"sh":   {"sh", "-e", process.ScriptPath},
		"dash": {"dash", "-e", process.ScriptPath},
		"bash": {"bash", "-e", "-o", "pipefail", process.ScriptPath},
		"zsh":  {"zsh", "-e", "-o", "pipefail", process.ScriptPath},
	} {
		spec := program.Input{Script: "touch x", Shell: shell}.Spec(sdk.Request{Key: "key"})
		if diff := cmp.Diff(want, spec.Argv); diff != "" || spec.Script != "touch x" || spec.Key != "key" {
			t.Errorf("%s: (-want +got)\n%s", shell, diff)
		}
	}
}
