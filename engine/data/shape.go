package data

import (
	"slices"

	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/schema"
)

// Shape returns the static shape of the tree as far as it is known. What an
// expression computes from something secret is secret.
func (t *Tree) Shape(secret func(expr.Ref) bool) *schema.Schema {
	switch {
	case t == nil:
		return &schema.Schema{}
	case t.constant:
		return shapeOf(t.known)
	case t.template != nil:
		return t.templateShape(secret)
	case t.members != nil:
		object := &schema.Schema{Type: schema.TypeObject, Closed: true}
		for _, m := range t.members {
			object.Properties = append(object.Properties, schema.Property{Name: m.name, Schema: m.tree.Shape(secret)})
			object.Required = append(object.Required, m.name)
		}
		return object
	default:
		items := make([]*schema.Schema, len(t.items))
		for i, item := range t.items {
			items[i] = item.Shape(secret)
		}
		return listShape(items)
	}
}

func (t *Tree) templateShape(secret func(expr.Ref) bool) *schema.Schema {
	shape := t.template.Shape()
	if shape == nil {
		shape = &schema.Schema{}
	}
	for _, ref := range t.template.Refs() {
		if secret(ref) && !shape.Secret {
			marked := *shape
			marked.Secret = true
			return &marked
		}
	}
	return shape
}

// shapeOf returns the shape of a known value; null says nothing of what else may
// stand there.
func shapeOf(v value.Value) *schema.Schema {
	switch v.Kind() {
	case value.KindNull, value.KindUnknown:
		return &schema.Schema{}
	case value.KindList:
		items := make([]*schema.Schema, len(v.Items()))
		for i, item := range v.Items() {
			items[i] = shapeOf(item)
		}
		return listShape(items)
	case value.KindObject:
		object := &schema.Schema{Type: schema.TypeObject, Closed: true}
		for _, m := range v.Members() {
			object.Properties = append(object.Properties, schema.Property{Name: m.Name, Schema: shapeOf(m.Value)})
			object.Required = append(object.Required, m.Name)
		}
		return object
	default:
		return &schema.Schema{Type: v.Kind().String()}
	}
}

// listShape returns the shape of a list: that of its items where they have one type
// and nothing inside that could differ.
func listShape(items []*schema.Schema) *schema.Schema {
	list := &schema.Schema{Type: schema.TypeArray}
	common := &schema.Schema{}
	for i, item := range items {
		if i == 0 {
			common.Type = item.Type
		}
		if item.Type != common.Type || item.Type == schema.TypeObject || item.Type == schema.TypeArray {
			common.Type = ""
		}
		common.Secret = common.Secret || HoldsSecret(item)
	}
	if common.Type != "" || common.Secret {
		list.Items = common
	}
	return list
}

// HoldsSecret reports whether a value of the shape is secret, or anything in it.
func HoldsSecret(s *schema.Schema) bool { return holdsSecret(s, s, map[*schema.Schema]bool{}) }

// holdsSecret looks at each part of a shape once: one may refer to itself.
func holdsSecret(root, s *schema.Schema, seen map[*schema.Schema]bool) bool {
	if s != nil && s.Secret {
		return true
	}
	if s = root.Resolve(s); s == nil || seen[s] {
		return false
	}
	seen[s] = true
	if s.Secret || holdsSecret(root, s.Items, seen) || holdsSecret(root, s.Additional, seen) {
		return true
	}
	for _, p := range s.Properties {
		if holdsSecret(root, p.Schema, seen) {
			return true
		}
	}
	return slices.ContainsFunc(choices(s), func(choice *schema.Schema) bool { return holdsSecret(root, choice, seen) })
}

// LeadsToSecret reports whether the part of a shape at the path is secret, or holds
// something that is.
func LeadsToSecret(s *schema.Schema, path []string) bool {
	return slotAt(s, path).HoldsSecret()
}

// HoldsSecret reports whether a value in the slot is secret, or may have something in it that is.
func (s Slot) HoldsSecret() bool {
	seen := map[*schema.Schema]bool{}
	return slices.ContainsFunc(s.shapes, func(shape *schema.Schema) bool { return holdsSecret(s.root, shape, seen) })
}

// LeadsToText reports whether the part of a shape at the path may be a text that says
// anything, or hold one.
func LeadsToText(s *schema.Schema, path []string) bool {
	slot := slotAt(s, path)
	if len(slot.shapes) == 0 {
		return true // nothing is known of it
	}
	seen := map[*schema.Schema]bool{}
	return slices.ContainsFunc(slot.shapes, func(shape *schema.Schema) bool { return holdsText(slot.root, shape, seen) })
}

// holdsText looks at each part of a shape once: one may refer to itself.
func holdsText(root, s *schema.Schema, seen map[*schema.Schema]bool) bool {
	if s = root.Resolve(s); s == nil {
		return true
	}
	if seen[s] {
		return false
	}
	seen[s] = true
	switch s.Type {
	case schema.TypeBoolean, schema.TypeInteger, schema.TypeNumber, schema.TypeNull:
		return false
	case schema.TypeString:
		return s.Format == "" && len(s.Enum) == 0
	case schema.TypeArray:
		return holdsText(root, s.Items, seen)
	case schema.TypeObject:
		return !s.Closed || slices.ContainsFunc(s.Properties, func(p schema.Property) bool { return holdsText(root, p.Schema, seen) })
	default:
		return true
	}
}
