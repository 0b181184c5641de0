package data

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/syntax"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/schema"
)

// ForSchema returns v as the data that schema validates: what is not known yet as
// [schema.Unknown], and secrets as [schema.Masked].
func ForSchema(v value.Value) any {
	if v.IsUnknown() {
		return schema.Unknown{}
	}
	whole := true
	plain := v.Data(func(part value.Value) (any, bool) {
		if whole {
			whole = false
			return nil, false
		}
		return ForSchema(part), true
	})
	if v.IsSecret() {
		return schema.Masked{Value: plain}
	}
	return plain
}

// deepest bounds how far a shape is followed into a value, since one may refer to
// itself.
const deepest = 16

// Conform returns a value with what its shape adds to it: the defaults of properties
// that are not given, and the marks of what is secret.
func Conform(shape *schema.Schema, v value.Value) (value.Value, error) {
	conformed, err := conform(shape, shape, v, deepest)
	return Secrets(conformed, shape), err
}

func conform(root, shape *schema.Schema, v value.Value, depth int) (value.Value, error) {
	if shape = root.Resolve(shape); shape == nil || depth == 0 {
		return v, nil
	}
	depth--
	switch v.Kind() {
	case value.KindList:
		items := make([]value.Value, 0, len(v.Items()))
		for _, item := range v.Items() {
			conformed, err := conform(root, shape.Items, item, depth)
			if err != nil {
				return v, err
			}
			items = append(items, conformed)
		}
		return value.List(items...), nil
	case value.KindObject:
		return conformObject(root, shape, v, depth)
	default:
		return v, nil
	}
}

func conformObject(root, shape *schema.Schema, v value.Value, depth int) (value.Value, error) {
	members := map[string]value.Value{}
	for _, p := range shape.Properties {
		declared := root.Resolve(p.Schema)
		if declared == nil || declared.Default == nil {
			continue
		}
		standard, err := value.FromGo(declared.Default)
		if err != nil {
			return v, fmt.Errorf("default of %s: %w", p.Name, err)
		}
		members[p.Name] = standard
	}
	for _, m := range v.Members() {
		members[m.Name] = m.Value
	}
	for name, member := range members {
		inner, declared := shape.Property(name)
		if !declared {
			inner = shape.Additional
		}
		conformed, err := conform(root, inner, member, depth)
		if err != nil {
			return v, err
		}
		members[name] = conformed
	}
	return value.ObjectOf(members), nil
}

// Static returns what of the tree is the same in every scope; the rest is unknown.
func (t *Tree) Static() value.Value {
	switch {
	case t == nil || t.constant:
		known, _ := t.Constant()
		return known
	case t.template != nil:
		return value.Unknown()
	case t.members != nil:
		members := make([]value.Member, len(t.members))
		for i, m := range t.members {
			members[i] = value.Member{Name: m.name, Value: m.tree.Static()}
		}
		return value.Object(members...)
	default:
		items := make([]value.Value, len(t.items))
		for i, item := range t.items {
			items[i] = item.Static()
		}
		return value.List(items...)
	}
}

// Find returns where the part at the path stands; where that comes out of an
// expression, the expression's place; false for a tree that stands nowhere.
func (t *Tree) Find(path []string) (source.Range, bool) {
	if t == nil || t.node == nil {
		return source.Range{}, false
	}
	node := t.node
	for _, part := range path {
		next := child(node, part)
		if next == nil {
			break
		}
		node = next
	}
	return node.Range(), true
}

// FindKey returns where the last name of the path stands as a key.
func (t *Tree) FindKey(path []string) (source.Range, bool) {
	if t == nil || t.node == nil || len(path) == 0 {
		return source.Range{}, false
	}
	node := t.node
	for _, part := range path[:len(path)-1] {
		if node = child(node, part); node == nil {
			return source.Range{}, false
		}
	}
	for key := range node.Entries() {
		if key.Text() == path[len(path)-1] {
			return key.Range(), true
		}
	}
	return source.Range{}, false
}

// FindField returns where the part stands that a field path such as "nodes[2].name"
// names, or as much of the path as is in the file.
func (t *Tree) FindField(field string) (source.Range, bool) {
	if t == nil || t.node == nil {
		return source.Range{}, false
	}
	node := t.node
	for next := node; next != nil && field != ""; {
		if next, field = step(node, field); next != nil {
			node = next
		}
	}
	return node.Range(), true
}

// step takes the first part off a field path. Names may have dots in them, as those of
// labels have: of several that fit the longest is meant.
func step(node *syntax.Node, field string) (part *syntax.Node, rest string) {
	field = strings.TrimPrefix(field, ".")
	if index, after, isIndex := strings.Cut(strings.TrimPrefix(field, "["), "]"); isIndex && field[0] == '[' {
		return child(node, index), after
	}
	longest := -1
	for key, value := range node.Entries() {
		after, fits := strings.CutPrefix(field, key.Text())
		if fits && (after == "" || after[0] == '.' || after[0] == '[') && len(key.Text()) > longest {
			part, rest, longest = value, after, len(key.Text())
		}
	}
	return part, rest
}

func child(node *syntax.Node, part string) *syntax.Node {
	if i, err := strconv.Atoi(part); err == nil && i >= 0 && i < len(node.Items()) {
		return node.Items()[i]
	}
	return node.Get(part)
}

// About says what a violation of a named value's shape is, without a full stop:
// "nodes[1] must be a string, got an integer".
func About(name string, v schema.Violation) string {
	if ofWhole, ok := strings.CutPrefix(v.Message, "the value "); ok {
		return name + " " + ofWhole
	}
	if strings.HasPrefix(v.Message, "[") {
		return name + v.Message
	}
	return name + "." + v.Message
}
