package condition

import (
	"github.com/gatebook/gatebook/engine/expr/internal/names"
	"github.com/gatebook/gatebook/engine/value"
)

// Origin is what the value of a name follows from: whoever makes up the one cannot make up the
// other.
type Origin struct {
	// From are the names that it is made of, which are made of no others.
	From []names.Ref
	// Eval computes it where these have values; nil: nobody can tell how it follows from them.
	Eval func(names.Scope) (value.Value, error)
}

// Origin returns what the value of a name follows from; nil: from that of no other name.
func (s Sense) Origin(r names.Ref) *Origin {
	if s.Origins == nil {
		return nil
	}
	return s.Origins(r)
}
