package logic

import (
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// comparison is that a term compares so with a constant, or that it does not: that is another
// statement than the opposite comparison where not all values can be compared.
type comparison struct {
	term     string
	operator Operator
	constant ref.Val
	answer   bool
}

func (c comparison) implies(other fact) bool {
	o, ok := other.(comparison)
	switch {
	case !ok || c.term != o.term:
		return false
	case c.answer && o.answer:
		return c.within(o)
	case c.answer:
		return c.apart(o)
	case o.answer:
		return o.operator == Unequal && holds(o.constant, c.operator, c.constant)
	default:
		return o.within(c)
	}
}

func (c comparison) excludes(other fact) bool {
	o, ok := other.(comparison)
	switch {
	case !ok || c.term != o.term:
		return false
	case c.answer && o.answer:
		return c.apart(o)
	case c.answer:
		return c.within(o)
	case o.answer:
		return o.within(c)
	default:
		return false
	}
}

// within reports whether each value that compares as c says compares as o says.
func (c comparison) within(o comparison) bool {
	switch c.operator {
	case Equal:
		return holds(c.constant, o.operator, o.constant)
	case Unequal:
		return o.operator == Unequal && same(c.constant, o.constant)
	default:
	}
	order, ok := compare(c.constant, o.constant)
	if !ok {
		return false
	}
	switch {
	case o.operator == Unequal: // the constant of o is outside
		return !outcome(c.operator, -order)
	case below(c.operator) != below(o.operator) || o.operator == Equal:
		return false
	case order == 0:
		return strict(c.operator) || !strict(o.operator)
	default:
		return (order < 0) == below(c.operator)
	}
}

// apart reports whether no value that compares as c says compares as o says, though it can be
// compared.
func (c comparison) apart(o comparison) bool {
	switch {
	case c.operator == Equal:
		return fails(c.constant, o.operator, o.constant)
	case o.operator == Equal:
		return fails(o.constant, c.operator, c.constant)
	case c.operator == Unequal || o.operator == Unequal:
		return false
	}
	order, ok := compare(c.constant, o.constant)
	if !ok || below(c.operator) == below(o.operator) {
		return false
	}
	if order == 0 {
		return strict(c.operator) || strict(o.operator)
	}
	return (order < 0) == below(c.operator)
}

func below(o Operator) bool  { return o == Less || o == AtMost }
func strict(o Operator) bool { return o == Less || o == Greater }

// holds reports whether a value compares so with a constant, fails that it does not; where
// they cannot be compared neither is so.
func holds(v ref.Val, o Operator, constant ref.Val) bool {
	if o <= Unequal {
		return same(v, constant) == (o == Equal)
	}
	order, ok := compare(v, constant)
	return ok && outcome(o, order)
}

func fails(v ref.Val, o Operator, constant ref.Val) bool {
	if o <= Unequal {
		return !holds(v, o, constant)
	}
	order, ok := compare(v, constant)
	return ok && !outcome(o, order)
}

// outcome is what a comparison says of two values of that order.
func outcome(o Operator, order int) bool {
	switch o {
	case Less:
		return order < 0
	case AtMost:
		return order <= 0
	case Greater:
		return order > 0
	case AtLeast:
		return order >= 0
	case Equal:
		return order == 0
	default:
		return order != 0
	}
}

// compare orders two constants by CEL's own rules.
func compare(a, b ref.Val) (order int, ok bool) {
	comparer, ok := a.(traits.Comparer)
	if !ok || isNaN(a) || isNaN(b) {
		return 0, false
	}
	answer, ok := comparer.Compare(b).(types.Int)
	return int(answer), ok
}

func isNaN(v ref.Val) bool {
	number, ok := v.(types.Double)
	return ok && number != number
}

func same(a, b ref.Val) bool { return a.Equal(b) == types.True }
