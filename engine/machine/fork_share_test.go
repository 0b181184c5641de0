package machine

import (
	"reflect"
	"testing"
	"unsafe"

	"github.com/gatebook/gatebook/engine/limit"
)

// shared is what two machines may have in common, and why it does not change under either.
var shared = map[string]string{
	"Machine.dependents": "made of the plan",
	"Machine.planned":    "it has no room, so that whoever makes more steps makes another",
	"judging.plan":       "the plan's",
	"loop.nodes":         "made as the loop opens",
	"loop.keys":          "made as the loop opens",
	"loop.ends":          "made as the loop opens",
	"ballot.voices":      "made anew with each voice",
	"effort.before":      "an event's",
	"effort.notes[]":     "an event's",
	"Past.verdicts[]":    "written only before anything is forked",
	"Past.loops[]":       "written only before anything is forked",
	"Past.taken[]":       "written only before anything is forked",
}

// TestAForkSharesNothingThatChanges fills a machine wherever it can hold anything, and holds a
// fork of it against it: whoever gives the machine a field has to think of its forks.
func TestAForkSharesNothingThatChanges(t *testing.T) {
	t.Parallel()
	m := &Machine{}
	fill(reflect.ValueOf(m).Elem())
	met := make(map[string]bool)
	apart(reflect.ValueOf(m), reflect.ValueOf(m.Fork()), "Machine", func(at string) {
		if met[at] = true; shared[at] == "" {
			t.Errorf("a fork has the %s of the machine that it comes from, and not its own", at)
		}
	})
	for at := range shared {
		if !met[at] {
			t.Errorf("%s is not shared, or is not there", at)
		}
	}
}

// isOurs reports whether a type is of the machine: what it holds of others does not change.
func isOurs(t reflect.Type) bool {
	return t.PkgPath() == reflect.TypeFor[Machine]().PkgPath()
}

// fill puts something into a value of the machine's and all that it holds.
func fill(v reflect.Value) {
	v = reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr())).Elem() // may be set, exported or not
	switch v.Kind() {
	case reflect.Struct:
		for _, field := range v.Fields() {
			if isOurs(v.Type()) {
				fill(field)
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 2))
		fill(v.Index(0))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		held := reflect.New(v.Type().Elem()).Elem()
		fill(held)
		v.SetMapIndex(reflect.Zero(v.Type().Key()), held)
	case reflect.Pointer:
		switch {
		case v.Type() == reflect.TypeFor[*limit.Tally]():
			v.Set(reflect.ValueOf(limit.NewTally(nil)))
		case isOurs(v.Type().Elem()):
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem())
		}
	}
}

// apart tells of everything that two values have in common.
func apart(a, b reflect.Value, at string, common func(at string)) {
	switch a.Kind() {
	case reflect.Pointer:
		if !a.IsNil() && !b.IsNil() {
			if a.Pointer() == b.Pointer() {
				common(at)
			} else if isOurs(a.Type().Elem()) {
				apart(a.Elem(), b.Elem(), a.Type().Elem().Name(), common)
			}
		}
	case reflect.Struct:
		for i := range a.NumField() {
			if isOurs(a.Type()) {
				apart(a.Field(i), b.Field(i), a.Type().Name()+"."+a.Type().Field(i).Name, common)
			}
		}
	case reflect.Slice:
		switch {
		case a.Len() == 0 || b.Len() == 0:
		case a.Pointer() == b.Pointer():
			common(at)
		default:
			apart(a.Index(0), b.Index(0), at+"[]", common)
		}
	case reflect.Map:
		switch {
		case a.Len() == 0 || b.Len() == 0:
		case a.Pointer() == b.Pointer():
			common(at)
		default:
			key := a.MapKeys()[0]
			apart(a.MapIndex(key), b.MapIndex(key), at+"[]", common)
		}
	}
}
