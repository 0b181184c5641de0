package names

import (
	"fmt"
	"testing"

	"github.com/gatebook/gatebook/schema"
)

// objectOf returns an object of so many fields, every other of which is required.
func objectOf(count int) *schema.Schema {
	object := &schema.Schema{Type: schema.TypeObject, Closed: true}
	for i := range count {
		name := fmt.Sprintf("field_%d", i)
		object.Properties = append(object.Properties, schema.Property{Name: name, Schema: &schema.Schema{Type: schema.TypeInteger}})
		if i%2 == 0 {
			object.Required = append(object.Required, name)
		}
	}
	return object
}

func TestFieldsAreFoundInSmallAndInLargeObjects(t *testing.T) {
	t.Parallel()
	for _, count := range []int{3, manyFields, 1_000} {
		sh := ShapeOf(objectOf(count))
		for _, i := range []int{0, 1, count - 1} {
			found, optional, ok := sh.Field(fmt.Sprintf("field_%d", i))
			if !ok || optional != (i%2 == 1) || found.Kind() != schema.TypeInteger {
				t.Errorf("of %d: field %d is %v, optional %v, found %v", count, i, found.Kind(), optional, ok)
			}
		}
		if _, _, ok := sh.Field("feild_1"); ok {
			t.Errorf("of %d: a field is found that is not there", count)
		}
		if hint := sh.UnknownField("it", "field_0x").Hint; hint != "did you mean field_0?" {
			t.Errorf("of %d: the hint is %q", count, hint)
		}
	}
}

func TestNearLooksAtFewOfMany(t *testing.T) {
	t.Parallel()
	if got := ShapeOf(objectOf(10_000)).Near("field_77"); len(got) > 1_000 {
		t.Errorf("%d names are looked at", len(got))
	}
}
