package example

import (
	"slices"

	"github.com/gatebook/gatebook/engine/expr/internal/names"
	"github.com/gatebook/gatebook/engine/value"
)

// ofItems has one name stand for all that is said of an item, where it is known which there
// are: its key goes with its value.
func ofItems(free []name, places []*place) []name {
	var items []value.Value
	for _, p := range places {
		if slices.ContainsFunc(p.free, isOfItem) {
			if p.Items == nil {
				return free
			}
			items = append(items, p.Items...)
		}
	}
	item := name{ref: names.Ref{Root: names.RootEach}, values: items}
	rest := slices.DeleteFunc(free, func(f name) bool {
		if !isOfItem(f.ref) {
			return false
		}
		item.parts = append(item.parts, f.ref)
		return true
	})
	if len(item.parts) == 0 {
		return rest
	}
	return append(rest, item)
}

func isOfItem(r names.Ref) bool { return r.Root == names.RootEach }

// settle leaves out of a world what there is not in it: a step that was skipped has no outputs,
// one that failed has no more than its error. It fails where it cannot be told what there is.
func settle(w world) bool {
	for i, of := range w {
		id, isStep := of.ref.Step()
		if !isStep || len(of.ref.Path) < 2 || of.ref.Path[1] == status {
			continue
		}
		said := slices.IndexFunc(w, func(s setting) bool {
			other, _ := s.ref.Step()
			return other == id && len(s.ref.Path) == 2 && s.ref.Path[1] == status
		})
		if said < 0 { // it has what is asked of it: of outputs and an error one
			if slices.ContainsFunc(w, func(s setting) bool {
				other, _ := s.ref.Step()
				return other == id && len(s.ref.Path) > 1 && s.ref.Path[1] != of.ref.Path[1]
			}) {
				return false
			}
			continue
		}
		has, known := member(w[said].value)
		if !known {
			return false
		}
		w[i].absent = of.ref.Path[1] != has
	}
	return true
}

const status = "status"

// member is what a step has beside its status, a word of events.
func member(of value.Value) (name string, known bool) {
	switch text, _ := of.AsString(); text {
	case "succeeded":
		return "outputs", true
	case "failed":
		return "error", true
	case "skipped", "not_run":
		return "", true
	default:
		return "", false
	}
}
