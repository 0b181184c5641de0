// Package value is the data that flows through a runbook: JSON-like values in
// which "unknown" (with its cause) and "secret" are part of the value, so that
// neither can be forgotten on the way.
//
// Integers stay integers. Values are immutable and safe for concurrent use.
// Everything that prints a Value (String, MarshalJSON, slog) masks secrets; only
// the methods named Reveal… do not. Floor 1: the standard library alone.
package value

import (
	"math"
	"slices"
	"strings"
)

// Kind says which of the JSON-like types a value has.
type Kind uint8

// The kinds of value.
const (
	KindNull Kind = iota
	KindBool
	KindInt
	KindFloat
	KindString
	KindList
	KindObject
	KindUnknown
)

// String returns the kind's name in JSON Schema's words; an unknown is "unknown".
func (k Kind) String() string {
	return [...]string{"null", "boolean", "integer", "number", "string", "array", "object", "unknown"}[k]
}

// Value is one value. The zero Value is null.
//
// What may be secret is behind a pointer. Where fmt is given a verb that it thinks
// wrong, it asks no method and prints the fields itself, but follows no pointer in them.
type Value struct {
	kind   Kind
	secret bool
	bits   uint64 // bool, int64 or float64; 0 where that is secret
	data   any    // *string, *joined, *[]Value, *[]Member, []Cause, or a secret's bits as *uint64
}

// Member is one name and its value in an object.
type Member struct {
	Name  string
	Value Value
}

// Cause says why a value is not known yet.
type Cause struct {
	Step   string `json:"step,omitempty"` // the step after which it is known
	Reason string `json:"reason"`         // whole words: "it is an output of a step that has not run"
}

// Null is the null value.
func Null() Value { return Value{} }

// Bool returns a boolean.
func Bool(b bool) Value {
	v := Value{kind: KindBool}
	if b {
		v.bits = 1
	}
	return v
}

// Int returns an integer.
func Int(i int64) Value { return Value{kind: KindInt, bits: uint64(i)} }

// Float returns a number.
func Float(f float64) Value { return Value{kind: KindFloat, bits: math.Float64bits(f)} }

// String returns a string.
func String(s string) Value { return Value{kind: KindString, data: &s} }

// joined is a secret string that was put together.
type joined struct {
	text  string
	parts []Value // the secret ones of those that it was made of
}

// Joined returns the secret string that was put together of the parts, which are or hold
// secrets, and of other text. Who looks for secrets knows each of these by itself too: what
// prints the string may print a part of it.
func Joined(text string, parts []Value) Value {
	return Value{kind: KindString, secret: true, data: &joined{text, parts}}
}

// List returns a list of the items, which the caller must not change afterwards.
func List(items ...Value) Value { return Value{kind: KindList, data: &items} }

// Object returns an object of the members, sorted by name. Of two members with
// one name the later wins.
func Object(members ...Member) Value {
	if !slices.IsSortedFunc(members, byName) || hasRepeats(members) {
		members = normalised(members)
	}
	return Value{kind: KindObject, data: &members}
}

// ObjectOf returns an object with the members of m.
func ObjectOf(m map[string]Value) Value {
	members := make([]Member, 0, len(m))
	for name, v := range m {
		members = append(members, Member{name, v})
	}
	slices.SortFunc(members, byName)
	return Value{kind: KindObject, data: &members}
}

// Unknown returns a value that is not known yet, for the causes.
func Unknown(causes ...Cause) Value { return Value{kind: KindUnknown, data: causes} }

func byName(a, b Member) int { return strings.Compare(a.Name, b.Name) }

func hasRepeats(sorted []Member) bool {
	for i := 1; i < len(sorted); i++ {
		if sorted[i].Name == sorted[i-1].Name {
			return true
		}
	}
	return false
}

func normalised(members []Member) []Member {
	sorted := slices.Clone(members)
	slices.SortStableFunc(sorted, byName)
	kept := sorted[:0]
	for i, m := range sorted {
		if i+1 < len(sorted) && sorted[i+1].Name == m.Name {
			continue
		}
		kept = append(kept, m)
	}
	return kept
}

// Secret returns v marked as secret. The mark covers everything inside it.
func (v Value) Secret() Value {
	v.secret = true
	switch v.kind {
	case KindBool, KindInt, KindFloat:
		bits := v.word()
		v.bits, v.data = 0, &bits
	default:
	}
	return v
}

// word returns the bits of a boolean or a number.
func (v Value) word() uint64 {
	if hidden, ok := v.data.(*uint64); ok {
		return *hidden
	}
	return v.bits
}

// list returns the items of a list as they are.
func (v Value) list() []Value {
	if items, ok := v.data.(*[]Value); ok {
		return *items
	}
	return nil
}

// object returns the members of an object as they are.
func (v Value) object() []Member {
	if members, ok := v.data.(*[]Member); ok {
		return *members
	}
	return nil
}

// Kind returns the kind of v.
func (v Value) Kind() Kind { return v.kind }

// IsNull reports whether v is null.
func (v Value) IsNull() bool { return v.kind == KindNull }

// IsUnknown reports whether v itself, as a whole, is not known yet.
func (v Value) IsUnknown() bool { return v.kind == KindUnknown }

// IsSecret reports whether v itself, as a whole, is marked as secret.
func (v Value) IsSecret() bool { return v.secret }

// HasUnknown reports whether v or anything inside it is not known yet.
func (v Value) HasUnknown() bool { return v.any(Value.IsUnknown) }

// HasSecret reports whether v or anything inside it is secret.
func (v Value) HasSecret() bool { return v.any(Value.IsSecret) }

func (v Value) any(test func(Value) bool) bool {
	if test(v) {
		return true
	}
	switch v.kind {
	case KindList:
		return slices.ContainsFunc(v.Items(), func(i Value) bool { return i.any(test) })
	case KindObject:
		return slices.ContainsFunc(v.Members(), func(m Member) bool { return m.Value.any(test) })
	default:
		return false
	}
}

// AsBool returns the boolean that v is.
func (v Value) AsBool() (b, ok bool) { return v.word() == 1, v.kind == KindBool }

// AsInt returns the integer that v is, or the whole number that it holds.
func (v Value) AsInt() (int64, bool) {
	switch v.kind {
	case KindInt:
		return int64(v.word()), true
	case KindFloat:
		f := math.Float64frombits(v.word())
		if f == math.Trunc(f) && math.Abs(f) < 1<<63 {
			return int64(f), true
		}
	default:
	}
	return 0, false
}

// AsFloat returns the number that v is.
func (v Value) AsFloat() (float64, bool) {
	switch v.kind {
	case KindInt:
		return float64(int64(v.word())), true
	case KindFloat:
		return math.Float64frombits(v.word()), true
	default:
		return 0, false
	}
}

// AsString returns the string that v is, secret or not: the caller must keep
// the mark.
func (v Value) AsString() (string, bool) {
	switch data := v.data.(type) {
	case *string:
		return *data, true
	case *joined:
		return data.text, true
	default:
		return "", false
	}
}

// Items returns the items of a list, and nothing for any other kind. An item of
// a secret list is secret.
func (v Value) Items() []Value {
	items := v.list()
	if v.secret && len(items) > 0 {
		items = slices.Clone(items)
		for i := range items {
			items[i] = items[i].Secret()
		}
	}
	return items
}

// Members returns the members of an object by name, and nothing for any other
// kind. A member of a secret object is secret.
func (v Value) Members() []Member {
	members := v.object()
	if v.secret && len(members) > 0 {
		members = slices.Clone(members)
		for i := range members {
			members[i].Value = members[i].Value.Secret()
		}
	}
	return members
}

// Get returns the member of an object with the name. A member of an unknown is
// unknown for the same causes.
func (v Value) Get(name string) (Value, bool) {
	if v.kind == KindUnknown {
		return v, true
	}
	members := v.object()
	i, found := slices.BinarySearchFunc(members, name, func(m Member, n string) int {
		return strings.Compare(m.Name, n)
	})
	if !found {
		return Value{}, false
	}
	member := members[i].Value
	if v.secret {
		member = member.Secret()
	}
	return member, true
}

// Causes returns why v, or anything inside it, is not known yet, each once.
func (v Value) Causes() []Cause {
	var causes []Cause
	v.any(func(part Value) bool {
		own, _ := part.data.([]Cause)
		for _, c := range own {
			if !slices.Contains(causes, c) {
				causes = append(causes, c)
			}
		}
		return false
	})
	return causes
}

// Equal reports whether both hold the same data. A whole number equals the
// integer; nothing equals an unknown; the secret marks do not count.
func (v Value) Equal(o Value) bool {
	switch {
	case v.kind == KindUnknown || o.kind == KindUnknown:
		return false
	case v.kind == KindInt && o.kind == KindInt:
		return v.word() == o.word()
	case v.isNumber() && o.isNumber():
		a, _ := v.AsFloat()
		b, _ := o.AsFloat()
		return a == b
	case v.kind != o.kind:
		return false
	case v.kind == KindList:
		return slices.EqualFunc(v.Items(), o.Items(), Value.Equal)
	case v.kind == KindObject:
		return slices.EqualFunc(v.Members(), o.Members(), func(a, b Member) bool {
			return a.Name == b.Name && a.Value.Equal(b.Value)
		})
	case v.kind == KindString:
		a, _ := v.AsString()
		b, _ := o.AsString()
		return a == b
	default:
		return v.word() == o.word()
	}
}

func (v Value) isNumber() bool { return v.kind == KindInt || v.kind == KindFloat }
