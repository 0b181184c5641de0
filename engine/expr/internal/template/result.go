package template

import (
	"fmt"
	"math"
	"reflect"
	"time"

	"github.com/gatebook/gatebook/engine/expr/internal/cost"
	"github.com/gatebook/gatebook/engine/value"
)

// fromCalc returns what expr computed as a value.
func fromCalc(data any, b *cost.Budget) (value.Value, error) {
	if err := payFor(b, data, 0); err != nil {
		return value.Value{}, err
	}
	return fromGo(reflect.ValueOf(data))
}

func fromGo(v reflect.Value) (value.Value, error) {
	for v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if !v.IsValid() {
		return value.Null(), nil
	}
	switch data := v.Interface().(type) {
	case time.Time:
		return value.String(data.Format(time.RFC3339Nano)), nil
	case time.Duration:
		return value.String(data.String()), nil
	}
	switch v.Kind() {
	case reflect.Bool:
		return value.Bool(v.Bool()), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return value.Int(v.Int()), nil
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return value.Int(int64(v.Uint())), nil
	case reflect.Float32, reflect.Float64:
		if math.IsNaN(v.Float()) || math.IsInf(v.Float(), 0) {
			return value.Value{}, fmt.Errorf("the result is not a finite number")
		}
		return value.Float(v.Float()), nil
	case reflect.String:
		return value.String(v.String()), nil
	case reflect.Slice, reflect.Array:
		return fromGoList(v)
	case reflect.Map:
		return fromGoMap(v)
	default:
		return value.Value{}, fmt.Errorf("the result is a %s, which no value can hold", v.Kind())
	}
}

func fromGoList(v reflect.Value) (value.Value, error) {
	items := make([]value.Value, v.Len())
	for i := range items {
		item, err := fromGo(v.Index(i))
		if err != nil {
			return value.Value{}, err
		}
		items[i] = item
	}
	return value.List(items...), nil
}

func fromGoMap(v reflect.Value) (value.Value, error) {
	members := make([]value.Member, 0, v.Len())
	for it := v.MapRange(); it.Next(); {
		member, err := fromGo(it.Value())
		if err != nil {
			return value.Value{}, err
		}
		members = append(members, value.Member{Name: fmt.Sprint(it.Key().Interface()), Value: member})
	}
	return value.Object(members...), nil
}
