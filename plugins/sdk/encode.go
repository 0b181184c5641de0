package sdk

import (
	"reflect"
	"strings"
)

// canHoldNil reports whether a value of t may hold a nil list or map that JSON
// would show as null, where its schema says list or object.
func canHoldNil(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Slice, reflect.Map:
		return true
	case reflect.Struct:
		for field := range t.Fields() {
			if isEncoded(field) && canHoldNil(field.Type) {
				return true
			}
		}
		return false
	case reflect.Pointer, reflect.Array:
		return canHoldNil(t.Elem())
	default:
		return false
	}
}

// isEncoded leaves out the fields whose nil is not written at all.
func isEncoded(field reflect.StructField) bool {
	name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
	return field.IsExported() && name != "-" && !strings.Contains(options, "omit")
}

// fillNil replaces nil lists and maps by empty ones. Values inside of maps stay,
// since they cannot be changed in place.
func fillNil(v reflect.Value) {
	switch v.Kind() {
	case reflect.Slice:
		if v.IsNil() && v.Type().Elem().Kind() != reflect.Uint8 {
			v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		}
		if !canHoldNil(v.Type().Elem()) {
			return
		}
		for i := range v.Len() {
			fillNil(v.Index(i))
		}
	case reflect.Map:
		if v.IsNil() {
			v.Set(reflect.MakeMap(v.Type()))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if isEncoded(v.Type().Field(i)) {
				fillNil(v.Field(i))
			}
		}
	case reflect.Pointer:
		if !v.IsNil() {
			fillNil(v.Elem())
		}
	default:
	}
}
