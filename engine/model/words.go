package model

import (
	"iter"
	"time"

	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/syntax"
)

// Text is a string that the runbook says. Node is nil where it says none.
type Text struct {
	Value string
	Node  *syntax.Node
}

// Range returns where the text stands.
func (t Text) Range() source.Range { return t.Node.Range() }

// Duration is a span of time such as "300s" or "1h30m". Node is nil where there is
// none; Value is then the format's default, or zero.
type Duration struct {
	Value time.Duration
	Node  *syntax.Node
}

// Range returns where the duration stands.
func (d Duration) Range() source.Range { return d.Node.Range() }

// Integer is a whole number. Node is nil where there is none; Value is then the
// format's default, or zero.
type Integer struct {
	Value int64
	Node  *syntax.Node
}

// Range returns where the integer stands.
func (i Integer) Range() source.Range { return i.Node.Range() }

// Number is a number. Node is nil where there is none; Value is then the format's
// default, or zero.
type Number struct {
	Value float64
	Node  *syntax.Node
}

// Range returns where the number stands.
func (n Number) Range() source.Range { return n.Node.Range() }

// Boolean is true or false. Node is nil where there is none.
type Boolean struct {
	Value bool
	Node  *syntax.Node
}

// Range returns where the boolean stands.
func (b Boolean) Range() source.Range { return b.Node.Range() }

// Expr is the text of a CEL expression; Node.RangeOf gives the place of a part of
// it. Node is nil where there is none.
type Expr struct {
	Text string
	Node *syntax.Node
}

// Range returns where the expression stands.
func (e Expr) Range() source.Range { return e.Node.Range() }

// Value is any YAML, in whose strings there may be ${{ }}. Node is nil where there
// is none.
type Value struct {
	Node *syntax.Node
}

// Range returns where the value stands.
func (v Value) Range() source.Range { return v.Node.Range() }

// Entry is one entry of a [Map].
type Entry[T any] struct {
	Key   Text
	Value T
}

// Map is a map with free keys, in the file's order. Node is nil where it is absent.
type Map[T any] struct {
	Node    *syntax.Node
	Entries []Entry[T]
}

// Range returns where the map stands.
func (m Map[T]) Range() source.Range { return m.Node.Range() }

// Get returns the value under a key.
func (m Map[T]) Get(key string) (T, bool) {
	for _, e := range m.Entries {
		if e.Key.Value == key {
			return e.Value, true
		}
	}
	var none T
	return none, false
}

// Keys yields the keys in the file's order.
func (m Map[T]) Keys() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, e := range m.Entries {
			if !yield(e.Key.Value) {
				return
			}
		}
	}
}

// List is a list. Node is nil where it is absent, which an empty list is not.
type List[T any] struct {
	Node  *syntax.Node
	Items []T
}

// Range returns where the list stands.
func (l List[T]) Range() source.Range { return l.Node.Range() }

// OneOrMany is a list that may be written as its one item.
type OneOrMany[T any] struct {
	Node  *syntax.Node
	Items []T
}

// Range returns where it stands.
func (o OneOrMany[T]) Range() source.Range { return o.Node.Range() }
