// Package limit counts what a run does against the limits that its runbook sets: changes,
// destroys, targets, time and cost. The plan, the machine and the reports count by it, so
// that all come to the same.
//
// It counts what is begun, each step once however often it is tried, and of a step with
// foreach each instance. What is taken back is not counted, neither as a change nor as one
// less. Floor 3: it knows events, and neither runbooks nor plans.
package limit

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Foresees reports whether limits count what actions say before a run.
func Foresees(l *event.Limits) bool { return l != nil && (l.Targets != nil || len(l.Cost) > 0) }

// Kind says what is limited, by the key in a runbook.
type Kind string

// What is limited.
const (
	Changes  Kind = "maxChanges"
	Destroys Kind = "maxDestroys"
	Targets  Kind = "maxTargets"
	Duration Kind = "maxDuration"
	Cost     Kind = "maxCost"
)

// Line is one limit, and what is used of it.
type Line struct {
	Limit Kind    `json:"limit" enum:"maxChanges,maxDestroys,maxTargets,maxDuration,maxCost"`
	Unit  string  `json:"unit,omitempty" doc:"Of maxCost, in which it is counted."`
	Max   float64 `json:"max" doc:"How much there may be; of maxDuration nanoseconds."`
	Used  float64 `json:"used" doc:"How much there is."`
}

// Used is how much a run has used.
type Used struct {
	Changes, Destroys, Targets int
	Elapsed                    time.Duration
	Cost                       sdk.Cost
}

// Lines say of each limit, where there are any, how much of it is used.
func Lines(l *event.Limits, used Used) []Line {
	if l == nil {
		return nil
	}
	var lines []Line
	add := func(kind Kind, most *int, n int) {
		if most != nil {
			lines = append(lines, Line{Limit: kind, Max: float64(*most), Used: float64(n)})
		}
	}
	add(Changes, l.Changes, used.Changes)
	add(Destroys, l.Destroys, used.Destroys)
	add(Targets, l.Targets, used.Targets)
	if l.Duration > 0 {
		lines = append(lines, Line{Limit: Duration, Max: float64(l.Duration), Used: float64(used.Elapsed)})
	}
	for _, unit := range slices.Sorted(maps.Keys(l.Cost)) {
		lines = append(lines, Line{Limit: Cost, Unit: unit, Max: rounded(l.Cost[unit]), Used: used.Cost[unit]})
	}
	return lines
}

// IsOver reports whether more is used than may be.
func (l Line) IsOver() bool { return l.Used > l.Max }

// Words say how much is used, and how much may be: "that makes 21 changes, and maxChanges is 20".
func (l Line) Words() string {
	used, most := Amount(l.Used), Amount(l.Max)
	switch l.Limit {
	case Changes:
		return fmt.Sprintf("that makes %s, and %s is %s", Counted(l.Used, "change"), l.Limit, most)
	case Destroys:
		return fmt.Sprintf("that makes %s, and %s is %s", Counted(l.Used, "destroy"), l.Limit, most)
	case Targets:
		return fmt.Sprintf("that touches %s, and %s is %s", Counted(l.Used, "target"), l.Limit, most)
	case Duration:
		return fmt.Sprintf("the run began %s ago, and %s is %s", time.Duration(l.Used).Round(time.Millisecond), l.Limit, time.Duration(l.Max))
	case Cost:
		return fmt.Sprintf("that costs %s %s, and %s is %s %s", used, l.Unit, l.Limit, most, l.Unit)
	}
	return ""
}

// Counted is so many of something, also where there are more than an integer holds.
func Counted(n float64, what string) string {
	if n != 1 {
		what += "s"
	}
	return Amount(n) + " " + what
}

// Amount writes a number as people do: without an exponent, and no longer than it must be.
func Amount(n float64) string { return strconv.FormatFloat(rounded(n), 'f', -1, 64) }

// rounded is an amount to a millionth, so that ten times a tenth is one.
func rounded(amount float64) float64 {
	const precision = 1e6
	return math.Round(amount*precision) / precision
}
