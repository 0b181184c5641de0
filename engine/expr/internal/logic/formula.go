package logic

import (
	"slices"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// Formula is a statement: all of some, one of some, or something that is not taken apart.
type Formula struct {
	join  join
	parts []Formula
	fact  fact
}

type join uint8

const (
	all join = iota
	one
	atom
)

// fact is a statement that is not taken apart.
type fact interface {
	// implies reports whether the other holds wherever this one does, and excludes whether it
	// holds nowhere where this one does.
	implies(other fact) bool
	excludes(other fact) bool
}

// All is that each of the parts holds; without any it always does.
func All(parts ...Formula) Formula { return joined(all, parts) }

// One is that at least one of the parts holds; without any it never does.
func One(parts ...Formula) Formula { return joined(one, parts) }

// Is is that what the text says comes out as the answer.
func Is(text string, answer bool) Formula { return of(opaque{text, answer}) }

// Every is that the statement holds of each item of what the text says.
func Every(over string, what Formula) Formula { return of(quantified{over, true, what}) }

// Some is that it holds of at least one.
func Some(over string, what Formula) Formula { return of(quantified{over, false, what}) }

func of(f fact) Formula { return Formula{join: atom, fact: f} }

// opaque is a question of which only the words are known.
type opaque struct {
	text   string
	answer bool
}

func (o opaque) implies(other fact) bool { return other == fact(o) }

func (o opaque) excludes(other fact) bool { return other == fact(opaque{o.text, !o.answer}) }

// quantified is a statement of the items of something.
type quantified struct {
	over  string
	every bool
	what  Formula
}

func (q quantified) implies(other fact) bool {
	o, ok := other.(quantified)
	return ok && q.over == o.over && q.every == o.every && Follows(q.what, o.what)
}

func (q quantified) excludes(fact) bool { return false }

// Term is what is compared with constants.
type Term struct {
	Text string
	// Ordered says that each two of its values can be compared, so that what is not less is
	// equal or greater. Of NaN that is not so, nor of values of several types.
	Ordered bool
	// Values are all that it may have; nil: many.
	Values []ref.Val
	// Least and Most bound an ordered whole number; nil: nothing does.
	Least, Most ref.Val
}

// Operator is a comparison.
type Operator uint8

// The comparisons.
const (
	Equal Operator = iota
	Unequal
	Less
	AtMost
	Greater
	AtLeast
)

// opposite is what holds of ordered values where the operator does not.
func (o Operator) opposite() Operator {
	return [...]Operator{Unequal, Equal, AtLeast, Greater, AtMost, Less}[o]
}

// Swapped is the operator with its sides changed.
func (o Operator) Swapped() Operator {
	return [...]Operator{Equal, Unequal, Greater, AtLeast, Less, AtMost}[o]
}

// Compare is that the comparison of a term with a constant comes out as the answer.
func Compare(term Term, operator Operator, constant ref.Val, answer bool) Formula {
	if term.Values != nil {
		return Among(term, slices.DeleteFunc(slices.Clone(term.Values), func(v ref.Val) bool {
			return answer && !holds(v, operator, constant) || !answer && !fails(v, operator, constant)
		}))
	}
	if !answer && (term.Ordered || operator <= Unequal) { // whether two are equal can always be told
		operator, answer = operator.opposite(), true
	}
	whole, isWhole := constant.(types.Int)
	if !isWhole || !term.Ordered || !answer {
		return of(comparison{term.Text, operator, constant, answer})
	}
	return term.whole(operator, whole)
}

// whole is a comparison of whole numbers, written in one way of several that say the same,
// with the bounds that the term has: what can be compared is within them.
func (t Term) whole(operator Operator, constant types.Int) Formula {
	switch {
	case operator == Unequal && t.Least == ref.Val(constant):
		operator = Greater
	case operator == Unequal && t.Most == ref.Val(constant):
		operator = Less
	}
	switch { // more than 2 is 3 at least
	case operator == Greater && constant+1 > constant:
		operator, constant = AtLeast, constant+1
	case operator == Less && constant-1 < constant:
		operator, constant = AtMost, constant-1
	}
	parts := []Formula{of(comparison{t.Text, operator, constant, true})}
	if t.Least != nil {
		parts = append(parts, of(comparison{t.Text, AtLeast, t.Least, true}))
	}
	if t.Most != nil {
		parts = append(parts, of(comparison{t.Text, AtMost, t.Most, true}))
	}
	return All(parts...)
}
