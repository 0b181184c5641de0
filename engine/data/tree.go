// Package data is YAML in whose strings there may be ${{ }}: vars, outputs, and the
// parameters of an action. A [Tree] is compiled once and then evaluated as often as
// something more is known; a [Use] is an action with such parameters.
//
// It joins the positions of syntax, the templates of expr and the shapes of schema,
// so that whoever checks data need not: every fault is given its place, and so is
// every reference. It knows no runbook, and calls no action. Floor 3.
package data

import (
	"iter"
	"slices"
	"strings"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/syntax"
	"github.com/gatebook/gatebook/engine/value"
)

// Tree is compiled data. It is immutable and safe for concurrent use. A nil Tree is
// the constant null.
type Tree struct {
	node     *syntax.Node
	constant bool
	known    value.Value    // of a constant
	template *expr.Template // of a string with ${{ }}
	items    []*Tree        // of a list that is no constant
	members  []member       // of a map that is no constant, by name

	mentioned []Reference // of the whole: what the texts with faults seem to refer to
}

type member struct {
	name string
	tree *Tree
}

// Empty returns the object without members, for parameters that are not given.
func Empty() *Tree { return &Tree{constant: true, known: value.Object()} }

// Compile compiles the data of a node. What cannot be compiled is reported at its
// place and is unknown in the tree, so that nothing else is said of it.
func Compile(compiler *expr.Compiler, types *expr.Types, node *syntax.Node) (*Tree, diag.List) {
	c := compilation{compiler: compiler, types: types}
	tree := c.tree(node)
	tree.mentioned = c.mentioned
	return tree, c.found
}

type compilation struct {
	compiler *expr.Compiler
	types    *expr.Types
	found    diag.List

	mentioned []Reference
}

func (c *compilation) tree(node *syntax.Node) *Tree {
	t := &Tree{node: node}
	switch node.Kind() {
	case syntax.String:
		c.text(t)
	case syntax.List:
		c.list(t)
	case syntax.Map:
		c.object(t)
	default:
		t.become(node.Value())
	}
	return t
}

func (t *Tree) become(known value.Value) { t.constant, t.known = true, known }

func (c *compilation) text(t *Tree) {
	text := t.node.Text()
	if !strings.Contains(text, "${{") {
		t.become(value.String(text))
		return
	}
	template, faults := c.compiler.Template(text, c.types)
	c.found = append(c.found, Faults(t.node, faults)...)
	switch {
	case template == nil || len(faults) > 0:
		mentions := expr.Text{Text: text, Template: true}.Mentions()
		c.mentioned = slices.AppendSeq(c.mentioned, Place(t.node, mentions))
		t.become(value.Unknown(value.Cause{Reason: "its expression has a fault"}))
	case template.Literal():
		known, err := template.Eval(expr.Values{})
		if err != nil {
			known = value.String(text) // a literal has nothing that could fail
		}
		t.become(known)
	default:
		t.template = template
	}
}

func (c *compilation) list(t *Tree) {
	items := make([]*Tree, 0, t.node.Len())
	for _, item := range t.node.Items() {
		items = append(items, c.tree(item))
	}
	if slices.ContainsFunc(items, func(i *Tree) bool { return !i.constant }) {
		t.items = items
		return
	}
	known := make([]value.Value, len(items))
	for i, item := range items {
		known[i] = item.known
	}
	t.become(value.List(known...))
}

func (c *compilation) object(t *Tree) {
	members := make([]member, 0, t.node.Len())
	for key, node := range t.node.Entries() {
		members = append(members, member{key.Text(), c.tree(node)})
	}
	// By name, so that evaluation makes objects that are sorted already.
	slices.SortFunc(members, func(a, b member) int { return strings.Compare(a.name, b.name) })
	if slices.ContainsFunc(members, func(m member) bool { return !m.tree.constant }) {
		t.members = members
		return
	}
	known := make([]value.Member, len(members))
	for i, m := range members {
		known[i] = value.Member{Name: m.name, Value: m.tree.known}
	}
	t.become(value.Object(known...))
}

// Ahead yields the texts that Compile would compile, for [expr.Compiler.Ahead].
func Ahead(types *expr.Types, node *syntax.Node) iter.Seq[expr.Text] {
	return func(yield func(expr.Text) bool) { eachText(types, node, yield) }
}

func eachText(types *expr.Types, node *syntax.Node, yield func(expr.Text) bool) bool {
	switch node.Kind() {
	case syntax.String:
		return yield(expr.Text{Text: node.Text(), Types: types, Template: true})
	case syntax.List:
		for _, item := range node.Items() {
			if !eachText(types, item, yield) {
				return false
			}
		}
	case syntax.Map:
		for _, member := range node.Entries() {
			if !eachText(types, member, yield) {
				return false
			}
		}
	default: // no text, and none inside
	}
	return true
}

// Faults places the faults of an expression that is the text of a node.
func Faults(node *syntax.Node, faults []expr.Fault) diag.List {
	var found diag.List
	place := places(node, len(faults))
	for _, f := range faults {
		found = append(found, diag.Diagnostic{
			Rule: f.Rule, Range: place(f.Start, f.End), Detail: f.Detail, Hint: f.Hint,
		})
	}
	return found
}

// Constant returns the value of a tree without expressions.
func (t *Tree) Constant() (value.Value, bool) {
	if t == nil {
		return value.Null(), true
	}
	return t.known, t.constant
}

// Range returns where the data stands; of [Empty] and nil it is nowhere.
func (t *Tree) Range() source.Range {
	if t == nil {
		return source.Range{}
	}
	return t.node.Range()
}

// Reference is one thing that an expression refers to, at its place.
type Reference struct {
	expr.Ref
	Range source.Range
}

// References yields what the expressions of the tree refer to; of those with faults, of
// a tree from [Compile], as far as their words tell.
func (t *Tree) References() iter.Seq[Reference] {
	return func(yield func(Reference) bool) {
		for leaf := range t.Templates() {
			for ref := range leaf.references() {
				if !yield(ref) {
					return
				}
			}
		}
		if t == nil {
			return
		}
		for _, ref := range t.mentioned {
			if !yield(ref) {
				return
			}
		}
	}
}

// references yields what a template refers to.
func (t *Tree) references() iter.Seq[Reference] { return Place(t.node, t.template.Refs()) }

// Place yields the references of an expression that is the text of a node, each at
// its place.
func Place(node *syntax.Node, refs []expr.Ref) iter.Seq[Reference] {
	return func(yield func(Reference) bool) {
		place := places(node, len(refs))
		for _, ref := range refs {
			if !yield(Reference{ref, place(ref.Start, ref.End)}) {
				return
			}
		}
	}
}

// places returns what finds so many places in the text of a node.
func places(node *syntax.Node, count int) func(start, end int) source.Range {
	const few = 8
	if count <= few {
		return node.RangeOf
	}
	return node.Places()
}

// Templates yields the parts of the tree that are templates.
func (t *Tree) Templates() iter.Seq[*Tree] {
	return func(yield func(*Tree) bool) { t.eachTemplate(yield) }
}

func (t *Tree) eachTemplate(yield func(*Tree) bool) bool {
	switch {
	case t == nil || t.constant:
		return true
	case t.template != nil:
		return yield(t)
	}
	for _, item := range t.items {
		if !item.eachTemplate(yield) {
			return false
		}
	}
	for _, m := range t.members {
		if !m.tree.eachTemplate(yield) {
			return false
		}
	}
	return true
}
