package data

import (
	"iter"
	"slices"
	"strconv"

	"github.com/gatebook/gatebook/schema"
)

// Slot is where a value goes: the shapes that it may have there, one of which it
// must fit. Without any, nothing is known of the slot.
type Slot struct {
	Field  string // its path, such as "nodes[2].name"
	root   *schema.Schema
	shapes []*schema.Schema
	around []*schema.Schema // shapes that the slot lies inside of and that speak of secrets
}

// slotOf returns the slot of a whole document of the shape.
func slotOf(root *schema.Schema) Slot {
	s := Slot{root: root}
	s.add(root)
	return s
}

// slotAt returns the slot of the part at a path of a document of the shape.
func slotAt(root *schema.Schema, path []string) Slot {
	slot := slotOf(root)
	for _, part := range path {
		slot = slot.at(part)
	}
	return slot
}

// add adds a shape, or its choices where it is nothing but a choice. Each is added
// once.
func (s *Slot) add(shape *schema.Schema) {
	queue := []*schema.Schema{shape}
	for i := 0; i < len(queue); i++ {
		shape := queue[i]
		if shape == nil || slices.Contains(queue[:i], shape) {
			continue
		}
		if shape.Ref != "" {
			if hasSecrecy(shape) && !slices.Contains(s.around, shape) {
				s.around = append(s.around, shape)
			}
			queue = append(queue, s.root.Resolve(shape))
			continue
		}
		others := choices(shape)
		alone := len(others) == 0 || shape.Type != "" || len(shape.Properties) > 0 || hasSecrecy(shape)
		if alone && !slices.Contains(s.shapes, shape) {
			s.shapes = append(s.shapes, shape)
		}
		queue = append(queue, others...)
	}
}

func choices(s *schema.Schema) []*schema.Schema {
	if len(s.AnyOf)+len(s.OneOf)+len(s.AllOf) == 0 {
		return nil
	}
	return slices.Concat(s.AnyOf, s.OneOf, s.AllOf)
}

// hasSecrecy reports whether the shape says anything of secrets.
func hasSecrecy(s *schema.Schema) bool { return s.Secret || s.NoSecret || s.TakesSecrets }

// at goes one step further, by a property's name or an item's index. What lies
// inside something secret, or inside what others can or cannot read, is so too.
func (s Slot) at(part string) Slot {
	next := Slot{root: s.root, Field: part, around: slices.Clip(s.around)}
	if s.Field != "" {
		next.Field = schema.FieldPath([]string{s.Field, part})
	}
	for _, shape := range s.shapes {
		if hasSecrecy(shape) && !slices.Contains(next.around, shape) {
			next.around = append(next.around, shape)
		}
		declared, ok := shape.Property(part)
		if !ok {
			declared = shape.Additional
		}
		next.add(declared)
		next.add(shape.Items) // a shape may be that of an object or of a list
	}
	return next
}

// TakesSecrets reports whether a secret may flow into the slot: what is in it is kept
// from others, whether it is always secret or not.
func (s Slot) TakesSecrets() bool {
	return s.says(func(shape *schema.Schema) bool { return shape.Secret || shape.TakesSecrets })
}

// isSecret reports whether the value in the slot is a secret, whatever it is.
func (s Slot) isSecret() bool {
	return s.says(func(shape *schema.Schema) bool { return shape.Secret })
}

// NoSecret reports whether others can read the value in the slot.
func (s Slot) NoSecret() bool {
	return s.says(func(shape *schema.Schema) bool { return shape.NoSecret })
}

// isDuration reports whether a value in the slot is a span of time, written with its unit.
func (s Slot) isDuration() bool {
	return slices.ContainsFunc(s.shapes, func(shape *schema.Schema) bool { return shape.Format == schema.FormatDuration })
}

// says reports whether a shape of the slot, or one around it, says something.
func (s Slot) says(what func(*schema.Schema) bool) bool {
	return slices.ContainsFunc(s.shapes, what) || slices.ContainsFunc(s.around, what)
}

// Types returns the types that a value in the slot may have; none: any.
func (s Slot) Types() []string {
	var types []string
	for _, shape := range s.shapes {
		if shape.Type == "" {
			return nil
		}
		if !slices.Contains(types, shape.Type) {
			types = append(types, shape.Type)
		}
	}
	return types
}

// Leaf is a part of a tree that is computed, and where its value goes.
type Leaf struct {
	*Tree
	Into Slot
}

// Type returns the type that the leaf's value will have, where that is known.
func (l Leaf) Type() string {
	if shape := l.template.Shape(); shape != nil {
		return shape.Type
	}
	return ""
}

// Fits reports whether the leaf's value can fit its slot, as far as can be told
// before it is known: a number that turns out whole is an integer.
func (l Leaf) Fits() bool {
	is, want := l.Type(), l.Into.Types()
	if is == "" || len(want) == 0 || slices.Contains(want, is) {
		return true
	}
	switch is {
	case schema.TypeInteger:
		return slices.Contains(want, schema.TypeNumber)
	case schema.TypeNumber:
		return slices.Contains(want, schema.TypeInteger)
	default:
		return false
	}
}

// Leaves yields the computed parts of the tree, given the shape that the whole goes
// into.
func (t *Tree) Leaves(into *schema.Schema) iter.Seq[Leaf] {
	return func(yield func(Leaf) bool) {
		if t != nil && !t.constant {
			t.eachLeaf(slotOf(into), yield)
		}
	}
}

func (t *Tree) eachLeaf(slot Slot, yield func(Leaf) bool) bool {
	if t.template != nil {
		return yield(Leaf{t, slot})
	}
	for i, item := range t.items {
		if !item.constant && !item.eachLeaf(slot.at(strconv.Itoa(i)), yield) {
			return false
		}
	}
	for _, m := range t.members {
		if !m.tree.constant && !m.tree.eachLeaf(slot.at(m.name), yield) {
			return false
		}
	}
	return true
}
