package plan

import (
	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Places says where in a file the parts of something stand.
type Places interface {
	// Place returns where the part at a field path stands, such as "nodes[2].name", or
	// what is nearest to it; of an empty path where the whole is named.
	Place(field string) source.Range
}

// configuration is what configures a connection.
type configuration struct{ *check.Connection }

// Place returns where the part of the configuration stands, which is the connection's
// name where it is not one part.
func (c configuration) Place(field string) source.Range {
	if field == "" || c.Use == nil {
		return c.Range
	}
	return c.Use.Place(field)
}

// Place returns where in the runbook that stands which an error of the action blames; it
// is nowhere where the error blames nothing of the runbook.
func (u *Use) Place(err *sdk.Error) source.Range {
	switch {
	case err.Connection != "" && u.Over != nil:
		return u.Over.Place(err.Field)
	case err.Connection == "" && err.Field != "" && u.Places != nil:
		return u.Places.Place(err.Field)
	default:
		return source.Range{}
	}
}
