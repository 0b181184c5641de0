package cli_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// stopped has something of all that a review can say: a gate that is false, one that is not
// known, an action that says what would stop it, one with no way back, and branches.
const stopped = `apiVersion: gatebook/v1
kind: Runbook
metadata: {name: stopped, version: 1.0.0}
objectives: {rto: 1m}
inputs: {copies: {type: integer, default: 7}, token: {type: string, secret: true}}
onFailure: rollback
steps:
  - {id: first, uses: exec, with: {command: [echo, hi]}, timeout: 5m, gate: {expr: inputs.copies <= 5, message: too many}}
  - id: second
    uses: exec
    with: {command: [no-such-program-anywhere, "${{ steps.first.outputs.stdout }}"], env: {TOKEN: "${{ inputs.token }}"}}
    gate: {expr: "inputs.copies > 5 && steps.first.outputs.exitCode == 0"}
    rollback: {uses: exec, with: {command: [echo, "${{ steps.first.outputs.stdout }}"]}}
  - {id: beside, uses: exec, needs: [first], with: {command: ["${{ steps.first.outputs.stdout }}"]}}
`

// What plan writes fits its schema also with what is in its review, and where nobody looked.
func TestPlansWithTheirReviewAreAsTheSchemaSays(t *testing.T) {
	t.Parallel()
	term := newTerminal(t)
	term.Screen.Stdin, term.Screen.Stdout, term.Screen.Stderr = false, false, false
	file := filepath.Join(term.Dir, "stopped.yaml")
	if err := os.WriteFile(file, []byte(stopped), 0o600); err != nil {
		t.Fatal(err)
	}
	token := filepath.Join(term.Dir, "token")
	if err := os.WriteFile(token, []byte("hunter22-and-more"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, more := range map[string][]string{"previewed": nil, "offline": {"--offline"}} {
		t.Run(name, func(t *testing.T) {
			term.stdout.Reset()
			if code := term.main(t, append([]string{"plan", file, "-i", "token=file:" + token, "--format", "json"}, more...)...); code != 0 {
				t.Fatalf("exit code %d\n%s", code, term.stderr.String())
			}
			validate(t, "plan", term.stdout.Bytes())
			var written struct {
				Offline bool
				Review  map[string]any
			}
			if err := json.Unmarshal(term.stdout.Bytes(), &written); err != nil {
				t.Fatal(err)
			}
			if written.Offline != (name == "offline") {
				t.Errorf("offline is %t", written.Offline)
			}
			for _, part := range []string{"problems", "chains", "time", "radius", "silent"} {
				said, ok := written.Review[part]
				if list, isList := said.([]any); !ok || isList && len(list) == 0 && (part != "radius" || name != "offline") {
					t.Errorf("the review has nothing of its %s: %v", part, said)
				}
			}
			refusesOtherReviews(t, term.stdout.Bytes())
		})
	}
}

// refusesOtherReviews makes sure that the schema says what is in a review.
func refusesOtherReviews(t *testing.T, written []byte) {
	t.Helper()
	schema := compiled(t, "plan")
	for part, other := range map[string]any{"problems": []any{map[string]any{"kind": "odd"}}, "chains": "none", "time": map[string]any{}} {
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(written))
		if err != nil {
			t.Fatal(err)
		}
		document.(map[string]any)["review"].(map[string]any)[part] = other
		if schema.Validate(document) == nil {
			t.Errorf("a review whose %s are %v is let pass", part, other)
		}
	}
}
