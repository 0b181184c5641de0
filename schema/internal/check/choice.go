package check

import (
	"slices"

	"github.com/gatebook/gatebook/schema/internal/datum"
)

// checkInPlace is about the words that hold further schemas against the same value.
func (r *run) checkInPlace(n *Shape, data any) datum.Verdict {
	result := datum.Valid
	for _, part := range n.AllOf {
		result = min(result, r.check(part, data))
	}
	if n.AnyOf != nil {
		result = min(result, r.checkAnyOf(n.AnyOf, data))
	}
	if n.OneOf != nil {
		result = min(result, r.checkOneOf(n.OneOf, data))
	}
	return result
}

func (r *run) checkAnyOf(choices []*Shape, data any) datum.Verdict {
	best := datum.Invalid
	for _, choice := range choices {
		if best = max(best, r.try(choice, data)); best == datum.Valid {
			return datum.Valid
		}
	}
	if best == datum.Invalid {
		r.explain("anyOf", choices, data)
	}
	return best
}

func (r *run) checkOneOf(choices []*Shape, data any) datum.Verdict {
	fits, may := 0, 0
	for _, choice := range choices {
		switch r.try(choice, data) {
		case datum.Valid:
			fits++
		case datum.Undecided:
			may++
		case datum.Invalid:
		}
	}
	switch {
	case fits > 1:
		return r.fault("oneOf", "must have exactly one of the allowed shapes, but has several")
	case may > 0:
		return datum.Undecided
	case fits == 1:
		return datum.Valid
	default:
		r.explain("oneOf", choices, data)
		return datum.Invalid
	}
}

// try returns the datum.Verdict of n without reporting anything.
func (r *run) try(n *Shape, data any) datum.Verdict {
	reports := r.report
	r.report = false
	result := r.check(n, data)
	r.report = reports
	return result
}

// explain reports why data has none of the shapes: by the faults of the one shape
// that was meant, where that can be told.
func (r *run) explain(keyword string, choices []*Shape, data any) {
	if !r.report {
		return
	}
	if meant := meantBy(choices, data); meant != nil {
		r.check(meant, data)
		return
	}
	var types []string
	for _, choice := range choices {
		if t := choice.target().Type; !slices.Contains(types, t) {
			types = append(types, t)
		}
	}
	if !slices.Contains(types, "") && !slices.ContainsFunc(types, func(t string) bool { return hasType(t, datum.Unmask(data)) }) {
		r.fault(keyword, mustBeTypes(types, datum.Unmask(data)))
		return
	}
	r.fault(keyword, "has none of the allowed shapes"+r.got(data))
}

// meantBy returns the only choice of the value's type, or of those the only one
// whose constants the value has.
func meantBy(choices []*Shape, data any) *Shape {
	data = datum.Unmask(data)
	fits := keep(choices, func(n *Shape) bool { return hasType(n.Type, data) })
	if object, ok := data.(map[string]any); ok && len(fits) > 1 {
		fits = keep(fits, func(n *Shape) bool { return n.hasConstantsOf(object) })
	}
	if len(fits) != 1 {
		return nil
	}
	return fits[0]
}

func keep(choices []*Shape, want func(*Shape) bool) []*Shape {
	var kept []*Shape
	for _, choice := range choices {
		if want(choice.target()) {
			kept = append(kept, choice)
		}
	}
	return kept
}
