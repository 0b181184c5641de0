package data_test

import (
	"testing"

	"github.com/gatebook/gatebook/engine/data"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/syntax"
)

// A field path that an action reports leads to the place in the file, also where names
// have dots in them, and as far as it goes where the rest comes out of an expression.
func TestFieldPathsLeadToTheirPlace(t *testing.T) {
	t.Parallel()
	const text = `nodes: [a, {name: b, ports: [1, 2]}]
labels: {app: short, app.kubernetes.io/name: long, app.x: {y: deep}}
from: ${{ inputs.all }}
`
	node, found := syntax.Parse(source.NewFile("f.yaml", []byte(text)))
	if len(found) > 0 {
		t.Fatal(found)
	}
	types := expr.NewTypes(nil, nil, nil)
	tree, _ := data.Compile(expr.NewCompiler(), types, node)
	for field, want := range map[string]string{
		"nodes[0]":                      "a",
		"nodes[1].name":                 "b",
		"nodes[1].ports[1]":             "2",
		"nodes[1].ports[7]":             "[1, 2]",
		"labels.app":                    "short",
		"labels.app.kubernetes.io/name": "long",
		"labels.app.x.y":                "deep",
		"from.inner[3]":                 "${{ inputs.all }}",
	} {
		if at, ok := tree.FindField(field); !ok || at.Text() != want {
			t.Errorf("%s leads to %q, want %q", field, at.Text(), want)
		}
	}
	for _, field := range []string{"", "elsewhere", "[0]", "nodes[", "["} {
		if at, ok := tree.FindField(field); !ok || at.Start > node.Get("nodes").Range().End {
			t.Errorf("%q leads to %s, want what is nearest", field, at)
		}
	}
}
