package preview

import (
	"slices"
	"strings"

	"github.com/gatebook/gatebook/engine/value"
)

// known is what is known of parameters.
type known struct {
	value   value.Value
	unknown []string               // the paths of the members that are not known yet
	begins  map[string]value.Value // of lists among these the items before the first that is not, by path
}

// split returns an object without the members that are not known yet. A list with an unknown
// item is left out as a whole: its other items would have other indices.
func split(v value.Value) known {
	k := known{begins: make(map[string]value.Value)}
	k.value = k.without(v, "")
	return k
}

func (k *known) without(v value.Value, path string) value.Value {
	members := make([]value.Member, 0, len(v.Members()))
	for _, m := range v.Members() {
		field := strings.TrimPrefix(path+"."+m.Name, ".")
		switch {
		case !m.Value.HasUnknown():
			members = append(members, m)
		case m.Value.Kind() == value.KindObject:
			m.Value = k.without(m.Value, field)
			members = append(members, m)
		default:
			k.unknown = append(k.unknown, field)
			if first := slices.IndexFunc(m.Value.Items(), value.Value.HasUnknown); first > 0 {
				k.begins[field] = value.List(m.Value.Items()[:first]...)
			}
		}
	}
	return value.Object(members...)
}
