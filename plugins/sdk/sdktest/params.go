package sdktest

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// checkDescription wants all that a reader of the documentation needs.
func checkDescription(t testing.TB, d sdk.Description) {
	t.Helper()
	if d.Description == "" {
		t.Errorf("%s has no description", d.Name)
	}
	documented(t, d.Name, "with", d.Input)
	documented(t, d.Name, "outputs", d.Output)
	explained(t, d.Name, d.Rules)
	checkWayBack(t, d)
	if len(d.Examples) == 0 {
		t.Errorf("%s has no example", d.Name)
	}
	for _, example := range d.Examples {
		if example.Title == "" {
			t.Errorf("%s: an example has no title", d.Name)
		}
	}
	if err := d.Validate(); err != nil {
		t.Errorf("%s: %v", d.Name, err)
	}
}

// explained wants a sentence for each rule.
func explained(t testing.TB, name string, rules []schema.Rule) {
	t.Helper()
	for _, rule := range rules {
		if rule.Expr == "" || !strings.HasSuffix(rule.Message, ".") {
			t.Errorf("%s: the rule %q needs an expression, and a message that is a whole sentence, not %q", name, rule.Expr, rule.Message)
		}
	}
}

// checkWayBack holds what an action says of taking back against what it can.
func checkWayBack(t testing.TB, d sdk.Description) {
	t.Helper()
	switch {
	case d.CanUndo && d.Effect == sdk.Read:
		t.Errorf("%s undoes, and yet it only reads", d.Name)
	case d.NothingToUndo == "":
	case d.Effect != sdk.Change:
		t.Errorf("%s says why there is nothing to undo, which is for the effect change, not %s", d.Name, d.Effect)
	case d.CanUndo:
		t.Errorf("%s says why there is nothing to undo, and yet it undoes", d.Name)
	case strings.HasSuffix(d.NothingToUndo, "."):
		t.Errorf("%s: why there is nothing to undo, %q, has no full stop, since it is shown inside of a sentence", d.Name, d.NothingToUndo)
	}
}

// asJSON turns Go data into what a decoder makes of its JSON, so that an example may
// hold a []string.
func asJSON(t testing.TB, data any) any {
	t.Helper()
	text, err := json.Marshal(data)
	if err != nil {
		t.Fatalf("%v is no JSON: %v", data, err)
	}
	var decoded any
	if err := json.Unmarshal(text, &decoded); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return decoded
}

// documented wants a sentence for each field, at every depth.
func documented(t testing.TB, action, path string, s *schema.Schema) {
	t.Helper()
	if s == nil {
		return
	}
	for _, p := range s.Properties {
		at := path + "." + p.Name
		if !strings.HasSuffix(p.Schema.Description, ".") {
			t.Errorf("%s: %s needs a description in whole sentences, not %q", action, at, p.Schema.Description)
		}
		documented(t, action, at, p.Schema)
	}
	documented(t, action, path+"[]", s.Items)
	documented(t, action, path+".*", s.Additional)
}

// badParameters gives an unknown field, and to each field a value of a wrong type.
func (t *trial) badParameters() {
	before := t.world.Probe()
	t.refuses("noSuchParameter", 1)
	for _, p := range t.description.Input.Properties {
		if wrong, ok := wrongFor(p.Schema); ok {
			t.refuses(p.Name, wrong)
		}
	}
	t.unchangedSince(before, "a call with bad parameters")
}

func (t *trial) refuses(name string, wrong any) {
	t.Helper()
	params := maps.Clone(t.world.Params)
	if params == nil {
		params = map[string]any{}
	}
	params[name] = wrong
	request := t.request
	request.Params = t.encode(params)
	var err error
	if t.description.Asks {
		_, err = t.handler.Ask(t.Context(), request)
	} else {
		_, err = t.handler.Apply(t.Context(), request, t.host)
	}
	isRefused(t, name, wrong, err)
	if err != nil {
		t.hidesSecrets("the error", err.Error())
	}
}

// isRefused wants an error that blames the field for its value.
func isRefused(t testing.TB, name string, wrong any, err error) {
	t.Helper()
	var typed *sdk.Error
	switch {
	case err == nil:
		t.Errorf("%s may be %v", name, wrong)
	case !errors.As(err, &typed):
		t.Errorf("%s of %v: the error has no class: %v", name, wrong, err)
	case !strings.HasPrefix(typed.Field, name) || typed.Class != sdk.Permanent:
		t.Errorf("%s of %v: got a %s error about %q, want a permanent one about the field: %v", name, wrong, typed.Class, typed.Field, err)
	}
}

// wrongFor returns a value that s does not allow.
func wrongFor(s *schema.Schema) (any, bool) {
	validator, err := schema.Compile(s)
	if err != nil {
		return nil, false
	}
	for _, candidate := range []any{map[string]any{"no": []any{}}, "\x00", []any{map[string]any{"no": []any{}}}} {
		if len(validator.Validate(candidate)) > 0 {
			return candidate, true
		}
	}
	return nil, false
}

func (t *trial) satisfiesOutputs(outputs json.RawMessage) {
	t.Helper()
	check, err := t.description.OutputCheck()
	if err != nil {
		t.Fatalf("the outputs' schema: %v", err)
	}
	if err := check(outputs); err != nil {
		t.Errorf("the outputs %s: %v", outputs, err)
	}
	if _, err := t.description.CostOf(outputs); err != nil {
		t.Errorf("the outputs %s: %v", outputs, err)
	}
}

func (t *trial) hidesSecrets(where, text string) {
	t.Helper()
	hides(t, t.secrets, where, text)
}

func hides(t testing.TB, secrets []string, where, text string) {
	t.Helper()
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			t.Errorf("a secret is in %s", where)
		}
	}
}

// secretsIn returns the texts in data that the schema calls secret.
func secretsIn(s *schema.Schema, data any) []string {
	switch {
	case s == nil:
		return nil
	case s.Secret:
		return texts(data)
	}
	var secrets []string
	switch d := data.(type) {
	case map[string]any:
		for name, value := range d {
			part, declared := s.Property(name)
			if !declared {
				part = s.Additional
			}
			secrets = append(secrets, secretsIn(part, value)...)
		}
	case []any:
		for _, item := range d {
			secrets = append(secrets, secretsIn(s.Items, item)...)
		}
	}
	return secrets
}

// texts returns the leaves of data that are long enough to be looked for, as they
// are and as JSON writes them.
func texts(data any) []string {
	var found []string
	switch d := data.(type) {
	case map[string]any:
		for _, value := range d {
			found = append(found, texts(value)...)
		}
	case []any:
		for _, item := range d {
			found = append(found, texts(item)...)
		}
	default:
		text := fmt.Sprint(d)
		if len(text) < 4 {
			return nil
		}
		found = append(found, text)
		for _, html := range []bool{true, false} {
			if written := inJSON(text, html); !slices.Contains(found, written) {
				found = append(found, written)
			}
		}
	}
	return found
}

// inJSON is a text as it stands between quotes in JSON, which Go writes with or without
// an eye to HTML.
func inJSON(text string, html bool) string {
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(html)
	if err := encoder.Encode(text); err != nil {
		return text
	}
	return strings.Trim(strings.TrimSpace(out.String()), `"`)
}

// params are what the cases of an action gave it.
type params struct {
	mu    sync.Mutex
	given []map[string]any
}

func (p *params) add(of map[string]any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.given = append(p.given, of)
}

func (p *params) all() []map[string]any {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.given)
}

// untriedSecrets names the parameters that are secret and that no case gives.
func untriedSecrets(s *schema.Schema, params []map[string]any) []string {
	var untried []string
	for _, p := range s.Properties {
		given := slices.ContainsFunc(params, func(of map[string]any) bool { return of[p.Name] != nil })
		if p.Schema.Secret && !given {
			untried = append(untried, p.Name)
		}
	}
	return untried
}
