// Package syntax turns a YAML file into a tree in which every value knows its
// place, down to each character of each scalar.
//
// It is strict where YAML is surprising: one document, string keys that occur
// once, the core schema of YAML 1.2 (so that "on" and "no" are words), no tags, no
// merge keys, and aliases that cannot expand without bound. What the tree means is
// not its business. It is the only importer of the YAML library. Floor 2.
package syntax

import (
	"iter"

	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/value"
)

// Kind says what a node is, by the core schema of YAML 1.2.
type Kind uint8

// The kinds of node.
const (
	Null Kind = iota
	Bool
	Int
	Float
	String
	List
	Map
)

// String returns the kind's name as people say it, with its article.
func (k Kind) String() string {
	return [...]string{"nothing", "a boolean", "an integer", "a number", "a string", "a list", "a map"}[k]
}

// Style says how a node is written.
type Style uint8

// The styles: of scalars, and of collections ([Block] or [Flow]).
const (
	Plain Style = iota
	SingleQuoted
	DoubleQuoted
	Literal
	Folded
	Block
	Flow
)

// Node is one value of a file, with its place. A Node is immutable and safe for
// concurrent use; where the file has aliases, nodes are shared. The methods of a nil
// Node answer as for a null that is nowhere.
type Node struct {
	file       *source.File
	text       string
	children   []*Node // items; or key, value, key, value …
	start, end int32
	indent     int32 // block scalars: how far the content is indented
	kind       Kind
	style      Style
}

// Kind returns what n is.
func (n *Node) Kind() Kind {
	if n == nil {
		return Null
	}
	return n.kind
}

// Style returns how n is written.
func (n *Node) Style() Style {
	if n == nil {
		return Plain
	}
	return n.style
}

// Range returns where n stands: of a scalar its text, without quotes and without
// the mark of a block scalar; of a collection everything in it.
func (n *Node) Range() source.Range {
	if n == nil {
		return source.Range{}
	}
	return n.file.Range(int(n.start), int(n.end))
}

// Text returns a scalar's decoded text; of a number or a boolean as it is written.
func (n *Node) Text() string {
	if n == nil {
		return ""
	}
	return n.text
}

// Len returns how many items a list has, or entries a map.
func (n *Node) Len() int {
	switch n.Kind() {
	case List:
		return len(n.children)
	case Map:
		return len(n.children) / 2
	default:
		return 0
	}
}

// Items returns a list's items, which the caller must not change.
func (n *Node) Items() []*Node {
	if n.Kind() != List {
		return nil
	}
	return n.children
}

// Entries yields the key and the value of each entry of a map, in the file's
// order. Every key is a string and occurs once.
func (n *Node) Entries() iter.Seq2[*Node, *Node] {
	return func(yield func(*Node, *Node) bool) {
		if n.Kind() != Map {
			return
		}
		for i := 0; i < len(n.children); i += 2 {
			if !yield(n.children[i], n.children[i+1]) {
				return
			}
		}
	}
}

// Get returns the value of a map's entry, and nil where there is none.
func (n *Node) Get(key string) *Node {
	for k, v := range n.Entries() {
		if k.text == key {
			return v
		}
	}
	return nil
}

// Value returns what n says as data. Every integer and number in a tree from
// [Parse] without errors fits; one that does not is its text.
func (n *Node) Value() value.Value {
	switch n.Kind() {
	case Null:
		return value.Null()
	case List:
		items := make([]value.Value, len(n.children))
		for i, child := range n.children {
			items[i] = child.Value()
		}
		return value.List(items...)
	case Map:
		members := make([]value.Member, 0, len(n.children)/2)
		for key, child := range n.Entries() {
			members = append(members, value.Member{Name: key.text, Value: child.Value()})
		}
		return value.Object(members...)
	default:
		return scalarValue(n.kind, n.text)
	}
}
