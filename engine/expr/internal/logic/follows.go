package logic

import "slices"

// most bounds how many cases a formula is taken apart into, and so the work: what has more
// is not decided.
const most = 256

// Follows reports whether the second formula holds wherever the first does. Where it says no,
// it may be that it cannot tell.
func Follows(from, to Formula) bool {
	cases, ok := casesOf(from)
	if !ok {
		return false
	}
	for _, facts := range cases {
		if !impossible(facts) && !holdsIn(facts, to) {
			return false
		}
	}
	return true
}

// casesOf takes a formula apart into cases, each the facts that hold together in it.
func casesOf(f Formula) (cases [][]fact, ok bool) {
	switch f.join {
	case atom:
		return [][]fact{{f.fact}}, true
	case one:
		for _, part := range f.parts {
			more, ok := casesOf(part)
			if !ok || len(cases)+len(more) > most {
				return nil, false
			}
			cases = append(cases, more...)
		}
		return cases, true
	default:
		cases = [][]fact{nil}
		for _, part := range f.parts {
			more, ok := casesOf(part)
			if !ok || len(cases)*len(more) > most {
				return nil, false
			}
			cases = product(cases, more)
		}
		return cases, true
	}
}

func product(left, right [][]fact) [][]fact {
	made := make([][]fact, 0, len(left)*len(right))
	for _, l := range left {
		for _, r := range right {
			made = append(made, slices.Concat(l, r))
		}
	}
	return made
}

// impossible reports whether a fact holds nowhere, or two exclude each other.
func impossible(facts []fact) bool {
	for i, f := range facts {
		if few, ok := f.(among); ok && len(few.values) == 0 {
			return true
		}
		if slices.ContainsFunc(facts[i+1:], f.excludes) {
			return true
		}
	}
	return false
}

// holdsIn reports whether a formula follows from facts.
func holdsIn(facts []fact, f Formula) bool {
	switch f.join {
	case atom:
		return slices.ContainsFunc(facts, func(known fact) bool { return known.implies(f.fact) })
	case one:
		for _, part := range f.parts {
			if holdsIn(facts, part) {
				return true
			}
		}
		return false
	default:
		for _, part := range f.parts {
			if !holdsIn(facts, part) {
				return false
			}
		}
		return true
	}
}
