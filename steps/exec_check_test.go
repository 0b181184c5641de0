//go:build unix

package steps

import (
	"maps"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/steps/internal/program"
)

func TestExecCheckGivesTheExitCodeAsAnOutput(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		with params
		want ExecCheckOutput
		fail failure
	}{
		{name: "yes", with: params{"script": "echo active"}, want: ExecCheckOutput{program.Output{Stdout: "active"}}},
		{name: "no", with: params{"script": "echo inactive; echo why >&2; exit 3"}, want: ExecCheckOutput{program.Output{ExitCode: 3, Stdout: "inactive", Stderr: "why"}}},
		{name: "a code that is named", with: params{"script": "exit 3", "okExitCodes": []any{0, 3}}, want: ExecCheckOutput{program.Output{ExitCode: 3}}},
		{name: "a code that is not named", with: params{"script": "echo gone >&2; exit 4", "okExitCodes": []any{0, 3}}, fail: failure{sdk.Transient, "", "exit code 4: gone"}},
		{name: "an unknown program in a script is no answer", with: params{"script": "no-such-program-anywhere"}, fail: failure{sdk.Permanent, "", "exit code 127"}},
		{name: "unless it is named", with: params{"script": "exit 127", "okExitCodes": []any{0, 127}}, want: ExecCheckOutput{program.Output{ExitCode: 127}}},
		{name: "an unknown program", with: params{"command": []any{"no-such-program-anywhere"}}, fail: failure{sdk.Permanent, "", "is not found in PATH"}},
		{name: "a signal is no answer", with: params{"script": "kill -9 $$"}, fail: failure{sdk.Transient, "", "killed by signal 9"}},
		{name: "too long", with: params{"command": []any{"sleep", "600"}, "timeout": "20ms"}, fail: failure{sdk.Transient, "", "no end within 20ms"}},
		{name: "no time", with: params{"command": []any{"true"}, "timeout": "0s"}, fail: failure{sdk.Permanent, "timeout", "no time"}},
		{name: "the key marks it", with: params{"script": `echo "$GATEBOOK_KEY"`}, want: ExecCheckOutput{program.Output{Stdout: "run-1-step-do"}}},
		{name: "standard input", with: params{"command": []any{"cat"}, "stdin": "asked"}, want: ExecCheckOutput{program.Output{Stdout: "asked"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := apply(t, execCheck(Options{Environ: os.Environ()}), tt.with)
			if tt.fail.class != "" {
				tt.fail.check(t, err)
				return
			}
			got.Duration = 0
			if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestProgramsMayPrintJSON(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, script string
		with         params
		want         any
		fault        string
	}{
		{name: "an object", script: `echo '{"lag": 3}'`, want: map[string]any{"lag": 3.0}},
		{name: "a list over lines", script: `printf '[1,\n2]\n'`, want: []any{1.0, 2.0}},
		{name: "nothing", script: "true", fault: "standard output is not JSON: it is empty"},
		{name: "something else", script: "echo hello", fault: "standard output is not JSON: invalid character"},
		{name: "two documents", script: `echo '{} {}'`, fault: "something follows the document"},
		{name: "what is cut", script: `echo '["0123456789","0123456789"]'`, with: params{"keep": 10}, fault: "perhaps because keep leaves only 10 bytes"},
		{name: "a failure that prints something else", script: "echo no such unit; exit 4"},
		{name: "a failure that prints JSON", script: `echo '{"code": 4}'; exit 4`, want: map[string]any{"code": 4.0}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := Options{Environ: os.Environ()}
			with := params{"script": tt.script, "parse": "json", "okExitCodes": []any{0, 4}}
			maps.Copy(with, tt.with)
			did, doErr := apply(t, execAction(o), with)
			looked, lookErr := apply(t, execCheck(o), with)
			if tt.fault != "" {
				failure{sdk.Permanent, "", tt.fault}.check(t, doErr) // it has done its work
				failure{sdk.Transient, "", tt.fault}.check(t, lookErr)
				return
			}
			if doErr != nil || lookErr != nil {
				t.Fatal(doErr, lookErr)
			}
			if diff := cmp.Diff(tt.want, did.JSON) + cmp.Diff(tt.want, looked.JSON); diff != "" {
				t.Errorf("json (-want +got):\n%s", diff)
			}
		})
	}
}
