package model

import (
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/syntax"
)

func (m *Map[T]) decode(d *decoder, node *syntax.Node, f *field) bool {
	if node.Kind() != syntax.Map {
		d.wrongType(node, "a map")
		return false
	}
	m.Node = node
	m.Entries = make([]Entry[T], 0, node.Len())
	item := itemField(f)
	for key, value := range node.Entries() {
		entry := Entry[T]{Key: Text{said(key.Text(), key)}}
		if f.names != "" {
			d.checkFormat(entry.Key, f.names)
		}
		if d.value(&entry.Value, value, item) {
			m.Entries = append(m.Entries, entry)
		}
	}
	return true
}

func (l *List[T]) decode(d *decoder, node *syntax.Node, f *field) bool {
	if node.Kind() != syntax.List {
		d.notList(node)
		return false
	}
	l.Node = node
	l.Items = items[T](d, node, f)
	if f.min != nil && node.Len() < int(*f.min) {
		d.add(diag.OutOfRange.At(node.Range(), "%s must have at least %v.", f.key, *f.min))
	}
	return true
}

func (o *OneOrMany[T]) decode(d *decoder, node *syntax.Node, f *field) bool {
	o.Node = node
	if node.Kind() == syntax.List {
		o.Items = items[T](d, node, f)
		return true
	}
	var one T
	if !d.value(&one, node, itemField(f)) {
		return false
	}
	o.Items = []T{one}
	return true
}

// items reads the items of a list and leaves out those that are none.
func items[T any](d *decoder, node *syntax.Node, f *field) []T {
	read := make([]T, 0, node.Len())
	rules := itemField(f)
	for _, child := range node.Items() {
		var item T
		if d.value(&item, child, rules) {
			read = append(read, item)
		}
	}
	return read
}

// itemField is what a field's tags say of each of its items.
func itemField(f *field) *field {
	return &field{key: f.key, format: f.format, enum: f.enum, positive: f.positive, min: f.leastItem()}
}

// leastItem is the least that each item may be. Of a list `min` is how many there must be.
func (f *field) leastItem() *float64 {
	if f.names == "" {
		return nil
	}
	return f.min
}

func (d *decoder) notList(node *syntax.Node) {
	finding := diag.WrongType.At(head(node), "This should be a list, but it is %s.", node.Kind())
	switch node.Kind() {
	case syntax.Null:
		finding = finding.WithHint("write [] for an empty list, or remove the key")
	case syntax.Map:
		finding = finding.WithHint("put a hyphen before each item")
	default:
		finding = finding.WithHint("write [%s]", node.Text())
	}
	d.add(finding)
}

func (e *Extra) decode(d *decoder, node *syntax.Node, f *field) bool {
	if node.Kind() == syntax.Bool {
		e.Node = node
		e.Allowed, _ = node.Value().AsBool()
		return true
	}
	if node.Kind() != syntax.Map {
		d.wrongType(node, "true, false, or the shape of the other properties")
		return false
	}
	e.Node, e.Allowed = node, true
	return d.value(&e.Input, node, f)
}
