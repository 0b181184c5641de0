package check

import (
	"slices"
	"strings"

	"github.com/gatebook/gatebook/engine/dag"
	"github.com/gatebook/gatebook/engine/data"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/model"
	"github.com/gatebook/gatebook/schema"
)

// maxVarLevels bounds how often types are made for vars that use vars that use vars;
// behind that nothing is known of the types of those that are used.
const maxVarLevels = 16

// compileVars compiles the vars, each after those that it uses, so that their types
// are known to it, and then makes the types of the steps' expressions.
func (c *checker) compileVars() {
	entries := c.model.Vars.Entries
	c.anyVars = expr.NewTypes(c.runbook.InputSchema, nil, c.outputs).WithWindows(c.runbook.Windows).
		WithModes(slices.Collect(c.model.Modes.Keys()))
	shapes := make([]schema.Property, len(entries))
	for i, entry := range entries {
		shapes[i] = schema.Property{Name: entry.Key.Value, Schema: &schema.Schema{}}
	}
	for i, level := range c.varLevels(entries) {
		if i < maxVarLevels {
			c.types = c.typesWith(shapes)
		}
		known := append([]schema.Property(nil), shapes...)
		for _, v := range level {
			tree := c.data(site{what: "vars", vars: true}, entries[v].Value, c.types)
			c.runbook.Vars = append(c.runbook.Vars, Var{Name: entries[v].Key.Value, Data: tree})
			known[v].Schema = tree.Shape(c.secrets.holds)
		}
		shapes = known
		c.secrets.vars = secretIn(&schema.Schema{Properties: shapes})
	}
	c.types = c.typesWith(shapes)
}

// typesWith makes the types of expressions over vars of the shapes.
func (c *checker) typesWith(vars []schema.Property) *expr.Types {
	object := &schema.Schema{Type: schema.TypeObject, Closed: true, Properties: vars}
	for _, v := range vars {
		object.Required = append(object.Required, v.Name)
	}
	return c.anyVars.With(expr.RootVars, object)
}

// varLevels sorts the vars: each level uses only those before it. Vars that use each
// other in a circle are reported, and come last.
func (c *checker) varLevels(entries []model.Entry[model.Value]) [][]int {
	needs := c.varNeeds(entries)
	order, ok := dag.New(needs).Order()
	level := make([]int, len(entries))
	var levels [][]int
	done := make([]bool, len(entries))
	for _, v := range order {
		done[v] = true
		for _, need := range needs[v] {
			level[v] = max(level[v], level[need]+1)
		}
		if level[v] == len(levels) {
			levels = append(levels, nil)
		}
		levels[level[v]] = append(levels[level[v]], v)
	}
	if ok {
		return levels
	}
	c.reportVarCycle(entries, dag.New(needs).Cycle())
	var rest []int
	for v := range entries {
		if !done[v] {
			rest = append(rest, v)
		}
	}
	return append(levels, rest)
}

// varNeeds returns which vars each var uses. Only their names count here, so nothing
// need be known of their types, and faults are left for later.
func (c *checker) varNeeds(entries []model.Entry[model.Value]) [][]int {
	places := make(map[string]int, len(entries))
	for i, entry := range entries {
		places[entry.Key.Value] = i
	}
	needs := make([][]int, len(entries))
	for i, entry := range entries {
		tree, _ := data.Compile(c.compiler, c.anyVars, entry.Value.Node)
		for ref := range tree.References() {
			if ref.Root != expr.RootVars || len(ref.Path) == 0 {
				continue
			}
			if used, ok := places[ref.Path[0]]; ok {
				needs[i] = append(needs[i], used)
			}
		}
	}
	return needs
}

func (c *checker) reportVarCycle(entries []model.Entry[model.Value], cycle []int) {
	names := make([]string, 0, len(cycle)+1)
	for _, v := range cycle[:min(len(cycle), maxCycleText)] {
		names = append(names, entries[v].Key.Value)
	}
	if len(cycle) > maxCycleText {
		names = append(names, "…")
	}
	first := entries[cycle[0]].Key
	found := diag.VarCycle.At(first.Range(), "Each var uses the next: %s.",
		strings.Join(append(names, first.Value), " -> "))
	for _, v := range cycle[1:min(len(cycle), maxCycleText)] {
		found = found.WithRelated(entries[v].Key.Range(), "%s is part of the circle", entries[v].Key.Value)
	}
	c.add(found)
}
