package cost

import (
	"errors"

	"github.com/gatebook/gatebook/schema"
)

// ErrTooMuch is what an expression that costs too much fails with, in either language.
var ErrTooMuch = errors.New("it takes too long: split it, or work on less")

// Name is under which a program finds its budget. No expression can contain it.
const Name = "$budget"

// Budget is what one evaluation may still cost. It counts work and not time, so that
// a replay ends as the run did.
type Budget struct {
	left     int
	patterns map[string]*schema.Pattern // that this evaluation has compiled
}

// NewBudget returns a budget of so many units.
func NewBudget(units int) Budget { return Budget{left: units} }

// Left returns how many units are left.
func (b *Budget) Left() int { return b.left }

// Pay pays in advance for work of so many units. It fails with [ErrTooMuch].
func (b *Budget) Pay(units int) error {
	if units < 0 || units > b.left {
		b.left = 0
		return ErrTooMuch
	}
	b.left -= units
	return nil
}

// PayForVersion pays for a version, which is taken apart.
func (b *Budget) PayForVersion(text string) error { return b.Pay(1 + versionByte*len(text)) }

// PayForConstraint pays for what a version may be, which is matched part by part.
func (b *Budget) PayForConstraint(text string) error { return b.Pay(1 + constraintByte*len(text)) }

// Matches searches a text for a pattern, which is compiled unless it is known.
func (b *Budget) Matches(text, pattern string, known *schema.Pattern) (bool, error) {
	if known == nil {
		var err error
		if known, err = b.pattern(pattern); err != nil {
			return false, err
		}
	}
	steps := (len(text) + 1) * known.Size
	if err := b.Pay(1 + steps/searchPerUnit); err != nil {
		return false, err
	}
	return known.MatchString(text), nil
}

func (b *Budget) pattern(text string) (*schema.Pattern, error) {
	if known := b.patterns[text]; known != nil {
		return known, nil
	}
	if err := b.Pay(patternCost + patternByte*len(text)); err != nil {
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
