package plan_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/check/checktest"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
)

const moded = `inputs:
  where: {type: string}
  ratio: {type: number}
modes:
  drill: {inputs: {where: sandbox, ratio: 1}, skip: [b, f]}
  planned: {}
steps:
  - {id: a, uses: assert, with: {that: "${{ inputs.where != '' && inputs.ratio > 0 && run.mode != inputs.where }}"}}
  - {id: b, uses: assert, with: {that: true}}
  - {id: c, uses: assert, with: {that: true}}
finally:
  - {id: f, uses: assert, with: {that: true}}
`

// inMode plans a runbook with modes.
func inMode(t testing.TB, where string, choice *event.Choice) (*plan.Plan, error) {
	t.Helper()
	checked := checktest.Load(t, checktest.Builtin(t), "test.yaml", checktest.Head+moded)
	inputs := value.Object(value.Member{Name: "where", Value: value.String(where)}, value.Member{Name: "ratio", Value: value.Float(1)})
	made, found, err := plan.Make(checked, plan.Options{Inputs: inputs, Choice: choice})
	if said := checktest.Findings(found); said != "" {
		t.Fatal(said)
	}
	return made, err
}

func TestWhatAModeLeavesOut(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		choice *event.Choice
		out    []string
		words  []string
	}{
		"some steps, and one of finally": {
			&event.Choice{Mode: "drill"}, []string{"b: mode drill", "f: mode drill"}, []string{"left out in mode drill", "left out in mode drill"},
		},
		"none": {&event.Choice{Mode: "planned"}, nil, nil},
		"a person leaves out more": {
			&event.Choice{Mode: "drill", From: "c", By: "ann"},
			[]string{"a: before --from c", "b: before --from c", "f: mode drill"},
			[]string{"left out by ann (before --from c)", "left out by ann (before --from c)", "left out in mode drill"},
		},
	} {
		made, err := inMode(t, "sandbox", c.choice)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.out, leftOut(made)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		var words []string
		for s := range made.All() {
			if s.LeftOut != nil {
				words = append(words, s.LeftOut.Words())
			}
		}
		if diff := cmp.Diff(c.words, words); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// Which inputs are as the mode has them follows from what they are: a run that is resumed, to
// which all of them are given, has the plan that it began with.
func TestAPlanSaysWhichInputsAreThoseOfTheMode(t *testing.T) {
	t.Parallel()
	same, _ := inMode(t, "sandbox", &event.Choice{Mode: "drill"})
	other, _ := inMode(t, "production", &event.Choice{Mode: "drill"})
	if want := (&plan.Mode{Name: "drill", Inputs: []string{"where", "ratio"}}); !cmp.Equal(same.Mode, want) {
		t.Errorf("got %+v", same.Mode)
	}
	if want := (&plan.Mode{Name: "drill", Inputs: []string{"ratio"}, Others: []string{"where"}}); !cmp.Equal(other.Mode, want) {
		t.Errorf("got %+v", other.Mode)
	}
	if got := other.Mode.Of("where"); got != "given, and not as in mode drill" {
		t.Errorf("it says %q", got)
	}
}

func TestEachModeIsAnotherPlan(t *testing.T) {
	t.Parallel()
	var digests []string
	for _, choice := range []*event.Choice{nil, {Mode: "planned"}, {Mode: "drill"}} {
		made, err := inMode(t, "sandbox", choice)
		if err != nil || slices.Contains(digests, made.Digest) {
			t.Errorf("in %+v it has the digest of another, %v", choice, err)
		}
		digests = append(digests, made.Digest)
	}
	_, err := inMode(t, "sandbox", &event.Choice{Mode: "plannd"})
	var wrong *plan.ChoiceError
	if !errors.As(err, &wrong) || wrong.Near != "planned" {
		t.Errorf("of a mode that there is not it says %v", err)
	}
}
