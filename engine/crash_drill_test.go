//go:build unix

package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/input"
)

// crashDrilled is done on a copy in a drill, and without its last step; BROKEN is an instance that
// fails, as it may.
const crashDrilled = `
objectives: {rto: 1h, rpo: 1m, dataLoss: "${{ steps.measure.outputs.made }}s"}
inputs: {where: {type: string, default: production}}
modes: {drill: {inputs: {where: copy}, skip: [switch]}}
onFailure: rollback
steps:
  - {id: first, uses: crash.put, with: {name: "${{ inputs.where }}-${{ run.mode }}", fail: 1}, retry: {attempts: 3, delay: 1ms}}
  - {id: each, uses: crash.seen, foreach: [a, b, c], batch: {maxFailures: 1}, with: {name: "each-${{ each.key }}", gone: "${{ each.key == 'BROKEN' }}"}}
  - {id: measure, uses: crash.look, with: {name: "7"}}
  - {id: switch, uses: crash.put, with: {name: switched}, rollback: {none: it is a mark}}
`

// given is what the person who begins the run gives.
func (o crashOrder) given() []input.Given {
	if o.Where == "" {
		return nil
	}
	return []input.Given{{Name: "where", Text: o.Where, By: input.ByFlag, Origin: "-i"}}
}

// Wherever the process died, a drill goes on in its mode, measures the same and is worth the same.
func TestCrashInADrill(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		broken, where string
		worth         event.DrillResult
		world         []string
	}{
		"good":    {worth: event.GoodDrill, world: []string{"copy-drill", "each-a", "each-b", "each-c"}},
		"faulty":  {broken: "b", worth: event.FaultyDrill, world: []string{"copy-drill", "each-a", "each-c"}},
		"altered": {where: "elsewhere", worth: event.AlteredDrill, world: []string{"each-a", "each-b", "each-c", "elsewhere-"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			order := func() crashOrder {
				made := newCrashOrder(t, strings.ReplaceAll(crashDrilled, "BROKEN", c.broken))
				made.Choice, made.Where = &event.Choice{Mode: event.Drill}, c.where
				return made
			}
			calm := order()
			want := spawn(t, calm)
			if want == nil || want.Error != "" {
				t.Fatalf("undisturbed: %+v", want)
			}
			if diff := cmp.Diff(c.world, made(t, calm)); diff != "" {
				t.Fatalf("undisturbed: %s", diff)
			}
			measured := checkWorth(t, calm, c.worth)
			sweep := func(killed crashOrder) {
				crashAndResume(t, killed, want, c.world)
				if killed.KillAtEvent == 1 {
					return // it has no beginning
				}
				if diff := cmp.Diff(measured, checkWorth(t, killed, c.worth)); diff != "" {
					t.Errorf("it measured something else (-undisturbed +got)\n%s", diff)
				}
			}
			for n := int64(1); n <= want.Events+4; n++ {
				t.Run(fmt.Sprintf("record-%d", n), func(t *testing.T) {
					killed := order()
					killed.KillAtEvent = n
					sweep(killed)
				})
			}
			for n := int64(1); n <= want.Effects; n++ {
				t.Run(fmt.Sprintf("effect-%d", n), func(t *testing.T) {
					killed := order()
					killed.KillAtEffect, killed.After = n, n%2 == 0
					sweep(killed)
				})
			}
		})
	}
}

// checkWorth returns what a drill measured, without its times, and holds what it is worth against
// what it should be.
func checkWorth(t *testing.T, order crashOrder, want event.DrillResult) event.Measured {
	t.Helper()
	all := events(t, order)
	result := all[len(all)-1].Result
	if result == nil || result.Measured == nil {
		t.Fatalf("it measured nothing\n%s", journalText(t, order))
	}
	if got := all[0].Run.DrillResult(result.Measured); got != want {
		t.Errorf("it was %q, want %q: %+v", got, want, result.Measured)
	}
	measured := *result.Measured
	measured.At, measured.Took = time.Time{}, 0
	return measured
}
