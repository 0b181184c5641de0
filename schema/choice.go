package schema

import "slices"

// checkInPlace is about the words that hold further schemas against the same value.
func (r *run) checkInPlace(n *node, data any) verdict {
	result := valid
	for _, part := range n.allOf {
		result = min(result, r.check(part, data))
	}
	if n.anyOf != nil {
		result = min(result, r.checkAnyOf(n.anyOf, data))
	}
	if n.oneOf != nil {
		result = min(result, r.checkOneOf(n.oneOf, data))
	}
	return result
}

func (r *run) checkAnyOf(choices []*node, data any) verdict {
	best := invalid
	for _, choice := range choices {
		if best = max(best, r.try(choice, data)); best == valid {
			return valid
		}
	}
	if best == invalid {
		r.explain("anyOf", choices, data)
	}
	return best
}

func (r *run) checkOneOf(choices []*node, data any) verdict {
	fits, may := 0, 0
	for _, choice := range choices {
		switch r.try(choice, data) {
		case valid:
			fits++
		case undecided:
			may++
		case invalid:
		}
	}
	switch {
	case fits > 1:
		return r.fault("oneOf", "must have exactly one of the allowed shapes, but has several")
	case may > 0:
		return undecided
	case fits == 1:
		return valid
	default:
		r.explain("oneOf", choices, data)
		return invalid
	}
}

// try returns the verdict of n without reporting anything.
func (r *run) try(n *node, data any) verdict {
	reports := r.report
	r.report = false
	result := r.check(n, data)
	r.report = reports
	return result
}

// explain reports why data has none of the shapes: by the faults of the one shape
// that was meant, where that can be told.
func (r *run) explain(keyword string, choices []*node, data any) {
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
	if !slices.Contains(types, "") && !slices.ContainsFunc(types, func(t string) bool { return hasType(t, unmask(data)) }) {
		r.fault(keyword, mustBeTypes(types, unmask(data)))
		return
	}
	r.fault(keyword, "has none of the allowed shapes"+r.got(data))
}

// meantBy returns the only choice of the value's type, or of those the only one
// whose constants the value has.
func meantBy(choices []*node, data any) *node {
	data = unmask(data)
	fits := keep(choices, func(n *node) bool { return hasType(n.Type, data) })
	if object, ok := data.(map[string]any); ok && len(fits) > 1 {
		fits = keep(fits, func(n *node) bool { return n.hasConstantsOf(object) })
	}
	if len(fits) != 1 {
		return nil
	}
	return fits[0]
}

func keep(choices []*node, want func(*node) bool) []*node {
	var kept []*node
	for _, choice := range choices {
		if want(choice.target()) {
			kept = append(kept, choice)
		}
	}
	return kept
}

// target follows references; [Compile] has refused those that go in a circle.
func (n *node) target() *node {
	for n.ref != nil {
		n = n.ref
	}
	return n
}

// hasConstantsOf reports whether the object has the constants that n wants, such
// as a kind's name, and at least one of them.
func (n *node) hasConstantsOf(object map[string]any) bool {
	has := false
	for i := range n.properties {
		constant := n.properties[i].node.target().Const
		if constant == nil {
			continue
		}
		if equal(object[n.properties[i].name], constant) != valid {
			return false
		}
		has = true
	}
	return has
}
