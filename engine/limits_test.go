package engine_test

import (
	"context"
	"errors"
	"testing"

	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/source"
)

// A program that embeds the engine is refused too, and there is no run then.
func TestNoRunBeginsOfAPlanThatGoesOverItsLimits(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	runbook, found := e.Check(source.NewFile("limited.yaml", []byte(`apiVersion: gatebook/v1
kind: Runbook
metadata: {name: limited, version: 1.0.0}
limits: {maxChanges: 1}
inputs: {names: {type: array, items: {type: string}, default: [a, b]}}
steps:
  - {id: each, uses: exec, foreach: "${{ inputs.names }}", with: {command: ["true"]}, rollback: {none: it does nothing}}
`)))
	if found.HasErrors() {
		t.Fatal(texts(found))
	}
	made, _, err := e.Plan(runbook, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = e.Run(context.Background(), made, process(), engine.RunOptions{By: "alice"})
	over, is := errors.AsType[*engine.OverLimitError](err)
	if !is || len(over.Over) != 1 || over.Over[0] != "that makes 2 changes, and maxChanges is 1" {
		t.Errorf("got %v", err)
	}
	if _, err := e.Store().Open(journal.Latest); err == nil {
		t.Error("there is a run")
	}
}
