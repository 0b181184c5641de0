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
	at, connection := u.Place(&err), err.Connection
	err.Connection = ""
	said := diag.Sentence(masker.Text(err.Error()))
	switch {
	case at.IsZero():
		return nil
	case connection != "":
		return diag.List{diag.ConnectionRefused.At(at, "The connection %s cannot be made: %s", connection, said)}
	default:
		return diag.List{diag.ParameterRefused.At(at, "The action %s says: %s", u.Action, said)}
	}
}
