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
	// Hides reports whether a secret can be read on the lines of a place.
	Hides(at source.Range) bool
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

// Hides reports whether the configuration has a secret on the lines of a place.
func (c configuration) Hides(at source.Range) bool { return c.Use != nil && c.Use.Hides(at) }

// Place returns where in the runbook that stands which an error of the action blames, and
// whether a secret can be read there, so that it is not to be quoted; it is nowhere where the
// error blames nothing of the runbook.
func (u *Use) Place(err *sdk.Error) (at source.Range, hides bool) {
	places := u.Places
	if err.Connection != "" {
		places = u.Over
	}
	if places == nil || err.Connection == "" && err.Field == "" {
		return source.Range{}, false
	}
	at = places.Place(err.Field)
	return at, !at.IsZero() && places.Hides(at)
}
