package expr

import (
	"errors"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/gatebook/gatebook/schema"
)

// bytesPerUnit is how much text costs as much as one step, and how many comparisons.
const bytesPerUnit = 16

// What costs more than its size says, in steps: to take apart a version or what it may be, per byte; to
// look up a time zone; to compile a pattern; and how many steps of a search for a
// pattern are one step.
const (
	versionByte    = 1
	constraintByte = 16
	zoneCost       = 50
	patternCost    = 2_000
	patternByte    = 10
	searchPerUnit  = 128
)

var errLocalZone = errors.New("the time zone Local is not the same everywhere; name one such as UTC or Asia/Shanghai")

// budget is what one evaluation may still cost. It counts work and not time, so that
// a replay ends as the run did.
type budget struct {
	left     int
	patterns map[string]*schema.Pattern // that this evaluation has compiled
}

func (b *budget) pay(units int) error {
	if units < 0 || units > b.left {
		b.left = 0
		return errCost
	}
	b.left -= units
	return nil
}

// payForVersion pays for a version, which is taken apart.
func (b *budget) payForVersion(text string) error { return b.pay(1 + versionByte*len(text)) }

// payForConstraint pays for what a version may be, which is matched part by part.
func (b *budget) payForConstraint(text string) error { return b.pay(1 + constraintByte*len(text)) }

// matches searches a text for a pattern, which is compiled unless it is known.
func (b *budget) matches(text, pattern string, known *schema.Pattern) (bool, error) {
	if known == nil {
		var err error
		if known, err = b.pattern(pattern); err != nil {
			return false, err
		}
	}
	steps := (len(text) + 1) * known.Size
	if err := b.pay(1 + steps/searchPerUnit); err != nil {
		return false, err
	}
	return known.MatchString(text), nil
}

func (b *budget) pattern(text string) (*schema.Pattern, error) {
	if known := b.patterns[text]; known != nil {
		return known, nil
	}
	if err := b.pay(patternCost + patternByte*len(text)); err != nil {
		return nil, err
	}
	made, err := schema.CompilePattern(text)
	if err != nil {
		return nil, err
	}
	if b.patterns == nil {
		b.patterns = make(map[string]*schema.Pattern)
	}
	b.patterns[text] = made
	return made, nil
}

// celMatches is the function matches of CEL.
func celMatches(b *budget, args []ref.Val, known *schema.Pattern) ref.Val {
	for _, arg := range args {
		if arg.Type() != types.StringType {
			return types.MaybeNoSuchOverloadErr(arg)
		}
	}
	matched, err := b.matches(celText(args[0]), celText(args[1]), known)
	if err != nil {
		return types.WrapErr(err)
	}
	return types.Bool(matched)
}

// celConcat puts two lists into one, nil where they are none or where the first is
// what a comprehension collects in.
func celConcat(left, right ref.Val) ref.Val {
	a, isList := left.(traits.Lister)
	b, areLists := right.(traits.Lister)
	if _, collects := left.(traits.MutableLister); collects || !isList || !areLists {
		return nil
	}
	var items []ref.Val
	for _, list := range []traits.Lister{a, b} {
		for it := list.Iterator(); it.HasNext() == types.True; {
			items = append(items, it.Next())
		}
	}
	return types.NewRefValList(types.DefaultTypeAdapter, items)
}
