package value

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Mask is what is shown in place of a secret.
const Mask = "(secret)"

// ErrUnknown is returned when a value that is not known yet is needed now.
var ErrUnknown = errors.New("value is not known yet")

// FromGo converts what encoding/json and YAML decoders make: nil, bool, Go's
// integers and floats, json.Number, string, []any and map[string]any.
func FromGo(data any) (Value, error) {
	switch d := data.(type) {
	case nil:
		return Null(), nil
	case Value:
		return d, nil
	case bool:
		return Bool(d), nil
	case int:
		return Int(int64(d)), nil
	case int64:
		return Int(d), nil
	case uint64:
		if d > math.MaxInt64 {
			return Float(float64(d)), nil
		}
		return Int(int64(d)), nil
	case float64:
		return Float(d), nil
	case json.Number:
		return fromNumber(d)
	case string:
		return String(d), nil
	case []any:
		items := make([]Value, len(d))
		for i := range d {
			item, err := FromGo(d[i])
			if err != nil {
				return Value{}, fmt.Errorf("item %d: %w", i, err)
			}
			items[i] = item
		}
		return List(items...), nil
	case map[string]any:
		members := make([]Member, 0, len(d))
		for name, data := range d {
			member, err := FromGo(data)
			if err != nil {
				return Value{}, fmt.Errorf("%s: %w", name, err)
			}
			members = append(members, Member{name, member})
		}
		return Object(members...), nil
	default:
		return Value{}, fmt.Errorf("a value cannot hold a Go %T", data)
	}
}

func fromNumber(n json.Number) (Value, error) {
	if !strings.ContainsAny(string(n), ".eE") {
		if i, err := strconv.ParseInt(string(n), 10, 64); err == nil {
			return Int(i), nil
		}
	}
	f, err := strconv.ParseFloat(string(n), 64)
	if err != nil {
		return Value{}, fmt.Errorf("number %s: %w", n, err)
	}
	return Float(f), nil
}

// FromJSON reads one JSON document. Integers stay integers.
func FromJSON(document []byte) (Value, error) {
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	var data any
	if err := decoder.Decode(&data); err != nil {
		return Value{}, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return Value{}, errors.New("more than one JSON document")
	}
	return FromGo(data)
}

// Reveal returns the plain Go data of v, secrets in clear: nil, bool, int64,
// float64, string, []any and map[string]any. Only what hands a value to an action
// or to an expression may call it.
func (v Value) Reveal() (any, error) {
	if v.HasUnknown() {
		return nil, ErrUnknown
	}
	return v.Data(func(part Value) (any, bool) { return nil, false }), nil
}

// RevealJSON returns v as JSON, secrets in clear.
func (v Value) RevealJSON() ([]byte, error) {
	if v.HasUnknown() {
		return nil, ErrUnknown
	}
	return v.appendJSON(nil, inClear)
}

// Redacted returns the plain Go data of v for people to read: [Mask] in place of
// each secret, and a sentence in place of each unknown.
func (v Value) Redacted() any {
	return v.Data(func(part Value) (any, bool) {
		switch {
		case part.secret:
			return Mask, true
		case part.kind == KindUnknown:
			return part.unknownText(), true
		default:
			return nil, false
		}
	})
}

// Data returns the plain Go data of v: nil, bool, int64, float64, string, []any and
// map[string]any. For each part, from the outside in, replace may give something else
// to take its place; what it does with secrets and unknowns is up to it, and an unknown
// that it leaves is nil.
func (v Value) Data(replace func(Value) (any, bool)) any {
	if data, ok := replace(v); ok {
		return data
	}
	switch v.kind {
	case KindBool:
		return v.word() == 1
	case KindInt:
		return int64(v.word())
	case KindFloat:
		return math.Float64frombits(v.word())
	case KindString:
		text, _ := v.AsString()
		return text
	case KindList:
		items := make([]any, 0, len(v.Items()))
		for _, item := range v.Items() {
			items = append(items, item.Data(replace))
		}
		return items
	case KindObject:
		members := make(map[string]any, len(v.Members()))
		for _, m := range v.Members() {
			members[m.Name] = m.Value.Data(replace)
		}
		return members
	default:
		return nil
	}
}

func (v Value) unknownText() string {
	causes := v.Causes()
	if len(causes) == 0 {
		return "(not known yet)"
	}
	texts := make([]string, len(causes))
	for i, c := range causes {
		texts[i] = c.String()
	}
	return "(" + strings.Join(texts, "; ") + ")"
}

// String returns "known after STEP", or the reason where there is no step.
func (c Cause) String() string {
	if c.Step == "" {
		return c.Reason
	}
	return "known after " + c.Step
}

// String returns v as JSON for people to read, secrets masked.
func (v Value) String() string {
	if s, ok := v.AsString(); ok && !v.secret {
		return s
	}
	if v.secret {
		return Mask
	}
	if v.kind == KindUnknown {
		return v.unknownText()
	}
	text, err := v.appendJSON(nil, toRead)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// GoString keeps %#v from printing a secret.
func (v Value) GoString() string { return "value." + v.kind.String() + "(" + v.String() + ")" }

// Format keeps every verb of fmt from printing a secret: a Value is formatted as the
// text that [Value.String] gives.
func (v Value) Format(to fmt.State, verb rune) {
	text := v.String()
	if verb == 'v' && to.Flag('#') {
		_, _ = io.WriteString(to, v.GoString())
		return
	}
	_, _ = fmt.Fprintf(to, fmt.FormatString(to, verb), text)
}

// LogValue keeps log/slog from printing a secret.
func (v Value) LogValue() slog.Value { return slog.AnyValue(v.Redacted()) }

// MarshalJSON writes v with a secret as {"$secret":true} and an unknown as
// {"$unknown":[causes]}: the form of plans and journals. [Value.UnmarshalJSON]
// reads it back as it was, a secret then being unknown: a number that is whole keeps
// its ".0", and foreign data that looks like one of these marks is written with one
// more "$".
func (v Value) MarshalJSON() ([]byte, error) { return v.appendJSON(nil, toKeep) }

// UnmarshalJSON reads what [Value.MarshalJSON] wrote.
func (v *Value) UnmarshalJSON(document []byte) error {
	read, err := FromJSON(document)
	if err != nil {
		return err
	}
	*v = restore(read)
	return nil
}

// The only member of what stands for a value that is not written down.
const (
	markSecret  = "$secret"
	markUnknown = "$unknown"
)

// looksMarked reports whether an object has a mark as its only member, be it one that
// was foreign data and has a "$" too many.
func looksMarked(members []Member) bool {
	if len(members) != 1 || !strings.HasPrefix(members[0].Name, "$") {
		return false
	}
	bare := "$" + strings.TrimLeft(members[0].Name, "$")
	return bare == markSecret || bare == markUnknown
}

func restore(v Value) Value {
	switch v.kind {
	case KindList:
		items := slices.Clone(v.Items())
		for i := range items {
			items[i] = restore(items[i])
		}
		return List(items...)
	case KindObject:
		members := slices.Clone(v.Members())
		if looksMarked(members) {
			switch name := members[0].Name; name {
			case markSecret:
				return Unknown(Cause{Reason: "it is a secret, which is never written down"}).Secret()
			case markUnknown:
				return Unknown(causesFrom(members[0].Value)...)
			default:
				members[0].Name = name[1:]
			}
		}
		for i := range members {
			members[i].Value = restore(members[i].Value)
		}
		return Object(members...)
	default:
		return v
	}
}

func causesFrom(list Value) []Cause {
	var causes []Cause
	for _, item := range list.Items() {
		step, _ := item.Get("step")
		reason, _ := item.Get("reason")
		cause := Cause{}
		cause.Step, _ = step.AsString()
		cause.Reason, _ = reason.AsString()
		causes = append(causes, cause)
	}
	return causes
}

// form says what JSON is written for.
type form uint8

const (
	toKeep  form = iota // masked, and read back as what it was
	toRead              // masked, for people
	inClear             // for actions
)

func (v Value) appendJSON(to []byte, f form) ([]byte, error) {
	if f != inClear && v.secret {
		return append(to, `{"$secret":true}`...), nil
	}
	switch v.kind {
	case KindNull:
		return append(to, "null"...), nil
	case KindBool:
		return strconv.AppendBool(to, v.word() == 1), nil
	case KindInt:
		return strconv.AppendInt(to, int64(v.word()), 10), nil
	case KindList:
		return v.appendList(to, f)
	case KindObject:
		return v.appendObject(to, f)
	case KindUnknown:
		causes, _ := v.data.([]Cause)
		return appendAny(append(to, `{"$unknown":`...), causes, "}")
	case KindFloat:
		return appendFloat(to, math.Float64frombits(v.word()), f)
	default:
		text, _ := v.AsString()
		return appendAny(to, text, "")
	}
}

func (v Value) appendList(to []byte, f form) ([]byte, error) {
	to = append(to, '[')
	for i, item := range v.Items() {
		if i > 0 {
			to = append(to, ',')
		}
		var err error
		if to, err = item.appendJSON(to, f); err != nil {
			return nil, fmt.Errorf("item %d: %w", i, err)
		}
	}
	return append(to, ']'), nil
}

// appendFloat writes a number as encoding/json does. Where it is to be read back as what
// it was, a whole one must not look like an integer; an action that takes integers must
// be given what does.
func appendFloat(to []byte, number float64, f form) ([]byte, error) {
	start := len(to)
	to, err := appendAny(to, number, "")
	if err == nil && f == toKeep && !bytes.ContainsAny(to[start:], ".e") {
		to = append(to, ".0"...)
	}
	return to, err
}

func (v Value) appendObject(to []byte, f form) ([]byte, error) {
	to = append(to, '{')
	members := v.Members()
	escape := f == toKeep && looksMarked(members)
	for i, m := range members {
		if i > 0 {
			to = append(to, ',')
		}
		if escape {
			m.Name = "$" + m.Name
		}
		var err error
		if to, err = appendAny(to, m.Name, ":"); err != nil {
			return nil, err
		}
		if to, err = m.Value.appendJSON(to, f); err != nil {
			return nil, fmt.Errorf("%s: %w", m.Name, err)
		}
	}
	return append(to, '}'), nil
}

func appendAny(to []byte, data any, after string) ([]byte, error) {
	encoded, err := json.Marshal(data)
	if err != nil {
		return nil, err
	}
	return append(append(to, encoded...), after...), nil
}
