//go:build unix

package engine_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
)

// spawn runs a child to its end, and returns nil where it was killed.
func spawn(t *testing.T, order crashOrder) *crashReport {
	t.Helper()
	text, err := json.Marshal(order)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), os.Args[0])
	command.Env = append(os.Environ(), crashChild+"="+string(text))
	var out, errs bytes.Buffer
	command.Stdout, command.Stderr = &out, &errs
	err = command.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL {
		return nil
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	report := &crashReport{}
	if err := json.Unmarshal(out.Bytes(), report); err != nil {
		t.Fatalf("%v\n%s%s", err, out.String(), errs.String())
	}
	return report
}

func newCrashOrder(t *testing.T, runbook string) crashOrder {
	t.Helper()
	return crashOrder{State: t.TempDir(), World: t.TempDir(), Runbook: runbook}
}

const crashSucceeds = `
onFailure: rollback
steps:
  - {id: first, uses: crash.put, with: {name: first, fail: 1}, retry: {attempts: 3, delay: 1ms}}
  - {id: left, uses: crash.seen, with: {name: left}, gate: {expr: "now > timestamp('2000-01-01T00:00:00Z')"}, needs: [first]}
  - {id: right, uses: crash.put, with: {name: right, fail: 2}, needs: [first], retry: {attempts: 3, delay: 1ms}}
  - {id: blind, uses: crash.blind, with: {name: blind}, gate: {expr: "now > timestamp('2000-01-01T00:00:00Z')"}, needs: [first]}
  - id: join
    uses: crash.seen
    with: {name: "${{ steps.left.outputs.made }}-${{ steps.right.outputs.made }}"}
    needs: [left, right, blind]
    gate:
      - observe: {uses: crash.look, with: {name: gate, fail: 2}}
        expr: observed.made == "gate"
        within: 1m
        every: 1ms
    verify:
      - observe: {uses: crash.look, with: {name: verify, fail: 1}}
        expr: observed.made == "verify"
        within: 1m
        every: 1ms
        hold: 2ms
finally:
  - {id: tell, uses: crash.put, with: {name: "tell-${{ run.outcome }}"}, rollback: {none: it is said}}
outputs:
  made: ${{ steps.join.outputs.made }}
`

const crashRollsBack = crashRollsBackSteps + `
  - {id: broken, uses: crash.seen, with: {name: broken, gone: true}}
finally:
  - {id: tell, uses: crash.put, with: {name: "tell-${{ run.outcome }}"}, rollback: {none: it is said}}
`

const crashRollsBackSteps = `
onFailure: rollback
steps:
  - {id: first, uses: crash.put, with: {name: first, fail: 1}, retry: {attempts: 3, delay: 1ms}}
  - {id: left, uses: crash.seen, with: {name: left}, gate: {expr: "now > timestamp('2000-01-01T00:00:00Z')"}, needs: [first]}
  - {id: right, uses: crash.put, with: {name: right}, needs: [first]}
  - {id: blind, uses: crash.blind, with: {name: blind}, gate: {expr: "now > timestamp('2000-01-01T00:00:00Z')"}, needs: [left, right]}
`

const crashLoopsSucceed = `
onFailure: rollback
steps:
  - id: each
    uses: crash.seen
    foreach: [a, b, c, d]
    batch:
      sizes: [1, 50%]
      maxParallel: 2
      maxFailures: 1
      pause: 2ms
      between:
        observe: {uses: crash.look, with: {name: between, fail: 1}}
        expr: observed.made == "between"
        within: 1m
        every: 1ms
    with: {name: "each-${{ each.key }}", fail: "${{ each.index }}", gone: "${{ each.key == 'b' }}"}
    retry: {attempts: 4, delay: 1ms}
  - id: blind
    uses: crash.blind
    foreach: ${{ steps.each.outputs.byKey }}
    batch: {maxParallel: 2}
    when: each.key != 'a'
    gate: {expr: "now > timestamp('2000-01-01T00:00:00Z')"}
    with: {name: 'blind["${{ each.key }}"]'}
outputs:
  made: ${{ steps.each.outputs.byKey }}
`

const crashLoopsRollBack = `
onFailure: rollback
steps:
  - {id: first, uses: crash.put, foreach: [a, b, c], batch: {sizes: [1, 2]}, with: {name: "first-${{ each.key }}"}}
  - {id: broken, uses: crash.seen, foreach: [x, y], with: {name: "broken-${{ each.key }}", gone: "${{ each.key == 'y' }}"}}
finally:
  - {id: tell, uses: crash.put, foreach: [p, q], with: {name: "tell-${{ each.key }}-${{ run.outcome }}"}, rollback: {none: it is said}}
`

// crashLimited comes to a limit in a loop that is not known before the run.
const crashLimited = `
limits: {maxChanges: 4}
onFailure: rollback
steps:
  - {id: first, uses: crash.put, with: {name: first, fail: 1}, retry: {attempts: 3, delay: 1ms}}
  - id: each
    uses: crash.seen
    foreach: ${{ [steps.first.outputs.made, "b", "c", "d"] }}
    batch: {maxFailures: 100%}
    gate: {expr: "now > timestamp('2000-01-01T00:00:00Z')"}
    with: {name: "each-${{ each.value }}"}
finally:
  - {id: tell, uses: crash.put, with: {name: "tell-${{ run.outcome }}"}, rollback: {none: it is said}}
`

// Wherever the process died, no more was begun than the limit, and what was is taken back.
func TestCrashWithinLimits(t *testing.T) {
	t.Parallel()
	calm := newCrashOrder(t, crashLimited)
	want := spawn(t, calm)
	if want == nil || want.Error != "" || want.Step != "each" || want.Outcome != event.OutcomeRolledBack {
		t.Fatalf("undisturbed: %+v", want)
	}
	world := made(t, calm)
	if diff := cmp.Diff([]string{"-each-b", "-each-first", "-first", "tell-rolled_back"}, world); diff != "" {
		t.Fatalf("undisturbed: %s", diff)
	}
	sweep := func(name string, kill func(*crashOrder)) {
		t.Run(name, func(t *testing.T) {
			order := newCrashOrder(t, crashLimited)
			kill(&order)
			crashAndResume(t, order, want, world)
			begun := map[string]bool{}
			for _, e := range events(t, order) {
				if e.Type == event.AttemptStarted && e.Op.Part == event.Do {
					begun[e.Op.Step] = true
				}
			}
			if len(begun) > 4 {
				t.Errorf("these began, and four may: %v\n%s", begun, journalText(t, order))
			}
		})
	}
	for n := int64(1); n <= want.Events+4; n++ {
		sweep(fmt.Sprintf("record-%d", n), func(o *crashOrder) { o.KillAtEvent = n })
	}
	for n := int64(1); n <= want.Effects; n++ {
		sweep(fmt.Sprintf("effect-%d", n), func(o *crashOrder) { o.KillAtEffect = n })
		sweep(fmt.Sprintf("effect-%d-after", n), func(o *crashOrder) { o.KillAtEffect, o.After = n, true })
	}
}

const crashSigned = `
steps:
  - {id: first, uses: crash.put, with: {name: first}}
  - {id: sign_off, uses: approve, with: {message: "Go on?", from: [leads], quorum: 2, expires: 1h}}
  - {id: last, uses: crash.seen, with: {name: last}}
outputs:
  by: ${{ join(map(steps.sign_off.outputs.approvals, .by), " ") }}
`

// Two people have said yes, once each, wherever the process died in between.
func TestCrashWhilePeopleSign(t *testing.T) {
	t.Parallel()
	calm := newCrashOrder(t, crashSigned)
	calm.People = true
	want := spawn(t, calm)
	if want == nil || want.Error != "" || want.Outputs != `{"by":"ann bob"}` {
		t.Fatalf("undisturbed: %+v", want)
	}
	world := made(t, calm)
	for n := int64(1); n <= want.Events; n++ {
		t.Run(fmt.Sprintf("record-%d", n), func(t *testing.T) {
			order := newCrashOrder(t, crashSigned)
			order.People, order.KillAtEvent = true, n
			crashAndResume(t, order, want, world)
			heard := make(map[string]int)
			for _, e := range events(t, order) {
				if e.Type == event.Answered {
					heard[e.By]++
				}
			}
			if diff := cmp.Diff(map[string]int{"ann": 1, "bob": 1}, heard); n > 1 && diff != "" {
				t.Errorf("heard: %s\n%s", diff, journalText(t, order))
			}
		})
	}
}

// Two of the windows never open: one counts as open from the beginning, and one as soon as
// somebody has resumed.
const crashWindows = `
onFailure: rollback
windows:
  early: {rule: FREQ=DAILY;UNTIL=20200101, start: 2020-01-01, duration: 1h, timezone: UTC}
  late: {rule: FREQ=DAILY;UNTIL=20200101, start: 2020-01-01, duration: 1h, timezone: UTC}
  always: {cron: "* * * * *", duration: 1h, timezone: UTC}
steps:
  - {id: first, uses: crash.put, with: {name: first, fail: 1}, retry: {attempts: 3, delay: 1ms}, gate: {expr: 'window("early", now)'}}
  - id: each
    uses: crash.seen
    foreach: [a, b, c]
    with: {name: "each-${{ each.key }}"}
    gate: {expr: 'run.remaining < windowRemaining("always", now) && (window("late", now) || window("early", now))', within: 1m, every: 1ms}
  - {id: last, uses: crash.blind, with: {name: last}, when: '!window("late", now) || window("early", now)'}
`

func TestCrashAnywhere(t *testing.T) {
	t.Parallel()
	for name, runbook := range map[string]string{
		"success": crashSucceeds, "rollback": crashRollsBack,
		"loops": crashLoopsSucceed, "loops-rollback": crashLoopsRollBack, "windows": crashWindows,
		"taken-in": crashTakesIn, "taken-in-rollback": crashTakesInAndRollsBack,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calm := newCrashOrder(t, runbook)
			calm.Windows = strings.Contains(runbook, "\nwindows:")
			want := spawn(t, calm)
			if want == nil || want.Error != "" {
				t.Fatalf("undisturbed: %+v", want)
			}
			world := made(t, calm)
			// Polls and timers may add a few records to another run of the same thing.
			for n := int64(1); n <= want.Events+4; n++ {
				t.Run(fmt.Sprintf("record-%d", n), func(t *testing.T) {
					order := newCrashOrder(t, runbook)
					order.Windows, order.KillAtEvent = calm.Windows, n
					crashAndResume(t, order, want, world)
				})
			}
			for n := int64(1); n <= want.Effects; n++ {
				for _, after := range []bool{false, true} {
					t.Run(fmt.Sprintf("effect-%d-after-%v", n, after), func(t *testing.T) {
						order := newCrashOrder(t, runbook)
						order.Windows, order.KillAtEffect, order.After = calm.Windows, n, after
						crashAndResume(t, order, want, world)
					})
				}
			}
		})
	}
}

// made is what is in the world at the end.
func made(t *testing.T, order crashOrder) []string {
	t.Helper()
	world := &crashWorld{order: order}
	var names []string
	for _, name := range effects(t, order) {
		if !slices.Contains(names, name) && world.has(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func crashAndResume(t *testing.T, order crashOrder, want *crashReport, world []string) {
	t.Helper()
	got := spawn(t, order)
	resume := order
	resume.Resume, resume.KillAtEvent, resume.KillAtEffect = true, 0, 0
	if got == nil && order.KillAtEvent%5 == 0 {
		// It may well die again, while it is resuming.
		again := resume
		again.KillAtEvent = 3
		got = spawn(t, again)
	}
	if got == nil {
		got = spawn(t, resume)
	}
	if strings.Contains(got.Error, "has no beginning") {
		if had := effects(t, order); len(had) > 0 {
			t.Fatalf("nothing is in the journal, and these effects were had: %v", had)
		}
		return
	}
	if got.Outcome == event.OutcomePaused { // it was asked about a step, and the answer came with the resumption
		got = spawn(t, resume)
	}
	if got.Error != "" || got.Outcome != want.Outcome || got.Step != want.Step || got.Outputs != want.Outputs {
		t.Fatalf("got %+v, undisturbed %+v\n%s", got, want, journalText(t, order))
	}
	if diff := cmp.Diff(world, made(t, order)); diff != "" {
		t.Errorf("the world is another one: %s\n%s", diff, journalText(t, order))
	}
	count := make(map[string]int)
	for _, e := range effects(t, order) {
		if count[e]++; count[e] > 1 {
			t.Errorf("%s had its effect again\n%s", e, journalText(t, order))
		}
	}
	checkNothingTwice(t, order)
}

func effects(t *testing.T, order crashOrder) []string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(order.World, "effects"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return strings.Fields(string(content))
}

func events(t *testing.T, order crashOrder) []event.Event {
	t.Helper()
	folder, err := journal.NewStore(order.State).Open(journal.Latest)
	if err != nil {
		t.Fatal(err)
	}
	var events []event.Event
	if _, err := folder.Replay(func(r journal.Record) error {
		var e event.Event
		events = append(events, e)
		return json.Unmarshal(r.Payload, &events[len(events)-1])
	}); err != nil {
		t.Fatal(err)
	}
	return events
}

func journalText(t *testing.T, order crashOrder) string {
	t.Helper()
	var text strings.Builder
	for i, e := range events(t, order) {
		fmt.Fprintf(&text, "%d %s %+v %s %s%s\n", i+1, e.Type, e.Op, e.Status, e.Mode, e.State)
	}
	return text.String()
}

// checkNothingTwice holds the journal against the promise that a step whose result is
// in it is not done again.
func checkNothingTwice(t *testing.T, order crashOrder) {
	t.Helper()
	finished := make(map[event.Op]bool)
	for _, e := range events(t, order) {
		switch e.Type {
		case event.AttemptStarted:
			if finished[*e.Op] {
				t.Errorf("%v was done again\n%s", *e.Op, journalText(t, order))
			}
		case event.AttemptFinished:
			finished[*e.Op] = true
		default:
		}
	}
}
