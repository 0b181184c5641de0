package data

import (
	"errors"
	"strconv"

	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/value"
)

// Error says which part of a tree could not be computed, and why.
type Error struct {
	Field string       // the path inside the tree, such as "nodes[2].name"; empty: the whole
	Range source.Range // where that part stands
	Err   error
}

// Error returns the reason, led by the field.
func (e *Error) Error() string {
	if e.Field == "" {
		return e.Err.Error()
	}
	return e.Field + ": " + e.Err.Error()
}

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }

// within returns err with one more part in front of its path.
func within(part string, err error) error {
	inner, ok := errors.AsType[*Error](err)
	if !ok {
		return err
	}
	outer := *inner
	switch {
	case outer.Field == "":
		outer.Field = part
	case outer.Field[0] == '[':
		outer.Field = part + outer.Field
	default:
		outer.Field = part + "." + outer.Field
	}
	return &outer
}

// Eval evaluates the tree. A part that is not known yet is unknown, with its causes.
// An error is an [*Error].
func (t *Tree) Eval(scope expr.Scope) (value.Value, error) {
	switch {
	case t == nil:
		return value.Null(), nil
	case t.constant:
		return t.known, nil
	case t.template != nil:
		v, err := t.template.Eval(scope)
		if err != nil {
			return value.Value{}, &Error{Range: t.node.Range(), Err: err}
		}
		return v, nil
	case t.members != nil:
		return t.evalObject(scope)
	default:
		return t.evalList(scope)
	}
}

func (t *Tree) evalList(scope expr.Scope) (value.Value, error) {
	items := make([]value.Value, len(t.items))
	for i, item := range t.items {
		v, err := item.Eval(scope)
		if err != nil {
			return value.Value{}, within("["+strconv.Itoa(i)+"]", err)
		}
		items[i] = v
	}
	return value.List(items...), nil
}

func (t *Tree) evalObject(scope expr.Scope) (value.Value, error) {
	members := make([]value.Member, len(t.members))
	for i, m := range t.members {
		v, err := m.tree.Eval(scope)
		if err != nil {
			return value.Value{}, within(m.name, err)
		}
		members[i] = value.Member{Name: m.name, Value: v}
	}
	return value.Object(members...), nil
}
