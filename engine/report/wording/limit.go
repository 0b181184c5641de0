package wording

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gatebook/gatebook/engine/limit"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Limit says how much of a limit is used: "12 of 20 changes". Most is how much that may be in
// the end, where it is more.
func Limit(l limit.Line, most float64) string {
	used := amount(l, l.Used)
	if most > l.Used {
		used += " to " + amount(l, most)
	}
	used += " of "
	switch l.Limit {
	case limit.Changes:
		return used + limit.Counted(l.Max, "change")
	case limit.Destroys:
		return used + limit.Counted(l.Max, "destroy")
	case limit.Targets:
		return used + limit.Counted(l.Max, "target")
	case limit.Cost:
		return used + amount(l, l.Max) + " " + l.Unit
	case limit.Duration:
	}
	return used + amount(l, l.Max)
}

// Cost says what something costs: "3 api_calls, 12.5 usd".
func Cost(cost sdk.Cost) string {
	var said []string
	for _, unit := range slices.Sorted(maps.Keys(cost)) {
		said = append(said, limit.Amount(cost[unit])+" "+layout.Line(unit))
	}
	return strings.Join(said, ", ")
}

// Most says how much there may be.
func Most(l limit.Line) string { return amount(l, l.Max) }

// amount is a number in words, of a limit on time a time.
func amount(l limit.Line, n float64) string {
	if l.Limit == limit.Duration {
		return layout.Elapsed(time.Duration(n))
	}
	return limit.Amount(n)
}
