package model

import (
	"reflect"
	"strings"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/syntax"
	"github.com/gatebook/gatebook/schema"
)

// Decode reads a tree as a runbook. All faults are found in one pass, and what is
// good is decoded even where something beside it is not; the runbook is nil where the
// tree is none at all.
func Decode(node *syntax.Node) (*Runbook, diag.List) {
	return decode[Runbook](node, "a map with apiVersion, kind, metadata and steps")
}

// decode reads a tree as one of the documents that people write; wants says what it is to be.
func decode[T any](node *syntax.Node, wants string) (*T, diag.List) {
	d := &decoder{shapes: shapes{}}
	if node.Kind() != syntax.Map {
		if node != nil {
			d.wrongType(node, wants)
		}
		return nil, d.found
	}
	if version := node.Get("apiVersion"); isOtherVersion(version) {
		d.add(diag.UnknownVersion.At(version.Range(), "This gatebook does not know the format %q; it knows %s.", version.Text(), APIVersion))
		return nil, d.found
	}
	document := new(T)
	d.object(reflect.ValueOf(document).Elem(), node)
	return document, d.found
}

// isOtherVersion reports whether a file is in another version of the format, by whose
// rules it would have to be judged.
func isOtherVersion(node *syntax.Node) bool {
	family, _, _ := strings.Cut(APIVersion, "/")
	name, version, ok := strings.Cut(node.Text(), "/")
	return ok && name == family && strings.HasPrefix(version, "v") && node.Text() != APIVersion
}

// decoder reads nodes into the structs of this package by the tags of their fields.
type decoder struct {
	shapes   shapes
	found    diag.List
	patterns schema.Patterns
	unknown  int // how many unknown keys there were
}

func (d *decoder) add(finding diag.Diagnostic) { d.found = append(d.found, finding) }

// word is a value that reads itself from a node. It reports whether it could.
type word interface {
	decode(d *decoder, node *syntax.Node, f *field) bool
}

// defaulted is a word that can be given its default.
type defaulted interface {
	setDefault(text string)
}

// checked is an object with rules across its keys.
type checked interface {
	check(d *decoder)
}

// value reads a node into what target points to: a word, an object, or a pointer to
// an object.
func (d *decoder) value(target any, node *syntax.Node, f *field) bool {
	if w, ok := target.(word); ok {
		return w.decode(d, node, f)
	}
	v := reflect.ValueOf(target).Elem()
	if v.Kind() != reflect.Pointer {
		return d.object(v, node)
	}
	object := reflect.New(v.Type().Elem())
	if !d.object(object.Elem(), node) {
		return false
	}
	v.Set(object)
	return true
}

// object reads a map into a struct.
func (d *decoder) object(v reflect.Value, node *syntax.Node) bool {
	shape := d.shapes.of(v.Type())
	if node.Kind() != syntax.Map {
		d.wrongType(node, "a map with "+phrase(shape.required(), shape.names))
		return false
	}
	v.Field(shape.node).Set(reflect.ValueOf(node))
	given := make([]bool, len(shape.fields))
	for key, value := range node.Entries() {
		i, known := shape.index[key.Text()]
		if !known {
			d.unknownKey(key, shape)
			continue
		}
		given[i] = true
		f := &shape.fields[i]
		d.value(v.Field(f.index).Addr().Interface(), value, f)
	}
	d.absent(v, node, shape, given)
	if c, ok := reflect.TypeAssert[checked](v.Addr()); ok {
		c.check(d)
	}
	return true
}

// absent gives what was not given its default, or misses it.
func (d *decoder) absent(v reflect.Value, node *syntax.Node, shape *shape, given []bool) {
	for i := range shape.fields {
		f := &shape.fields[i]
		switch {
		case given[i]:
		case f.required:
			d.add(diag.MissingKey.At(head(node), "%s needs the key %q: %s", capital(shape.name), f.key, lower(f.doc)))
		case f.byDefault != "":
			if target, ok := reflect.TypeAssert[defaulted](v.Field(f.index).Addr()); ok {
				target.setDefault(f.byDefault)
			}
		}
	}
}

// maxSuggested is for how many unknown keys another is suggested, which takes time.
const maxSuggested = 1000

func (d *decoder) unknownKey(key *syntax.Node, shape *shape) {
	finding := diag.UnknownKey.At(key.Range(), "%s has no key %q.", capital(shape.name), key.Text())
	if d.unknown++; d.unknown > maxSuggested {
		d.add(finding)
		return
	}
	if near, ok := diag.Nearest(key.Text(), shape.names); ok {
		d.add(finding.WithHint("did you mean %q?", near))
		return
	}
	d.add(finding.WithHint("the keys are: %s", strings.Join(shape.names, ", ")))
}

// wrongType reports a node that is not what it should be.
func (d *decoder) wrongType(node *syntax.Node, want string) {
	finding := diag.WrongType.At(head(node), "This should be %s, but it is %s.", want, node.Kind())
	if node.Kind() == syntax.Null {
		finding = finding.WithHint("give a value, or remove the key")
	}
	d.add(finding)
}

// head is the place that stands for a node: of a map its first key, since a range
// of many lines helps nobody.
func head(node *syntax.Node) source.Range {
	for key := range node.Entries() {
		return key.Range()
	}
	where := node.Range()
	if node.Kind() == syntax.List && where.From().Line != where.To().Line {
		return where.File.Range(where.Start, where.Start+1)
	}
	return where
}

// phrase names the required keys, or some, of an object.
func phrase(required, names []string) string {
	if len(required) > 0 {
		names = required
	}
	if len(names) > 3 {
		names = names[:3]
	}
	if len(names) == 1 {
		return "the key " + names[0]
	}
	return "keys such as " + strings.Join(names, ", ")
}

func capital(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

func lower(text string) string { return strings.ToLower(text[:1]) + text[1:] }
