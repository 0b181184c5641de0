package wording

import (
	"fmt"
	"slices"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/layout"
)

// Ahead says what a loop that has not begun will do.
func Ahead(instances int, batches []int) string {
	switch {
	case instances == 0:
		return "for nothing: there is no item"
	case len(batches) == 1 && instances == 1:
		return "for 1"
	case len(batches) == 1:
		return fmt.Sprintf("for %d, in one batch", instances)
	case len(batches) == instances:
		return fmt.Sprintf("for %d, one after the other", instances)
	case len(batches) <= mostBatches:
		sizes := make([]string, len(batches))
		for i, size := range batches {
			sizes[i] = fmt.Sprint(size)
		}
		return fmt.Sprintf("for %d, in batches of %s", instances, layout.Names(sizes))
	default:
		return fmt.Sprintf("for %d, in %d batches of %d to %d", instances, len(batches), slices.Min(batches), slices.Max(batches))
	}
}

// mostBatches is how many batches are told of one by one.
const mostBatches = 6

func describeOpening(l *event.Loop) Said {
	if l == nil {
		return Said{What: "is done for many", Minor: true}
	}
	return Said{What: "is done " + Ahead(len(l.Keys), l.Batches), Mark: event.Running}
}

// BatchDone says which batch of so many is done; of 0: nobody knows of how many.
func BatchDone(index, of int) string {
	if of == 0 {
		return fmt.Sprintf("batch %d is done", index+1)
	}
	return fmt.Sprintf("batch %d of %d is done", index+1, of)
}
