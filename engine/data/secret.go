package data

import (
	"slices"

	"github.com/gatebook/gatebook/engine/catalog"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/syntax"
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

// inClear returns the secrets among an action's parameters that are written down as they are. What is
// given to a runbook that is taken in has a finding of its own.
func (u *Uses) inClear(action *catalog.Entry, with *Tree) diag.List {
	if action.Description.Name == catalog.Included || with == nil {
		return nil
	}
	takes, known := u.secret[action]
	if !known {
		takes = HoldsSecret(action.Description.Input)
		u.secret[action] = takes
	}
	if !takes {
		return nil
	}
	var found diag.List
	eachLiteral(with.node, slotOf(action.Description.Input), func(node *syntax.Node, slot Slot) {
		if slot.isSecret() && node.Kind() != syntax.Null && node.Text() != "" {
			found = append(found, diag.SecretWritten.At(node.Range(), "The %s takes a secret for %s, and it can be read here.", action, slot.Field).Hiding())
		}
	})
	return found
}
