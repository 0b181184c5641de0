package model

import (
	"cmp"
	"reflect"
	"strconv"
	"strings"

	"github.com/gatebook/gatebook/engine/diag"
)

// shape is what the tags of a struct say.
type shape struct {
	name   string // "a step"
	doc    string
	node   int // the index of the field Node
	fields []field
	names  []string
	index  map[string]int // from a key to its place in fields
	some   []string       // of these keys one must be given, or more
	or     string         // or this one, and none of those
}

// field is what the tags of one field say.
type field struct {
	index     int // in the struct
	key       string
	doc       string
	required  bool
	constant  string
	enum      []string
	examples  []string
	byDefault string
	format    string // of texts: what formats.go knows
	names     string // of maps: the format of the keys
	min       *float64
	positive  bool
}

// shapes remembers the shapes of the structs that were met.
type shapes map[reflect.Type]*shape

func (s shapes) of(t reflect.Type) *shape {
	if known := s[t]; known != nil {
		return known
	}
	made := &shape{name: diag.Article(lower(t.Name())), index: map[string]int{}}
	for i := range t.NumField() {
		tagged := t.Field(i)
		if tagged.Name == "Node" {
			made.node, made.doc = i, tagged.Tag.Get("doc")
			made.name = cmp.Or(tagged.Tag.Get("name"), made.name)
			if some := tagged.Tag.Get("some"); some != "" {
				made.some, made.or = strings.Split(some, ","), tagged.Tag.Get("or")
			}
		}
		if f, ok := newField(i, tagged.Tag); ok {
			made.index[f.key] = len(made.fields)
			made.fields = append(made.fields, f)
			made.names = append(made.names, f.key)
		}
	}
	s[t] = made
	return made
}

func newField(index int, tag reflect.StructTag) (field, bool) {
	f := field{
		index: index, key: tag.Get("key"), doc: tag.Get("doc"), required: tag.Get("required") == "true",
		constant: tag.Get("const"), byDefault: tag.Get("default"), format: tag.Get("format"),
		names: tag.Get("names"), positive: tag.Get("positive") == "true",
	}
	if enum := tag.Get("enum"); enum != "" {
		f.enum = strings.Split(enum, ",")
	}
	if examples := tag.Get("examples"); examples != "" {
		f.examples = strings.Split(examples, ",")
	}
	if bound, err := strconv.ParseFloat(tag.Get("min"), 64); err == nil {
		f.min = &bound
	}
	return f, f.key != ""
}

// required returns the keys that must be there.
func (s *shape) required() []string {
	var keys []string
	for i := range s.fields {
		if s.fields[i].required {
			keys = append(keys, s.fields[i].key)
		}
	}
	return keys
}
