package data

import (
	"slices"

	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/schema"
)

// Secrets marks those parts of a value that its shape calls secret.
func Secrets(v value.Value, shape *schema.Schema) value.Value {
	switch {
	case shape == nil:
		return v
	case shape.Secret:
		return v.Secret()
	}
	switch v.Kind() {
	case value.KindObject:
		members := slices.Clone(v.Members())
		for i, m := range members {
			property, ok := shape.Property(m.Name)
			if !ok {
				property = shape.Additional
			}
			members[i].Value = Secrets(m.Value, property)
		}
		return value.Object(members...)
	case value.KindList:
		items := slices.Clone(v.Items())
		for i := range items {
			items[i] = Secrets(items[i], shape.Items)
		}
		return value.List(items...)
	default:
		return v
	}
}
