package data

import (
	"slices"
	"strconv"

	"github.com/gatebook/gatebook/engine/catalog"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/syntax"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/schema"
)

// Secrets marks those parts of a value that its shape calls secret, by the walk by which secrets that
// are written down are found.
func Secrets(v value.Value, shape *schema.Schema) value.Value {
	if shape == nil || !HoldsSecret(shape) {
		return v
	}
	return slotOf(shape).marked(v)
}

// marked is a value in the slot, with its secrets marked.
func (s Slot) marked(v value.Value) value.Value {
	switch {
	case s.isSecret():
		return v.Secret()
	case len(s.shapes) == 0:
		return v // nothing is known of it
	}
	switch v.Kind() {
	case value.KindObject:
		members := slices.Clone(v.Members())
		for i, m := range members {
			members[i].Value = s.at(m.Name).marked(m.Value)
		}
		return value.Object(members...)
	case value.KindList:
		items := slices.Clone(v.Items())
		for i := range items {
			items[i] = s.at(strconv.Itoa(i)).marked(items[i])
		}
		return value.List(items...)
	default:
		return v
	}
}

// ShowsSecret reports whether a value that everybody can read has something to say
// where its shape is secret.
func ShowsSecret(shape *schema.Schema, v value.Value) bool {
	return shape != nil && HoldsSecret(shape) && slotOf(shape).shows(v)
}

// shows reports whether a value in the slot says something that is secret.
func (s Slot) shows(v value.Value) bool {
	switch {
	case v.IsNull():
		return false
	case s.isSecret():
		text, isText := v.AsString()
		return text != "" || !isText
	}
	for i, item := range v.Items() {
		if s.at(strconv.Itoa(i)).shows(item) {
			return true
		}
	}
	return slices.ContainsFunc(v.Members(), func(m value.Member) bool { return s.at(m.Name).shows(m.Value) })
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
