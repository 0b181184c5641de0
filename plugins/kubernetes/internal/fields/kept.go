package fields

import (
	"strings"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// Unkept is the error of a state before that the host did not keep, as it concerns who
// wrote the runbook: the host speaks to who wrote the action. field is the parameter
// that says what is changed of the objects named.
func Unkept(err error, field, objects string) error {
	typed := sdk.AsError(err)
	if typed.Class != sdk.Permanent || !strings.Contains(typed.Message, "holds a secret") {
		return err
	}
	said := sdk.FieldErrorf(field, "a secret of the runbook is in what this changes of %s, which the journal would have to keep for undo; "+
		"a secret can only go into the values of a Secret", objects)
	said.Unchanged = typed.Unchanged
	return said
}
