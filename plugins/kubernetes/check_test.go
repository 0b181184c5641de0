package main

import (
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/check/checktest"
	"github.com/gatebook/gatebook/engine/source"
)

// What depends on an input is refused once it is given: an empty user would act with
// gatebook's own rights.
func TestAConnectionIsHeldToItsInputs(t *testing.T) {
	t.Parallel()
	gatebook := described(t).Engine(t)
	checked, found := gatebook.Check(source.NewFile("book.yaml", []byte(`apiVersion: gatebook/v1
kind: Runbook
metadata: {name: book, version: 1.0.0}
plugins: {k8s: {source: kubernetes}}
inputs: {as: {type: string}, inside: {type: boolean}}
connections:
  one: {plugin: k8s, with: {context: prod, inCluster: "${{ inputs.inside }}", impersonate: {user: "${{ inputs.as }}"}}}
steps:
  - {id: look, uses: k8s.events, with: {}}
`)))
	if len(found) > 0 {
		t.Fatal(found[0].Detail)
	}
	for given, says := range map[string]string{
		"as=anna\ninside=false": "",
		"as=\ninside=false":     "impersonate.user must have at least 1 character",
		"as=anna\ninside=true":  "inCluster excludes kubeconfig, context and endpoint",
	} {
		_, found, err := gatebook.Plan(checked, checktest.Given(given))
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case says == "" && len(found) > 0:
			t.Errorf("%q: %s", given, found[0].Detail)
		case says != "" && (len(found) != 1 || !strings.Contains(found[0].Detail, says)):
			t.Errorf("%q: got %v", given, found)
		}
	}
}
