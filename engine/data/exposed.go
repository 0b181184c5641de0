package data

import (
	"strconv"

	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/schema"
)

// Exposed returns the path of the first part of some parameters that others can read and
// that is secret. No look at what expressions refer to finds all of them beforehand: an
// output that is not secret by its shape may turn out to hold one.
func Exposed(shape *schema.Schema, parameters value.Value) (field string, found bool) {
	if shape == nil || !parameters.HasSecret() {
		return "", false
	}
	return slotOf(shape).exposed(parameters)
}

// exposed looks at the parts first, so that it names the smallest.
func (s Slot) exposed(v value.Value) (field string, found bool) {
	for i, item := range v.Items() {
		if field, found = s.at(strconv.Itoa(i)).exposed(item); found {
			return field, true
		}
	}
	for _, m := range v.Members() {
		if field, found = s.at(m.Name).exposed(m.Value); found {
			return field, true
		}
	}
	return s.Field, v.IsSecret() && s.NoSecret()
}
