package logic

import (
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
func All(parts ...Formula) Formula { return Formula{join: all, parts: parts} }

// One is that at least one of the parts holds; without any it never does.
func One(parts ...Formula) Formula { return Formula{join: one, parts: parts} }

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
	if !answer && (term.Ordered || operator <= Unequal) { // whether two are equal can always be told
		operator, answer = operator.opposite(), true
	}
	// Of whole numbers, more than 2 is 3 at least.
	if whole, ok := constant.(types.Int); ok && term.Ordered && answer {
		switch {
		case operator == Greater && whole+1 > whole:
			operator, constant = AtLeast, whole+1
		case operator == Less && whole-1 < whole:
			operator, constant = AtMost, whole-1
		}
	}
	return of(comparison{term.Text, operator, constant, answer})
}
