package model_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/diag/diagtest"
	"github.com/gatebook/gatebook/engine/model"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/syntax"
	"github.com/gatebook/gatebook/schema"
)

var update = flag.Bool("update", false, "rewrite generated files")

func decode(file *source.File) (*model.Runbook, diag.List) {
	node, found := syntax.Parse(file)
	runbook, more := model.Decode(node)
	return runbook, append(found, more...)
}

func TestFixtures(t *testing.T) {
	t.Parallel()
	diagtest.Run(t, "testdata/*.yaml", func(file *source.File) diag.List {
		_, found := decode(file)
		return found
	})
}

func good(t *testing.T) *model.Runbook {
	t.Helper()
	text, err := os.ReadFile("testdata/good.yaml")
	if err != nil {
		t.Fatal(err)
	}
	runbook, found := decode(source.NewFile("good.yaml", text))
	if len(found) > 0 {
		t.Fatal(found)
	}
	return runbook
}

func TestDecodeKeepsWhatIsSaidAndWhere(t *testing.T) {
	t.Parallel()
	r := good(t)
	upgrade := r.Steps.Items[1]
	budget := upgrade.Verify.Items[0]
	for _, test := range []struct {
		name      string
		got, want any
		at        source.Range
		place     string
	}{
		{"name", r.Metadata.Name.Value, "web-rolling-upgrade", r.Metadata.Name.Range(), "good.yaml:5:9"},
		{"label", r.Metadata.Labels.Entries[0].Value.Value, "web", r.Metadata.Labels.Entries[0].Key.Range(), "good.yaml:13:12"},
		{"rto", r.Objectives.RTO.Value, 30 * time.Minute, r.Objectives.RTO.Range(), "good.yaml:14:19"},
		{"step", upgrade.ID.Value, "upgrade", upgrade.Node.Range(), "good.yaml:38:5"},
		{"when", upgrade.When.Value, "true", upgrade.When.Range(), "good.yaml:42:11"},
		{"a gate that is no list", upgrade.Gate.Items[0].Expr.Value, "steps.before.outputs.ok", upgrade.Gate.Items[0].Expr.Range(), "good.yaml:46:13"},
		{"hold", budget.Hold.Value, time.Minute, budget.Hold.Range(), "good.yaml:54:15"},
		{"observe", budget.Observe.Uses.Value, "prometheus.query", budget.Observe.Uses.Range(), "good.yaml:50:25"},
		{"attempts", upgrade.Retry.Attempts.Value, int64(3), upgrade.Retry.Attempts.Range(), "good.yaml:57:23"},
		{"factor", upgrade.Retry.Factor.Value, 2.0, upgrade.Retry.Factor.Range(), "good.yaml:57:60"},
		{"none", r.Steps.Items[2].Rollback.None.Value, "the message was sent", r.Steps.Items[2].Rollback.None.Range(), "good.yaml:64:22"},
		{"output", r.Outputs.Entries[0].Value.Node.Text(), "${{ steps.upgrade.outputs.revision }}", r.Outputs.Entries[0].Value.Range(), "good.yaml:70:13"},
	} {
		if test.got != test.want {
			t.Errorf("%s: got %v, want %v", test.name, test.got, test.want)
		}
		if got := test.at.String(); got != test.place {
			t.Errorf("%s: at %s, want %s", test.name, got, test.place)
		}
	}
}

func TestAbsentEmptyAndFilledDiffer(t *testing.T) {
	t.Parallel()
	steps := good(t).Steps.Items
	if needs := steps[0].Needs; needs.Node != nil {
		t.Error("absent needs have a place")
	}
	if needs := steps[1].Needs; needs.Node == nil || len(needs.Items) != 0 {
		t.Error("empty needs are not empty")
	}
	if needs := steps[2].Needs; len(needs.Items) != 2 || needs.Items[1].Value != "upgrade" {
		t.Errorf("got %v", needs.Items)
	}
	if steps[0].Retry != nil || steps[0].Rollback != nil {
		t.Error("what is absent is there")
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	const text = "apiVersion: gatebook/v1\nkind: Runbook\nmetadata: {name: a, version: 1.0.0}\nsteps:\n" +
		"  - {id: a, uses: exec, retry: {attempts: 2}, verify: {expr: x, within: 2s}, gate: {expr: y, within: 1h}}\n"
	runbook, found := decode(source.NewFile("f.yaml", []byte(text)))
	if len(found) > 0 {
		t.Fatal(found)
	}
	step := runbook.Steps.Items[0]
	got := fmt.Sprint(runbook.OnFailure.Value, step.Retry.Delay.Value, step.Retry.MaxDelay.Value, step.Retry.Factor.Value,
		step.Verify.Items[0].Every.Value, step.Gate.Items[0].Every.Value, step.OnFailure.Value == "")
	if want := "stop1s 1m0s 2 2s 5s true"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if runbook.OnFailure.Node != nil || step.Retry.Delay.Node != nil {
		t.Error("a default has a place")
	}
}

func TestInputSchemas(t *testing.T) {
	t.Parallel()
	r := good(t)
	want := map[string]string{
		"image":   `{"description":"Image to roll out","type":"string","pattern":"^[^:]+:[^:]+$"}`,
		"nodes":   `{"type":"array","default":["a","b"],"minItems":1,"items":{"type":"string","minLength":1}}`,
		"token":   `{"type":"string","x-secret":true}`,
		"labels":  `{"type":"object","additionalProperties":{"type":"string"}}`,
		"options": `{"type":"object","properties":{"grace":{"type":"string","format":"duration","default":"30s"},"weight":{"type":"number","maximum":100,"exclusiveMinimum":0}},"required":["grace"],"additionalProperties":false}`,
	}
	if got := slices.Collect(r.Inputs.Keys()); len(got) != len(want) {
		t.Errorf("got %v", got)
	}
	for name, want := range want {
		input, ok := r.Inputs.Get(name)
		if !ok {
			t.Errorf("no input %s", name)
			continue
		}
		var wanted, got any
		text, err := json.Marshal(input.Schema)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(want), &wanted); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(wanted, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if _, err := schema.Compile(input.Schema); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A remedy is named wherever there is an obvious one.
func TestHints(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ line, hint string }{
		{"metadata: {name: Web_Upgrade, version: 1.0.0}", "write web-upgrade"},
		{"metadata: {name: a, version: 1.2}", `write "1.2.0"`},
		{"metadata: {name: a, version: v1.2}", "write 1.2.0"},
		{"metadata: {name: a, version: 1.0.0, titel: x}", `did you mean "title"?`},
		{"metadata: {name: a, version: 1.0.0, owners: me}", "write [me]"},
		{"objectives: {rto: 30}", "write 30s for seconds, or 30m for minutes"},
		{"objectives: {rto: 3d}", "there is no unit for days: write 72h"},
		{"objectives: {rto: \"${{ x }}\"}", "an expression is not allowed here: write the duration itself"},
		{"onFailure: rolback", `did you mean "rollback"?`},
		{"inputs: {a: {secret: yes}}", "write true"},
		{"inputs: {a: {type: string, minItems: 1}}", `did you mean "minLength"?`},
		{"inputs: {a: {minimum: \"1\"}}", "remove the quotes"},
		{"inputs: {a: {pattern: \"(?!x)\"}}", "look-ahead and look-behind are not part of RE2"},
		{"vars:", "give a value, or remove the key"},
		{"steps: [{id: a, uses: exec, batch: {sizes: [1]}}]", "say what the step is done for: foreach: ${{ … }}"},
		{"steps: [{id: a, uses: exec, foreach: [b], batch: {sizes: [\"1\"]}}]", "write 1"},
		{"steps: [{id: a, uses: exec, foreach: [b], batch: {sizes: [12.5%]}}]", "write 12%"},
	} {
		_, found := decode(source.NewFile("f.yaml", []byte("apiVersion: gatebook/v1\nkind: Runbook\n"+test.line+"\n")))
		if !slices.ContainsFunc(found, func(d diag.Diagnostic) bool { return d.Hint == test.hint }) {
			t.Errorf("%s: no hint %q in %v", test.line, test.hint, found)
		}
	}
}

func TestPatternFaultIsUnderlinedInside(t *testing.T) {
	t.Parallel()
	const text = "apiVersion: gatebook/v1\nkind: Runbook\ninputs: {a: {pattern: \"it''s ([a-z\"}}\n"
	_, found := decode(source.NewFile("f.yaml", []byte(text)))
	for _, d := range found {
		if d.Rule == diag.BadPattern && d.Range.Text() == "[a-z" {
			return
		}
	}
	t.Errorf("got %v", found)
}

// What is bad does not hide what is good beside it.
func TestTheGoodRestIsDecoded(t *testing.T) {
	t.Parallel()
	const text = "apiVersion: gatebook/v1\nkind: Runbook\nmetadata: 1\nsteps:\n  - x\n  - {id: a, uses: 3, timeout: 1m}\n"
	runbook, found := decode(source.NewFile("f.yaml", []byte(text)))
	if !found.HasErrors() {
		t.Fatal("no error")
	}
	if len(runbook.Steps.Items) != 1 {
		t.Fatalf("got %d steps, want 1", len(runbook.Steps.Items))
	}
	step := runbook.Steps.Items[0]
	if step.ID.Value != "a" || step.Timeout.Value != time.Minute || step.Uses.Node != nil {
		t.Errorf("got %+v", step)
	}
}

func TestNothingIsNoRunbook(t *testing.T) {
	t.Parallel()
	if runbook, found := model.Decode(nil); runbook != nil || len(found) > 0 {
		t.Errorf("got %v, %v: what is wrong with it is the parser's to say", runbook, found)
	}
}

func TestGeneratedSchemaIsInStep(t *testing.T) {
	t.Parallel()
	got, err := json.MarshalIndent(model.Schema(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	path := filepath.Join("..", "..", "schema", "runbook-v1.json")
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s is not in step; rewrite it with -update (-file +now):\n%s", path, diff)
	}
}

// The schema and the decoder are made from the same tags and must agree: what the
// decoder takes, an editor does not underline, and a misspelt key it does.
func TestSchemaAgreesWithTheDecoder(t *testing.T) {
	t.Parallel()
	validator, err := schema.Compile(model.Schema())
	if err != nil {
		t.Fatal(err)
	}
	plain, err := good(t).Node.Value().Reveal()
	if err != nil {
		t.Fatal(err)
	}
	if violations := validator.Validate(plain); len(violations) > 0 {
		t.Errorf("a good runbook breaks the schema: %v", violations)
	}
	for _, name := range []string{"keys", "types", "values"} {
		text, err := os.ReadFile(filepath.Join("testdata", name+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		node, _ := syntax.Parse(source.NewFile(name, text))
		plain, err := node.Value().Reveal()
		if err != nil {
			t.Fatal(err)
		}
		if violations := validator.Validate(plain); len(violations) == 0 {
			t.Errorf("%s.yaml satisfies the schema", name)
		}
	}
}

// An action, how the step's own is taken back, or a reason why nothing is: one of them.
func TestSchemaAgreesWithTheDecoderOnEachRollback(t *testing.T) {
	t.Parallel()
	validator, err := schema.Compile(model.Schema())
	if err != nil {
		t.Fatal(err)
	}
	for rollback, fits := range map[string]bool{
		"{uses: exec}": true, "{uses: exec, retry: {attempts: 2}, timeout: 1m}": true, "{retry: {attempts: 2}}": true, "{timeout: 1m}": true,
		"{none: it is gone}": true, "{uses: exec, none: it is gone}": false, "{none: it is gone, timeout: 1m}": false,
		"{none: it is gone, retry: {attempts: 2}}": false, "{}": false, "{with: {a: 1}}": false,
	} {
		text := "apiVersion: gatebook/v1\nkind: Runbook\nmetadata: {name: n, version: 1.0.0}\nsteps:\n  - {id: a, uses: exec, rollback: " + rollback + "}\n"
		file := source.NewFile("f.yaml", []byte(text))
		node, _ := syntax.Parse(file)
		plain, err := node.Value().Reveal()
		if err != nil {
			t.Fatal(err)
		}
		_, found := decode(file)
		if violations := validator.Validate(plain); (len(violations) == 0) != fits || found.HasErrors() == fits {
			t.Errorf("%s: the schema says %v, and the decoder %v", rollback, violations, found)
		}
	}
}

func FuzzDecode(f *testing.F) {
	paths, err := filepath.Glob("testdata/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		runbook, found := decode(source.NewFile("f.yaml", text))
		if runbook == nil && !found.HasErrors() {
			t.Error("neither a runbook nor a reason")
		}
		for _, d := range found {
			if d.Range.Start < 0 || d.Range.End > len(text) || d.Range.Start > d.Range.End {
				t.Errorf("%s is not in the file", d.Range)
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		b.Run(fmt.Sprintf("steps=%d", n), func(b *testing.B) {
			var text strings.Builder
			text.WriteString("apiVersion: gatebook/v1\nkind: Runbook\nmetadata: {name: big, version: 1.0.0}\nsteps:\n")
			for i := range n {
				fmt.Fprintf(&text, "  - id: step_%d\n    uses: exec\n    with: {command: [echo, \"%d\"]}\n"+
					"    verify:\n      - expr: steps.step_%d.outputs.code == 0\n    timeout: 10m\n", i, i, i)
			}
			node, found := syntax.Parse(source.NewFile("f.yaml", []byte(text.String())))
			if len(found) > 0 {
				b.Fatal(found)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, found := model.Decode(node); len(found) > 0 {
					b.Fatal(found)
				}
			}
		})
	}
}

func TestManyFaultsAreAllFoundAndSoon(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString("apiVersion: gatebook/v1\nkind: Runbook\n")
	for i := range 200_000 {
		fmt.Fprintf(&text, "step%d: 1\n", i)
	}
	begin := time.Now()
	_, found := decode(source.NewFile("f.yaml", []byte(text.String())))
	if took := time.Since(begin); took > 2*time.Minute {
		t.Errorf("it took %s", took)
	}
	if unknown := found.Count(diag.Error); unknown < 200_000 {
		t.Errorf("got %d findings", unknown)
	}
}

// Every document that people write is of a version of the format, and one of another version is
// judged by no rule but that.
func TestDocumentsOfAnotherVersion(t *testing.T) {
	t.Parallel()
	node, _ := syntax.Parse(source.NewFile("x.yaml", []byte("apiVersion: gatebook/v9\nkind: X\nnever: seen\n")))
	_, runbook := model.Decode(node)
	_, policy := model.DecodePolicy(node)
	_, test := model.DecodeTest(node)
	for name, found := range map[string]diag.List{"runbook": runbook, "policy": policy, "test": test} {
		if len(found) != 1 || found[0].Rule != diag.UnknownVersion {
			t.Errorf("%s: %v", name, found)
		}
	}
}
