package template

import (
	"fmt"

	"github.com/expr-lang/expr/ast"

	"github.com/gatebook/gatebook/engine/expr/internal/names"
	"github.com/gatebook/gatebook/engine/value"
)

// A list may be known to be too short before its items are known. A calculation that takes an item
// which is not there, whatever else comes to, fails then as it would later.

// place is an item that a calculation takes of a list in any case.
type place struct {
	list  names.Ref
	index int // from the end where it is negative
}

// places collects the items that a node takes of lists in any case: none of those that an
// operator, a branch or a loop may come to leave alone.
func (s *source) places(node ast.Node) {
	switch n := node.(type) {
	case *ast.MemberNode:
		s.placeOf(n)
		s.places(n.Node)
		s.places(n.Property)
	case *ast.ChainNode: // of which what is in brackets may be left alone
		node = n.Node
		for member, ok := node.(*ast.MemberNode); ok; member, ok = node.(*ast.MemberNode) {
			s.placeOf(member)
			node = member.Node
		}
		s.places(node)
	case *ast.ConditionalNode:
		s.places(n.Cond)
	case *ast.BinaryNode:
		s.places(n.Left)
		switch n.Operator {
		case "&&", "and", "||", "or", "??":
		default:
			s.places(n.Right)
		}
	case *ast.VariableDeclaratorNode:
		s.places(n.Value)
		if !s.t.Has(n.Name) { // behind it the name would be another one
			s.places(n.Expr)
		}
	case *ast.PredicateNode:
	case *ast.CallNode:
		for _, argument := range n.Arguments {
			s.places(argument)
		}
	default:
		for _, part := range calcParts(node) {
			if part != nil {
				s.places(part)
			}
		}
	}
}

// placeOf notes an item with a constant index.
func (s *source) placeOf(n *ast.MemberNode) {
	root, path, ok := staticPath(n.Node)
	index, constant := constantIndex(n.Property)
	if ok && constant {
		s.taken = append(s.taken, place{names.Ref{Root: root.Value, Path: path}, index})
	}
}

func constantIndex(node ast.Node) (int, bool) {
	switch n := node.(type) {
	case *ast.IntegerNode:
		return n.Value, true
	case *ast.UnaryNode:
		index, ok := constantIndex(n.Node)
		return -index, ok && n.Operator == "-"
	default:
		return 0, false
	}
}

// outOfRange says that an item is taken of a list which has no such one; nil: none is known to be.
func (c *calculation) outOfRange(scope names.Scope) error {
	for _, p := range c.taken {
		list, _ := names.Resolve(scope, p.list)
		length := len(list.Items())
		if list.Kind() == value.KindList && (p.index >= length || p.index < -length) {
			return fmt.Errorf("index out of range: %d (array length is %d)", p.index, length)
		}
	}
	return nil
}
