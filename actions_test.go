package gatebook_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/catalog"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/steps"
)

// update is the customary flag of generated files.
var update = flag.Bool("update", false, "write the generated files")

// TestActionsPageIsInStep holds docs/actions.md against the declarations of the
// built-in actions, from which it is written.
func TestActionsPageIsInStep(t *testing.T) {
	t.Parallel()
	got := actionsPage(t)
	name := filepath.Join("docs", "actions.md")
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not what the actions say; run: go test -run %s -update .", name, t.Name())
	}
}

// actionsPage is the reference of the built-in actions.
func actionsPage(t *testing.T) string {
	t.Helper()
	actions := newGatebook(t).Catalog()
	var entries []*catalog.Entry
	for _, name := range actions.Names() {
		entry, _ := actions.Lookup(name)
		entries = append(entries, entry)
	}
	return `# The built-in actions

What ` + "`uses:`" + ` can name without a plugin. This page is written from the actions' own declarations, as is what
` + "`gatebook explain ACTION`" + ` prints; do not edit it.

` + catalog.Reference(entries...)
}

// TestExamplesOfActionsPassCheck holds each example, also against the rules, as a step
// of a runbook; all that may be missing is a way back, which is the step's own affair.
func TestExamplesOfActionsPassCheck(t *testing.T) {
	t.Parallel()
	gatebook := newGatebook(t)
	for _, name := range gatebook.Catalog().Names() {
		entry, _ := gatebook.Catalog().Lookup(name)
		for _, example := range entry.Description.Examples {
			for _, d := range checkStep(t, gatebook, name, example.With) {
				if d.Rule.Code != diag.NoWayBack.Code {
					t.Errorf("%s: %s: %s", name, example.Title, d.Detail)
				}
			}
		}
	}
}

// TestRulesOfActionsForbidWhatTheySay breaks each rule of a built-in action.
func TestRulesOfActionsForbidWhatTheySay(t *testing.T) {
	t.Parallel()
	type with = map[string]any
	url, list := "http://127.0.0.1/", []any{with{"that": true}}
	breaks := map[string][]with{
		"assert": {{}, {"that": true, "all": list}, {"all": list, "message": "x"}},
		"collect": {
			{"to": "a.tgz"},
			{"to": "a.tgz", "commands": []any{with{"name": "a", "argv": []any{"x"}}, with{"name": "a", "argv": []any{"y"}}}},
		},
		"dns.wait":    {{"name": "a", "absent": true, "values": []any{"x"}}, {"name": "a", "exact": true}},
		"exec":        {{}, {"command": []any{"a"}, "script": "a"}},
		"exec.check":  {{}, {"command": []any{"a"}, "script": "a"}},
		"grpc.health": {{"address": "a:1", "plaintext": true, "tls": with{}}},
		"http.request": {
			{"url": url, "body": "a", "form": with{}}, {"url": url, "body": "a", "json": 1}, {"url": url, "json": 1, "form": with{}},
		},
		"notify.webhook": {
			{"url": url},
			{"url": url, "text": "a", "json": 1, "format": "json"},
			{"url": url, "json": 1},
			{"url": url, "text": "a", "format": "json"},
			{"url": url, "text": "a", "signingSecret": "a"},
		},
		"wait": {{}, {"for": "1s", "until": "2026-01-10T01:00:00Z"}},
	}
	gatebook := newGatebook(t)
	for _, name := range gatebook.Catalog().Names() {
		entry, _ := gatebook.Catalog().Lookup(name)
		if len(entry.Description.Rules) > 0 && len(breaks[name]) == 0 {
			t.Errorf("%s has rules that nothing here breaks", name)
		}
		for _, params := range breaks[name] {
			found := checkStep(t, gatebook, name, params)
			if !slices.ContainsFunc(found, func(d diag.Diagnostic) bool { return d.Rule.Code == diag.BrokenRule.Code }) {
				t.Errorf("%s with %v breaks no rule: %v", name, params, found)
			}
		}
	}
}

// TestSecretsMayStandWhereActionsKeepThem gives a secret to parameters, and looks for
// what check says of it.
func TestSecretsMayStandWhereActionsKeepThem(t *testing.T) {
	t.Parallel()
	type with = map[string]any
	const secret, url = "${{ inputs.token }}", "http://127.0.0.1/"
	shown, exposed := diag.SecretLeaves.Code, diag.SecretExposed.Code
	gatebook := newGatebook(t)
	for _, test := range []struct {
		uses, want string
		with       with
	}{
		{"exec", "", with{"command": []any{"true"}, "env": with{"TOKEN": secret}, "stdin": secret}},
		{"exec", exposed, with{"command": []any{"login", secret}}},
		{"exec", exposed, with{"script": "login " + secret}},
		{"exec.check", "", with{"command": []any{"true"}, "env": with{"TOKEN": secret}}},
		{"exec", shown, with{"command": []any{"true"}, "cwd": secret}},
		{"http.check", "", with{"url": url, "headers": with{"X-Key": secret}, "bearerToken": secret}},
		{"http.check", shown, with{"url": url + secret}},
		{"http.request", "", with{"url": url, "json": with{"account": with{"token": secret}}}},
		{"http.request", "", with{"url": url, "form": with{"token": secret}}},
		{"http.request", "", with{"url": url, "body": secret}},
		{"prometheus.query", "", with{"url": url, "query": "up", "headers": with{"X-Key": secret}}},
		{"notify.webhook", "", with{"url": url + secret, "format": "json", "json": with{"routing_key": secret}}},
		{"notify.webhook", shown, with{"url": url, "text": secret}},
		{"grpc.health", "", with{"address": "a:1", "metadata": with{"token": secret}}},
		{"tcp.check", "", with{"address": "a:1", "send": "AUTH " + secret}},
	} {
		found := checkStep(t, gatebook, test.uses, test.with)
		for _, code := range []string{shown, exposed} {
			has := slices.ContainsFunc(found, func(d diag.Diagnostic) bool { return d.Rule.Code == code })
			if has != (code == test.want) {
				t.Errorf("%s with %v: %s is %t, want only %q", test.uses, test.with, code, has, test.want)
			}
		}
	}
}

// TestManualFieldsAreNotSecret tries both words with which a person may ask for it.
func TestManualFieldsAreNotSecret(t *testing.T) {
	t.Parallel()
	gatebook := newGatebook(t)
	for _, word := range []string{"secret", "x-secret"} {
		for secret, want := range map[bool]bool{true: true, false: false} {
			found := checkStep(t, gatebook, "manual", map[string]any{
				"instructions": "Look.", "fields": map[string]any{"pin": map[string]any{"type": "string", word: secret}},
			})
			refused := slices.ContainsFunc(found, func(d diag.Diagnostic) bool {
				return d.Rule.Code == diag.InvalidParameter.Code && strings.Contains(d.Detail, "fields.pin."+word+" must be false")
			})
			if refused != want {
				t.Errorf("%s: %t: refused is %t: %v", word, secret, refused, found)
			}
		}
	}
}

func newGatebook(t *testing.T) *engine.Engine {
	t.Helper()
	handlers, err := steps.Builtin(steps.Options{})
	if err != nil {
		t.Fatal(err)
	}
	gatebook, err := engine.New(engine.Config{
		Handlers: handlers, Policies: leads{}, State: t.TempDir(), Version: "0.1.0",
		Files: func(_, name string) (*source.File, string, error) { // that examples name
			text := "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
			if filepath.Ext(name) == ".yaml" {
				text = oneText("assert", `{"that": "${{ inputs.image == 'web:2' }}"}`) + "inputs: {image: {type: string}}\n"
			}
			return source.NewFile(name, []byte(text)), name, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return gatebook
}

// leads is a policy that the examples go by, with two people in its only group.
type leads struct{}

func (leads) Find(string) (*source.File, error) {
	return source.NewFile("gatebook.policy.yaml", []byte("apiVersion: gatebook/v1\nkind: Policy\nallowedSigners: signers\ngroups: {leads: [ann, bob]}\n")), nil
}

func (leads) Open(_, name string) (*source.File, error) {
	return source.NewFile(name, []byte("ann,bob ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIqd8wqmEzuuGqLOXjR3Ldz1DlE/Qc2F1tQ+1OKGDkpB\n")), nil
}

// checkStep checks a runbook of one step; JSON is YAML too.
func checkStep(t *testing.T, gatebook *engine.Engine, uses string, with map[string]any) diag.List {
	t.Helper()
	params, err := json.Marshal(with)
	if err != nil {
		t.Fatal(err)
	}
	text := oneText(uses, string(params))
	if strings.Contains(text, "inputs.token") {
		text += "inputs: {token: {type: string, secret: true}}\n"
	}
	_, found := gatebook.Check(source.NewFile("one.yaml", []byte(text)))
	return found
}

// oneText is a runbook of one step.
func oneText(uses, params string) string {
	return fmt.Sprintf("apiVersion: gatebook/v1\nkind: Runbook\nmetadata: {name: one, version: 1.0.0}\n"+
		"steps:\n  - id: one\n    uses: %s\n    with: %s\n", uses, params)
}
