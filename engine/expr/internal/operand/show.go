package operand

import (
	"strings"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/gatebook/gatebook/engine/value"
)

// longestMap is how many members of a map are shown, for each item of a list.
const longestMap = 12

// longestValue is where a value that people are shown is cut.
const longestValue = 160

// Describe names a CEL type in our words.
func Describe(name string) string {
	name = strings.TrimSuffix(strings.TrimPrefix(name, "wrapper("), ")")
	outer, _, _ := strings.Cut(name, "(")
	switch {
	case strings.HasPrefix(name, prefix):
		return "an object"
	case outer == "int":
		return "an integer"
	case outer == "double":
		return "a number"
	case outer == "bool":
		return "true or false"
	case outer == "optional_type":
		return "an optional value"
	case strings.HasSuffix(strings.ToLower(outer), "timestamp"):
		return "a time"
	case strings.HasSuffix(strings.ToLower(outer), "duration"):
		return "a duration"
	case outer == "dyn":
		return "any value"
	case outer == "null" || outer == "null_type":
		return "null"
	default:
		return "a " + outer
	}
}

// Plain takes out of a message of CEL what only stands in it for our types.
func Plain(message string) string { return strings.ReplaceAll(message, prefix, "") }

// Show writes a value for people, cut where it is long.
func Show(v ref.Val) string { return cut(fromCEL(v, longestValue).String()) }

func cut(text string) string {
	if len(text) <= longestValue {
		return text
	}
	end := longestValue
	for end > 0 && text[end]&0xC0 == 0x80 { // not inside a character
		end--
	}
	return text[:end] + "…"
}

// fromCEL returns the first parts of a CEL value, at most as many as may be shown.
func fromCEL(v ref.Val, most int) value.Value {
	switch v := v.(type) {
	case types.Null:
		return value.Null()
	case types.Bool:
		return value.Bool(bool(v))
	case types.Int:
		return value.Int(int64(v))
	case types.Double:
		return value.Float(float64(v))
	case types.String:
		return value.String(cut(string(v)))
	case types.Timestamp:
		return value.String(v.UTC().Format("2006-01-02T15:04:05.999999999Z07:00"))
	case types.Duration:
		return value.String(v.Duration.String())
	case *record:
		return v.v
	case *types.Optional:
		if v.HasValue() {
			return fromCEL(v.GetValue(), most)
		}
		return value.String("(none)")
	case traits.Mapper:
		return fromCELMap(v, most)
	case traits.Lister:
		var items []value.Value
		for it := v.Iterator(); it.HasNext() == types.True && len(items) < most; {
			items = append(items, fromCEL(it.Next(), most/2))
		}
		return value.List(items...)
	case *types.Unknown:
		return value.String("(not known yet)")
	default:
		return value.String("(" + Describe(v.Type().TypeName()) + ")")
	}
}

func fromCELMap(m traits.Mapper, most int) value.Value {
	var members []value.Member
	for it := m.Iterator(); it.HasNext() == types.True && len(members) < longestMap*most; {
		key := it.Next()
		member, _ := m.Find(key)
		members = append(members, value.Member{Name: fromCEL(key, 1).String(), Value: fromCEL(member, most/2)})
	}
	return value.Object(members...)
}
