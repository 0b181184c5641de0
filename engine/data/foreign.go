package data

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gatebook/gatebook/engine/catalog"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/syntax"
	"github.com/gatebook/gatebook/schema"
)

// expressions returns the faults of the CEL that an action takes as a parameter, where it
// is written down as it is. One that is put together of ${{ }} is the action's to read.
func (u *Uses) expressions(action *catalog.Entry, with *Tree) diag.List {
	takes, known := u.foreign[action]
	if !known {
		input := action.Description.Input
		takes = takesCEL(input, input, map[*schema.Schema]bool{})
		u.foreign[action] = takes
	}
	if !takes || with == nil {
		return nil
	}
	var found diag.List
	eachLiteral(with.node, slotOf(action.Description.Input), func(node *syntax.Node, slot Slot) {
		if slot.isCEL() && node.Kind() == syntax.String {
			found = append(found, Faults(node, u.compiler.Syntax(node.Text()))...)
		}
	})
	return found
}

// eachLiteral calls read for all that is written down as it is, and where it goes.
func eachLiteral(node *syntax.Node, slot Slot, read func(*syntax.Node, Slot)) {
	switch node.Kind() {
	case syntax.List:
		for i, item := range node.Items() {
			eachLiteral(item, slot.at(strconv.Itoa(i)), read)
		}
	case syntax.Map:
		for key, member := range node.Entries() {
			eachLiteral(member, slot.at(key.Text()), read)
		}
	default:
		if !strings.Contains(node.Text(), "${{") {
			read(node, slot)
		}
	}
}

func (s Slot) isCEL() bool {
	return slices.ContainsFunc(s.shapes, func(shape *schema.Schema) bool { return shape.Format == schema.FormatCEL })
}

// takesCEL reports whether a text somewhere in a value of the shape is CEL.
func takesCEL(root, s *schema.Schema, seen map[*schema.Schema]bool) bool {
	s = root.Resolve(s)
	if s == nil || seen[s] {
		return false
	}
	seen[s] = true
	if s.Format == schema.FormatCEL || takesCEL(root, s.Items, seen) || takesCEL(root, s.Additional, seen) {
		return true
	}
	inside := func(part *schema.Schema) bool { return takesCEL(root, part, seen) }
	return slices.ContainsFunc(choices(s), inside) ||
		slices.ContainsFunc(s.Properties, func(p schema.Property) bool { return inside(p.Schema) })
}
