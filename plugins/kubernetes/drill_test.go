package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/check/checktest"
	"github.com/gatebook/gatebook/engine/drill"
	"github.com/gatebook/gatebook/engine/drill/world"
	"github.com/gatebook/gatebook/engine/input"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/steps"
)

// Whoever copies one of our runbooks starts from one whose way back is proven.
func TestOurRunbooksDrillClean(t *testing.T) {
	t.Parallel()
	const folder, image = "../../runbooks", "namespace=shop\nname=web\ncontainer=web\nimage=web:2"
	cases := map[string]string{
		"k8s-config-update.yaml":         "namespace=shop\nname=web\nconfig=web\nset={\"a\":\"1\"}",
		"k8s-deployment-upgrade.yaml":    image,
		"k8s-node-upgrade.yaml":          "node=node-1\nversion=v1.36.2\ncommand=[\"./upgrade\"]",
		"k8s-node-upgrade.yaml, by hand": "node=node-1\nversion=v1.36.2",
		"k8s-rolling-upgrade.yaml":       image,
	}
	paths, err := filepath.Glob(filepath.Join(folder, "k8s-*.yaml"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("found %d runbooks: %v", len(paths), err)
	}
	for _, path := range paths {
		if _, drilled := cases[filepath.Base(path)]; !drilled {
			t.Errorf("%s is not drilled", path)
		}
	}
	for name, inputs := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file, _, _ := strings.Cut(name, ",")
			p := drill.Of(planOf(t, filepath.Join(folder, file), inputs), world.Supposed{}, drill.Options{Pairs: drill.DefaultPairs})
			for _, v := range p.Violations {
				t.Errorf("%s of %q, with %q: %s", v.Invariant, v.Step, v.Failures, v.Detail)
			}
			for _, c := range p.Coverage {
				if c.Covered < c.Of {
					t.Errorf("%+v: %+v", c, p.Uncovered)
				}
			}
		})
	}
}

// planOf makes the plan of one of our runbooks.
func planOf(t *testing.T, path, inputs string) *plan.Plan {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	builtin, err := steps.Builtin(steps.Options{})
	if err != nil {
		t.Fatal(err)
	}
	checked, found := load(t, source.NewFile(path, text), builtin...)
	checktest.NoErrors(t, found)
	given, _, found := input.Values(checked, checktest.Given(inputs))
	checktest.NoErrors(t, found)
	made, found, err := plan.Make(checked, plan.Options{Inputs: given})
	checktest.NoErrors(t, found)
	if err != nil {
		t.Fatal(err)
	}
	return made
}
