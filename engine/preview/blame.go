package preview

import (
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// blame makes a finding of why an action cannot say what it would do, where that is of
// something in the runbook.
func blame(u *plan.Use, fault error, masker *value.Masker) diag.List {
	err := *sdk.AsError(fault)
	at, hides := u.Place(&err)
	connection := err.Connection
	err.Connection = ""
	said := diag.Sentence(masker.Text(err.Error()))
	if at.IsZero() {
		return nil
	}
	found := diag.ParameterRefused.At(at, "The action %s says: %s", u.Action, said)
	if connection != "" {
		found = diag.ConnectionRefused.At(at, "The connection %s cannot be made: %s", connection, said)
	}
	if hides {
		found = found.Hiding()
	}
	return diag.List{found}
}
