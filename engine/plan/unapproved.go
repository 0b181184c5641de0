package plan

import (
	"maps"
	"slices"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Unapproved returns the approvals that are left out by a person's word: steps, and instances
// where the step itself is done. What a mode leaves out is so by the runbook, but by the word of who
// has given one of its inputs another value: it is not what the mode is for that is done then.
func (p *Plan) Unapproved() []string {
	var ids []string
	altered := len(p.Others()) > 0
	isOut := func(s *Step) bool { return s.isOutByWord() || altered && s.IsLeftOut() }
	for _, s := range p.Steps {
		switch {
		case !s.Describe.Asks:
		case isOut(s):
			ids = append(ids, s.ID)
		case s.Loop != nil && !s.Loop.Known():
			for _, key := range slices.Sorted(maps.Keys(s.Loop.LeftOut)) {
				ids = append(ids, event.InstanceID(s.ID, key))
			}
		default:
			for _, one := range s.Each() {
				if isOut(one) {
					ids = append(ids, one.ID)
				}
			}
		}
	}
	return ids
}

// isOutByWord reports whether the step is left out by a person's word, and not by a mode.
func (s *Step) isOutByWord() bool {
	if s.LeftOut == nil {
		return s.outer != nil && s.outer.isOutByWord()
	}
	return s.LeftOut.Mode == ""
}

// Unguarded is a step that destroys and would be done without an approval that it follows.
type Unguarded struct {
	Approval *Step // that is left out
	Destroys *Step
}

// Unguarded returns for each approval that is left out, or of which an instance is, the first
// step that destroys behind it, where there is one.
func (p *Plan) Unguarded() []Unguarded {
	var found []Unguarded
	end := 0 // of what is looked at: behind it nothing destroys
	for _, s := range p.Steps {
		if s.isDestroying() {
			end = s.Index + 1
		}
	}
	for _, approval := range p.Steps[:end] {
		if !approval.Describe.Asks || !approval.isPartlyLeftOut() {
			continue
		}
		behind := map[int]bool{approval.Index: true}
		ends := map[int]bool{} // what takes it in, and is done when it is
		for outer := approval.outer; outer != nil; outer = outer.outer {
			ends[outer.Index] = true
		}
		for _, s := range p.Steps[approval.Index+1 : end] {
			after := func(e Edge) bool { return behind[e.From] || ends[e.From] }
			if !slices.ContainsFunc(s.Needs, after) && (s.outer == nil || !behind[s.outer.Index]) {
				continue
			}
			behind[s.Index] = true
			if s.isDestroying() {
				found = append(found, Unguarded{approval, s})
				break
			}
		}
	}
	return found
}

func (s *Step) isDestroying() bool { return s.Effect == sdk.Destroy && !s.Skipped() }

// isPartlyLeftOut reports whether a step, or an instance of it, is left out.
func (s *Step) isPartlyLeftOut() bool {
	return s.IsLeftOut() || s.Loop != nil && len(s.Loop.LeftOut) > 0 || slices.ContainsFunc(s.Each(), (*Step).IsLeftOut)
}
