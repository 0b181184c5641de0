package model

import (
	"iter"
	"time"

	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/syntax"
)

// Placed is where something stands. Node is nil where the runbook does not say it.
type Placed struct{ Node *syntax.Node }

// Range returns where it stands.
func (p Placed) Range() source.Range { return p.Node.Range() }

// Said is what the runbook says of one type, and where. Where it says nothing, Value is
// the format's default, or zero.
type Said[T any] struct {
	Placed
	Value T
}

func said[T any](value T, node *syntax.Node) Said[T] { return Said[T]{Placed{node}, value} }

// The words of a runbook. Each reads itself from a node in its own manner.
type (
	// Text is a string.
	Text struct{ Said[string] }
	// Duration is a span of time such as "300s" or "1h30m".
	Duration struct{ Said[time.Duration] }
	// Integer is a whole number.
	Integer struct{ Said[int64] }
	// Number is a number.
	Number struct{ Said[float64] }
	// Boolean is true or false.
	Boolean struct{ Said[bool] }
	// Expr is the text of a CEL expression; Node.RangeOf gives the place of a part of it.
	Expr struct{ Said[string] }
	// Value is any YAML, in whose strings there may be ${{ }}.
	Value struct{ Placed }
)

// Entry is one entry of a [Map].
type Entry[T any] struct {
	Key   Text
	Value T
}

// Map is a map with free keys, in the file's order.
type Map[T any] struct {
	Placed
	Entries []Entry[T]
}

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

// List is a list; one that is absent has no Node, which an empty list has.
type List[T any] struct {
	Placed
	Items []T
}

// OneOrMany is a list that may be written as its one item.
type OneOrMany[T any] struct {
	Placed
	Items []T
}
