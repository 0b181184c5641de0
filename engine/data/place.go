package data

import (
	"iter"
	"slices"
	"strconv"

	"github.com/gatebook/gatebook/schema"
)

// Place is where a value goes: the shapes that it may have there, one of which it
// must fit. Without any nothing is known of the place.
type Place struct {
	Field  string // its path, such as "nodes[2].name"
	root   *schema.Schema
	shapes []*schema.Schema
}

// maxChoices bounds the shapes of one place; a place with more is taken as unknown.
const maxChoices = 64

// placeOf returns the place of a whole document of the shape.
func placeOf(s *schema.Schema) Place {
	p := Place{root: s}
	p.add(s, deepest)
	return p
}

// add adds a shape, or its choices where it is nothing but a choice.
func (p *Place) add(s *schema.Schema, depth int) {
	if s = p.root.Resolve(s); s == nil || depth == 0 || len(p.shapes) >= maxChoices {
		return
	}
	others := choices(s)
	if len(others) == 0 || s.Type != "" || len(s.Properties) > 0 || s.Secret || s.NoSecret {
		p.shapes = append(p.shapes, s)
	}
	for _, choice := range others {
		p.add(choice, depth-1)
	}
}

func choices(s *schema.Schema) []*schema.Schema {
	if len(s.AnyOf)+len(s.OneOf)+len(s.AllOf) == 0 {
		return nil
	}
	return slices.Concat(s.AnyOf, s.OneOf, s.AllOf)
}

// at goes one step further, by a property's name or an item's index.
func (p Place) at(part string) Place {
	next := Place{root: p.root, Field: schema.FieldPath([]string{p.Field, part})}
	if p.Field == "" {
		next.Field = part
	}
	for _, s := range p.shapes {
		switch declared, ok := s.Property(part); {
		case ok:
			next.add(declared, deepest)
		case s.Type == schema.TypeArray || s.Items != nil:
			next.add(s.Items, deepest)
		default:
			next.add(s.Additional, deepest)
		}
	}
	return next
}

// Secret reports whether the value at the place is never shown.
func (p Place) Secret() bool {
	return slices.ContainsFunc(p.shapes, func(s *schema.Schema) bool { return s.Secret })
}

// NoSecret reports whether others can read the value at the place.
func (p Place) NoSecret() bool {
	return slices.ContainsFunc(p.shapes, func(s *schema.Schema) bool { return s.NoSecret })
}

// Known reports whether anything is known of the place.
func (p Place) Known() bool { return len(p.shapes) > 0 }

// Types returns the types that a value at the place may have; none: any.
func (p Place) Types() []string {
	var types []string
	for _, s := range p.shapes {
		if s.Type == "" {
			return nil
		}
		if !slices.Contains(types, s.Type) {
			types = append(types, s.Type)
		}
	}
	return types
}

// Leaf is a part of a tree that is computed, and where its value goes.
type Leaf struct {
	*Tree
	Into Place
}

// Type returns the type that the leaf's value will have, where that is known.
func (l Leaf) Type() string {
	if shape := l.template.Shape(); shape != nil {
		return shape.Type
	}
	return ""
}

// Fits reports whether the leaf's value can fit its place, as far as can be told
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
			t.eachLeaf(placeOf(into), yield)
		}
	}
}

func (t *Tree) eachLeaf(place Place, yield func(Leaf) bool) bool {
	switch {
	case t.constant:
		return true
	case t.template != nil:
		return yield(Leaf{t, place})
	}
	for i, item := range t.items {
		if !item.constant && !item.eachLeaf(place.at(strconv.Itoa(i)), yield) {
			return false
		}
	}
	for _, m := range t.members {
		if !m.tree.constant && !m.tree.eachLeaf(place.at(m.name), yield) {
			return false
		}
	}
	return true
}
