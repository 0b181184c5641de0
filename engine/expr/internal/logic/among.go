package logic

import (
	"slices"

	"cel.dev/cel-go/common/types/ref"
)

// among is that a term has one of some values. Where there are few that it may have, each
// comparison is such a statement, and many of them are one: no cases are made of them.
type among struct {
	term   string
	values []ref.Val
}

// Among is that a term has one of some of the values that it may have.
func Among(term Term, values []ref.Val) Formula { return of(among{term.Text, values}) }

func (a among) implies(other fact) bool {
	o, ok := other.(among)
	return ok && a.term == o.term && len(a.both(o)) == len(a.values)
}

func (a among) excludes(other fact) bool {
	o, ok := other.(among)
	return ok && a.term == o.term && len(a.both(o)) == 0
}

// both are the values that are in both.
func (a among) both(o among) []ref.Val {
	return slices.DeleteFunc(slices.Clone(a.values), func(v ref.Val) bool { return !o.has(v) })
}

// either are the values that are in one of them.
func (a among) either(o among) []ref.Val {
	return append(slices.Clone(a.values), slices.DeleteFunc(slices.Clone(o.values), a.has)...)
}

func (a among) has(v ref.Val) bool {
	return slices.ContainsFunc(a.values, func(mine ref.Val) bool { return same(mine, v) })
}

// joined joins statements, those of the values of one term to one.
func joined(join join, parts []Formula) Formula {
	var made []Formula
	places := map[string]int{}
	for _, part := range flat(join, parts) {
		is, ok := part.fact.(among)
		if !ok || part.join != atom {
			made = append(made, part)
			continue
		}
		place, seen := places[is.term]
		if !seen {
			places[is.term] = len(made)
			made = append(made, part)
			continue
		}
		before, _ := made[place].fact.(among)
		values := before.both(is)
		if join == one {
			values = before.either(is)
		}
		made[place] = of(among{is.term, values})
	}
	if len(made) == 1 {
		return made[0]
	}
	return Formula{join: join, parts: made}
}

// flat takes apart the parts that are joined in the same way.
func flat(join join, parts []Formula) []Formula {
	var made []Formula
	for _, part := range parts {
		if part.join == join {
			made = append(made, part.parts...)
		} else {
			made = append(made, part)
		}
	}
	return made
}
