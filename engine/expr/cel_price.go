package expr

import (
	"strings"

	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/interpreter"

	"github.com/gatebook/gatebook/engine/value"
)

// price makes a call pay before it is done.
type price func(b *budget, args []ref.Val) error

// prices is what calls cost that cost anything else than [bySize]: little, however
// large their arguments are; as much as their result, which is larger; or one
// argument times the other.
func prices() map[string]price {
	table := map[string]price{
		operators.Add:      byItems,
		operators.In:       byMember,
		overloads.Size:     byCharacters,
		"split":            bySplit,
		"join":             byJoin,
		"replace":          byReplace,
		"format":           byFormat,
		"lists.range":      byRange,
		"indexOf":          byProduct,
		"lastIndexOf":      byProduct,
		"distinct":         byProduct,
		"sets.contains":    byProduct,
		"sets.equivalent":  byProduct,
		"sets.intersects":  byProduct,
		"cel.@mapInsert":   byItems,
		"semver.compare":   byVersion,
		"semver.satisfies": byConstraint,
		"semver.valid":     byVersion,
		"semver.major":     byVersion,
		"semver.minor":     byVersion,
		"semver.patch":     byVersion,
	}
	for _, name := range []string{"dyn", "type", "optional.of", "hasValue", "value", "first", "last"} {
		table[name] = free
	}
	for _, name := range []string{
		overloads.TimeGetFullYear, overloads.TimeGetMonth, overloads.TimeGetDayOfYear, overloads.TimeGetDate,
		overloads.TimeGetDayOfMonth, overloads.TimeGetDayOfWeek, overloads.TimeGetHours, overloads.TimeGetMinutes,
		overloads.TimeGetSeconds, overloads.TimeGetMilliseconds,
	} {
		table[name] = byZone
	}
	return table
}

func free(*budget, []ref.Val) error { return nil }

// bySize pays once for all that the arguments hold.
func bySize(b *budget, args []ref.Val) error {
	for _, arg := range args {
		if err := b.payForCEL(arg, 0); err != nil {
			return err
		}
	}
	return nil
}

// byItems pays for items, but not for what they hold.
func byItems(b *budget, args []ref.Val) error {
	for _, arg := range args {
		if err := b.pay(length(arg)); err != nil {
			return err
		}
	}
	return nil
}

// length is how long a text, a list or a map is. What a comprehension collects in grows
// in its place, so that it is not counted again with each turn.
func length(v ref.Val) int {
	switch v := v.(type) {
	case types.String:
		return len(v) / bytesPerUnit
	case types.Bytes:
		return len(v) / bytesPerUnit
	case traits.MutableLister, traits.MutableMapper:
		return 0
	case traits.Sizer:
		size, _ := v.Size().(types.Int)
		return int(size)
	default:
		return 0
	}
}

// byMember pays for a list to look through; a map is looked up.
func byMember(b *budget, args []ref.Val) error {
	if _, isMap := args[1].(traits.Mapper); isMap {
		return b.payForCEL(args[0], 0)
	}
	return bySize(b, args)
}

// byCharacters pays for a text, whose characters are counted; a list knows.
func byCharacters(b *budget, args []ref.Val) error {
	if text, ok := args[0].(types.String); ok {
		return b.pay(len(text) / bytesPerUnit)
	}
	return nil
}

// byProduct pays for each part of one argument with each part of the other, or of the
// only one with itself.
func byProduct(b *budget, args []ref.Val) error {
	before := b.left
	if err := b.payForCEL(args[0], 0); err != nil {
		return err
	}
	left := before - b.left
	right := left
	if len(args) > 1 {
		before = b.left
		if err := b.payForCEL(args[1], 0); err != nil {
			return err
		}
		right = before - b.left
	}
	return b.pay(left * right / bytesPerUnit)
}

// byVersion pays for texts that are versions.
func byVersion(b *budget, args []ref.Val) error {
	for _, arg := range args {
		if err := b.payForVersion(celText(arg)); err != nil {
			return err
		}
	}
	return nil
}

func byConstraint(b *budget, args []ref.Val) error {
	if err := b.payForVersion(celText(args[0])); err != nil {
		return err
	}
	return b.payForConstraint(celText(args[1]))
}

// byZone pays for the time zone, which is looked up on the disk each time, and refuses
// that of the machine.
func byZone(b *budget, args []ref.Val) error {
	if len(args) < 2 {
		return nil
	}
	if celText(args[1]) == "Local" {
		return errLocalZone
	}
	return b.pay(zoneCost)
}

func byRange(b *budget, args []ref.Val) error {
	count, _ := args[0].(types.Int)
	if count > maxItems {
		return errCost
	}
	return b.pay(max(0, int(count)))
}

func bySplit(b *budget, args []ref.Val) error {
	if err := bySize(b, args); err != nil || len(args) < 2 {
		return err
	}
	return b.pay(1 + strings.Count(celText(args[0]), celText(args[1])))
}

func byReplace(b *budget, args []ref.Val) error {
	if err := bySize(b, args); err != nil || len(args) < 3 {
		return err
	}
	return b.pay(strings.Count(celText(args[0]), celText(args[1])) * len(celText(args[2])) / bytesPerUnit)
}

func byJoin(b *budget, args []ref.Val) error {
	if err := bySize(b, args); err != nil || len(args) < 2 {
		return err
	}
	return b.pay(length(args[0]) * len(celText(args[1])) / bytesPerUnit)
}

// byFormat pays for the widths, too: "%.1000f".
func byFormat(b *budget, args []ref.Val) error {
	if err := bySize(b, args); err != nil {
		return err
	}
	digits, number := celText(args[0]), 0
	for i := range len(digits) {
		if c := digits[i]; c >= '0' && c <= '9' {
			number = min(number*10+int(c-'0'), maxItems*bytesPerUnit)
			continue
		}
		if err := b.pay(number / bytesPerUnit); err != nil {
			return err
		}
		number = 0
	}
	return nil
}

// payForCEL pays for all of a value of CEL. Numbers and the like are free.
func (b *budget) payForCEL(v ref.Val, depth int) error {
	if depth > maxDepth {
		return errCost
	}
	switch v := v.(type) {
	case types.String, types.Bytes:
		return b.pay(length(v))
	case *record:
		return b.payForValue(v.v, depth)
	case *types.Optional:
		if v.HasValue() {
			return b.payForCEL(v.GetValue(), depth+1)
		}
	case traits.MutableLister, traits.MutableMapper:
	case traits.Mapper:
		return b.payForMap(v, depth)
	case traits.Lister:
		size, _ := v.Size().(types.Int)
		if err := b.pay(int(size)); err != nil {
			return err
		}
		for i := range size {
			if err := b.payForCEL(v.Get(i), depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *budget) payForMap(m traits.Mapper, depth int) error {
	if err := b.pay(length(m)); err != nil {
		return err
	}
	for it := m.Iterator(); it.HasNext() == types.True; {
		key := it.Next()
		member, _ := m.Find(key)
		if err := b.payForCEL(key, depth+1); err != nil {
			return err
		}
		if err := b.payForCEL(member, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (b *budget) payForValue(v value.Value, depth int) error {
	text, _ := v.AsString()
	if err := b.pay(1 + len(text)/bytesPerUnit); err != nil || depth > maxDepth {
		return err
	}
	for _, item := range v.Items() {
		if err := b.payForValue(item, depth+1); err != nil {
			return err
		}
	}
	for _, member := range v.Members() {
		if err := b.payForValue(member.Value, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// paidKey is the text by which a map is asked, all of which is read each time.
type paidKey struct{ computed }

// computed is a key that is not a constant.
type computed interface {
	interpreter.Qualifier
	Resolve(vars interpreter.Activation) (any, error)
}

// Qualify implements interpreter.Qualifier.
func (k paidKey) Qualify(vars interpreter.Activation, obj any) (any, error) {
	if err := k.pay(vars); err != nil {
		return nil, err
	}
	return k.computed.Qualify(vars, obj)
}

// QualifyIfPresent implements interpreter.Qualifier.
func (k paidKey) QualifyIfPresent(vars interpreter.Activation, obj any, presenceOnly bool) (any, bool, error) {
	if err := k.pay(vars); err != nil {
		return nil, false, err
	}
	return k.computed.QualifyIfPresent(vars, obj, presenceOnly)
}

func (k paidKey) pay(vars interpreter.Activation) error {
	key, err := k.Resolve(vars)
	text, isText := key.(types.String)
	if err != nil || !isText {
		return nil // which the lookup itself will meet
	}
	found, _ := vars.ResolveName(budgetName)
	b, ok := found.(*budget)
	if !ok {
		return errCost
	}
	return b.pay(length(text))
}
