package plan_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/check/checktest"
	"github.com/gatebook/gatebook/engine/internal/shape"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
)

// drawRunbook draws a runbook whose steps need and use steps that were drawn before
// them, written in a random order.
func drawRunbook(t *rapid.T) string {
	size := rapid.IntRange(1, 25).Draw(t, "steps")
	var steps []string
	for i := range size {
		step := fmt.Sprintf("  - {id: s%d, uses: notify.webhook, with: {url: \"http://chat\", text: \"said", i)
		if i > 0 && rapid.Bool().Draw(t, "uses") {
			step += fmt.Sprintf(" ${{ steps.s%d.status }}", rapid.IntRange(0, i-1).Draw(t, "used"))
		}
		step += "\"}"
		if i > 0 && rapid.Bool().Draw(t, "waits") {
			step += fmt.Sprintf(", gate: {expr: steps.s%d.status != \"\"}", rapid.IntRange(0, i-1).Draw(t, "waited for"))
		}
		var needs []string
		for need := range i {
			if rapid.IntRange(0, 3).Draw(t, "needs") == 0 {
				needs = append(needs, fmt.Sprintf("s%d", need))
			}
		}
		steps = append(steps, step+", needs: ["+strings.Join(needs, ", ")+"]}\n")
	}
	return checktest.Head + "steps:\n" + strings.Join(rapid.Permutation(steps).Draw(t, "order"), "")
}

func TestEveryPlanIsInOrderAndRepeatable(t *testing.T) {
	t.Parallel()
	catalogue := checktest.Builtin(t)
	rapid.Check(t, func(r *rapid.T) {
		text := drawRunbook(r)
		checked := checktest.Load(t, catalogue, "test.yaml", text)
		made := mustPlan(t, checked, "")
		if len(made.Steps) != strings.Count(text, "- {id:") {
			r.Fatalf("the plan has %d steps", len(made.Steps))
		}
		for i, step := range made.Steps {
			seen := map[string]bool{}
			for _, edge := range step.Needs {
				if edge.From >= i || made.Steps[edge.From].ID != edge.Step {
					r.Fatalf("%s needs %s at place %d, and stands at %d", step.ID, edge.Step, edge.From, i)
				}
				if seen[edge.Step] || edge.Range.IsZero() {
					r.Fatalf("%s needs %s twice, or nowhere", step.ID, edge.Step)
				}
				seen[edge.Step] = true
				written := edge.Range.Text()
				if edge.Reason == plan.Needed && written != edge.Step ||
					edge.Reason == plan.Referenced && !strings.Contains(written, "steps."+edge.Step) {
					r.Fatalf("the edge of %s to %s for %s points to %q", step.ID, edge.Step, edge.Reason, written)
				}
			}
		}
		again := mustPlan(t, checktest.Load(t, catalogue, "elsewhere/test.yaml", text), "")
		if again.Digest != made.Digest {
			r.Fatalf("the digest is %s, and then %s", made.Digest, again.Digest)
		}
	})
}

const digestRunbook = `apiVersion: gatebook/v1
kind: Runbook
metadata: {name: test, version: 1.0.0}
inputs: {image: {type: string, default: "web:1"}}
steps:
  - {id: a, uses: assert, with: {that: true}, timeout: 5s}
  - {id: b, uses: assert, with: {that: true}, retry: {attempts: 2}}
  - id: c
    uses: exec
    with: {command: [echo, "${{ inputs.image }}"]}
    needs: [a]
    rollback: {uses: exec, with: {command: [echo]}}
    gate: {expr: inputs.image != "", message: none}
`

func TestTheDigestIsOverAllThatWouldBeDone(t *testing.T) {
	t.Parallel()
	catalogue := checktest.Builtin(t)
	before := mustPlan(t, checktest.Load(t, catalogue, "test.yaml", digestRunbook), "").Digest
	if other := mustPlan(t, checktest.Load(t, catalogue, "test.yaml", digestRunbook), "image=web:2").Digest; other == before {
		t.Error("another input has the same digest")
	}
	// A change of the file changes its own digest, which is in the plan; so the plans
	// are changed here, where nothing but the one thing differs.
	changes := map[string]func(p *plan.Plan){
		"inputs":        func(p *plan.Plan) { p.Inputs = value.Object(value.Member{Name: "image", Value: value.String("x")}) },
		"version":       func(p *plan.Plan) { p.Runbook.Version = "2.0.0" },
		"file's bytes":  func(p *plan.Plan) { p.Runbook.Digest = "sha256:0" },
		"lock":          func(p *plan.Plan) { p.Lock = "l" },
		"onFailure":     func(p *plan.Plan) { p.OnFailure = plan.Pause },
		"order":         func(p *plan.Plan) { p.Steps[1], p.Steps[2] = p.Steps[2], p.Steps[1]; p.Steps[2].Needs = nil },
		"id":            func(p *plan.Plan) { p.Steps[1].ID = "z" },
		"action":        func(p *plan.Plan) { p.Steps[0].Action = "wait" },
		"parameters":    func(p *plan.Plan) { p.Steps[0].Params = value.Null() },
		"edge":          func(p *plan.Plan) { p.Steps[2].Needs = nil },
		"edge's reason": func(p *plan.Plan) { p.Steps[2].Needs[0].Reason = plan.InOrder },
		"timeout":       func(p *plan.Plan) { p.Steps[0].Timeout++ },
		"retry":         func(p *plan.Plan) { p.Steps[1].Retry.Attempts++ },
		"policy":        func(p *plan.Plan) { p.Steps[1].OnFailure = plan.Continue },
		"gate":          func(p *plan.Plan) { p.Steps[2].Gate[0].Expr = "true" },
		"lost gate":     func(p *plan.Plan) { p.Steps[2].Gate = nil },
		"gate's state":  func(p *plan.Plan) { p.Steps[2].Gate[0].State.Truth = "false" },
		"rollback":      func(p *plan.Plan) { p.Steps[2].Rollback.Use.Params = value.Null() },
		"lost rollback": func(p *plan.Plan) { p.Steps[2].Rollback = nil },
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			made := mustPlan(t, checktest.Load(t, catalogue, "test.yaml", digestRunbook), "")
			change(made)
			changed, err := plan.New(*made)
			if err != nil {
				t.Fatal(err)
			}
			if changed.Digest == before {
				t.Error("the digest is the same")
			}
		})
	}
}

func TestNewRefusesWhatCannotBeRun(t *testing.T) {
	t.Parallel()
	step := func(id string, needs ...string) *plan.Step {
		s := &plan.Step{ID: id}
		for _, need := range needs {
			s.Needs = append(s.Needs, plan.Edge{Step: need})
		}
		return s
	}
	tests := map[string][]*plan.Step{
		"two steps of the plan": {step("a"), step("a")},
		`needs "z", which`:      {step("a"), step("b", "z")},
		`needs "b", which`:      {step("a", "b"), step("b")},
		`needs "a", which`:      {step("a", "a")},
	}
	for want, steps := range tests {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			if _, err := plan.New(plan.Plan{Steps: steps}); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error is %v, want one with %q", err, want)
			}
		})
	}
}

func TestAPlanIsReadBackFromItsJSON(t *testing.T) {
	t.Parallel()
	made := mustPlan(t, checktest.Load(t, checktest.Builtin(t), "test.yaml", digestRunbook), "")
	text, err := json.Marshal(made)
	if err != nil {
		t.Fatal(err)
	}
	var read plan.Plan
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	again, err := plan.New(read)
	if err != nil {
		t.Fatal(err)
	}
	if again.Digest != made.Digest {
		t.Errorf("the digest of what was read is %s, want %s", again.Digest, made.Digest)
	}
	if step, ok := again.Step("c"); !ok || !slices.ContainsFunc(step.Needs, func(e plan.Edge) bool { return e.Step == "a" }) {
		t.Error("step c, or its edge to a, was lost")
	}
}

func BenchmarkMake(b *testing.B) {
	catalogue := checktest.Builtin(b)
	for _, s := range shape.All() {
		for _, steps := range []int{100, 1_000, 10_000} {
			checked := checktest.Load(b, catalogue, "bench.yaml", string(shape.Runbook(s, steps, shape.Nothing)))
			b.Run(fmt.Sprintf("%s/%d", s, steps), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, _, err := plan.Make(checked, plan.Options{Inputs: value.Object()}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// A step without a retry is tried by the defaults that the format declares for one.
func TestWithoutRetryTheFormatsDefaultsHold(t *testing.T) {
	t.Parallel()
	made := mustPlan(t, checktest.Load(t, checktest.Builtin(t), "test.yaml", checktest.Head+`steps:
- {id: silent, uses: assert, with: {that: true}}
- {id: says, uses: assert, with: {that: true}, retry: {attempts: 1}}
- {id: slow, uses: assert, with: {that: true}, retry: {attempts: 1, delay: 5m}}
- {id: looks, uses: assert, with: {that: true}, gate: {expr: run.id != "", within: 3s}}
`), "")
	if silent, says := made.Steps[0].Retry, made.Steps[1].Retry; silent != says {
		t.Errorf("without a retry it is %+v, and with one %+v", silent, says)
	}
	if slow := made.Steps[2].Retry; slow.MaxDelay != slow.Delay {
		t.Errorf("the longest wait is %s, and the first %s", slow.MaxDelay, slow.Delay)
	}
	if gate := made.Steps[3].Gate[0]; gate.Every != gate.Within {
		t.Errorf("looked at every %s, within %s", gate.Every, gate.Within)
	}
}
