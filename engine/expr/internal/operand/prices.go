package operand

import (
	"errors"
	"strings"

	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/interpreter"

	"github.com/gatebook/gatebook/engine/expr/internal/cost"
	"github.com/gatebook/gatebook/engine/value"
)

// price makes a call pay before it is done.
type price func(b *cost.Budget, args []ref.Val) error

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
		Window:             byWindow,
		WindowRemaining:    byWindow,
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

// zoneCost is what it costs to look up a time zone.
const zoneCost = 50

var errLocalZone = errors.New("the time zone Local is not the same everywhere; name one such as UTC or Asia/Shanghai")

func byWindow(b *cost.Budget, _ []ref.Val) error { return b.Pay(windowCost) }

func free(*cost.Budget, []ref.Val) error { return nil }

// bySize pays once for all that the arguments hold.
func bySize(b *cost.Budget, args []ref.Val) error {
	for _, arg := range args {
		if err := payFor(b, arg, 0); err != nil {
			return err
		}
	}
	return nil
}

// byItems pays for items, but not for what they hold.
func byItems(b *cost.Budget, args []ref.Val) error {
	for _, arg := range args {
		if err := b.Pay(length(arg)); err != nil {
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
		return len(v) / cost.BytesPerUnit
	case types.Bytes:
		return len(v) / cost.BytesPerUnit
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
func byMember(b *cost.Budget, args []ref.Val) error {
	if _, isMap := args[1].(traits.Mapper); isMap {
		return payFor(b, args[0], 0)
	}
	return bySize(b, args)
}

// byCharacters pays for a text, whose characters are counted; a list knows.
func byCharacters(b *cost.Budget, args []ref.Val) error {
	if text, ok := args[0].(types.String); ok {
		return b.Pay(len(text) / cost.BytesPerUnit)
	}
	return nil
}

// byProduct pays for each part of one argument with each part of the other, or of the
// only one with itself.
func byProduct(b *cost.Budget, args []ref.Val) error {
	before := b.Left()
	if err := payFor(b, args[0], 0); err != nil {
		return err
	}
	left := before - b.Left()
	right := left
	if len(args) > 1 {
		before = b.Left()
		if err := payFor(b, args[1], 0); err != nil {
			return err
		}
		right = before - b.Left()
	}
	return b.Pay(left * right / cost.BytesPerUnit)
}

// byVersion pays for texts that are versions.
func byVersion(b *cost.Budget, args []ref.Val) error {
	for _, arg := range args {
		if err := b.PayForVersion(textOf(arg)); err != nil {
			return err
		}
	}
	return nil
}

func byConstraint(b *cost.Budget, args []ref.Val) error {
	if err := b.PayForVersion(textOf(args[0])); err != nil {
		return err
	}
	return b.PayForConstraint(textOf(args[1]))
}

// byZone pays for the time zone, which is looked up on the disk each time, and refuses
// that of the machine.
func byZone(b *cost.Budget, args []ref.Val) error {
	if len(args) < 2 {
		return nil
	}
	if textOf(args[1]) == "Local" {
		return errLocalZone
	}
	return b.Pay(zoneCost)
}

func byRange(b *cost.Budget, args []ref.Val) error {
	count, _ := args[0].(types.Int)
	if count > cost.MaxItems {
		return cost.ErrTooMuch
	}
	return b.Pay(max(0, int(count)))
}

func bySplit(b *cost.Budget, args []ref.Val) error {
	if err := bySize(b, args); err != nil || len(args) < 2 {
		return err
	}
	return b.Pay(1 + strings.Count(textOf(args[0]), textOf(args[1])))
}

func byReplace(b *cost.Budget, args []ref.Val) error {
	if err := bySize(b, args); err != nil || len(args) < 3 {
		return err
	}
	return b.Pay(strings.Count(textOf(args[0]), textOf(args[1])) * len(textOf(args[2])) / cost.BytesPerUnit)
}

func byJoin(b *cost.Budget, args []ref.Val) error {
	if err := bySize(b, args); err != nil || len(args) < 2 {
		return err
	}
	return b.Pay(length(args[0]) * len(textOf(args[1])) / cost.BytesPerUnit)
}

// byFormat pays for the widths, too: "%.1000f".
func byFormat(b *cost.Budget, args []ref.Val) error {
	if err := bySize(b, args); err != nil {
		return err
	}
	digits, number := textOf(args[0]), 0
	for i := range len(digits) {
		if c := digits[i]; c >= '0' && c <= '9' {
			number = min(number*10+int(c-'0'), cost.MaxItems*cost.BytesPerUnit)
			continue
		}
		if err := b.Pay(number / cost.BytesPerUnit); err != nil {
			return err
		}
		number = 0
	}
	return nil
}

// payForCEL pays for all of a value of CEL. Numbers and the like are free.
func payFor(b *cost.Budget, v ref.Val, depth int) error {
	if depth > cost.MaxDepth {
		return cost.ErrTooMuch
	}
	switch v := v.(type) {
	case types.String, types.Bytes:
		return b.Pay(length(v))
	case *record:
		return payForValue(b, v.v, depth)
	case *types.Optional:
		if v.HasValue() {
			return payFor(b, v.GetValue(), depth+1)
		}
	case traits.MutableLister, traits.MutableMapper:
	case traits.Mapper:
		return payForMap(b, v, depth)
	case traits.Lister:
		size, _ := v.Size().(types.Int)
		if err := b.Pay(int(size)); err != nil {
			return err
		}
		for i := range size {
			if err := payFor(b, v.Get(i), depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

func payForMap(b *cost.Budget, m traits.Mapper, depth int) error {
	if err := b.Pay(length(m)); err != nil {
		return err
	}
	for it := m.Iterator(); it.HasNext() == types.True; {
		key := it.Next()
		member, _ := m.Find(key)
		if err := payFor(b, key, depth+1); err != nil {
			return err
		}
		if err := payFor(b, member, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func payForValue(b *cost.Budget, v value.Value, depth int) error {
	text, _ := v.AsString()
	if err := b.Pay(1 + len(text)/cost.BytesPerUnit); err != nil || depth > cost.MaxDepth {
		return err
	}
	for _, item := range v.Items() {
		if err := payForValue(b, item, depth+1); err != nil {
			return err
		}
	}
	for _, member := range v.Members() {
		if err := payForValue(b, member.Value, depth+1); err != nil {
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
	found, _ := vars.ResolveName(cost.Name)
	b, ok := found.(*cost.Budget)
	if !ok {
		return cost.ErrTooMuch
	}
	return b.Pay(length(text))
}
