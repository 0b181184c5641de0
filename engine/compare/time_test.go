package compare_test

import (
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/compare"
)

const timed = `apiVersion: gatebook/v1
kind: Runbook
metadata: {name: web, version: 1.0.0}
objectives: {rto: 30m}
steps:
  - {id: a, uses: exec.check, with: {command: [a]}, timeout: 10m}
  - {id: b, uses: exec.check, with: {command: [b]}, timeout: 10m}
`

// Times are compared as far as they are known: what nobody knows any more has not become
// shorter. Whether a run takes longer than it may is another question, which also another rto
// answers.
func TestHowLongARunTakesIsCompared(t *testing.T) {
	t.Parallel()
	const noLimit, limit = "higher b timeout: how long an attempt may take has changed; ", "lower b timeout: how long an attempt may take has changed; "
	for name, use := range map[string]struct{ old, new, want, back string }{
		"no timeout": {
			"[b]}, timeout: 10m", "[b]}",
			noLimit + "undecided time: nobody knows any more whether it takes longer than the rto of 30m; same time: the critical paths cannot be compared: nobody knows how long b takes now",
			limit + "same time: the critical paths cannot be compared: nobody knew how long b takes",
		},
		"a lower rto": {
			"rto: 30m", "rto: 15m",
			"higher time: it takes longer than the rto of 15m; lower objective: the objective rto is stronger",
			"higher objective: the objective rto is weaker",
		},
		"a lower rto that still fits": {
			"rto: 30m", "rto: 20m",
			"lower objective: the objective rto is stronger", "higher objective: the objective rto is weaker",
		},
		"no rto": {
			"objectives: {rto: 30m}\n", "",
			"higher objective: the objective rto is gone", "lower objective: the objective rto is new",
		},
		"a lower rto, and a shorter path": {
			"rto: 30m}\nsteps:\n  - {id: a, uses: exec.check, with: {command: [a]}, timeout: 10m}", "rto: 10m}\nsteps:\n  - {id: a, uses: exec.check, with: {command: [a]}, timeout: 9m}",
			"higher time: it takes longer than the rto of 10m; lower objective: the objective rto is stronger; same a timeout: how long an attempt may take has changed; same time: the critical path is 1m shorter",
			"higher objective: the objective rto is weaker; same a timeout: how long an attempt may take has changed; same time: the critical path is 1m longer",
		},
		"a longer path": {
			"[a]}, timeout: 10m", "[a]}, timeout: 25m",
			"higher time: it takes longer than the rto of 30m; same a timeout: how long an attempt may take has changed; same time: the critical path is 15m longer",
			"same a timeout: how long an attempt may take has changed; same time: the critical path is 15m shorter",
		},
		"a step more of which nothing is known": {
			"  - {id: b,", "  - {id: ask, uses: exec.check, with: {command: [c]}}\n  - {id: b,",
			"undecided time: nobody knows any more whether it takes longer than the rto of 30m; lower ask step: a new step that reads, and ends the run where it fails",
			"higher ask step: a step that read, and ended the run where it failed, is gone",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(timed, use.old) {
				t.Fatalf("the book has no %q", use.old)
			}
			before, after := version(t, timed), version(t, strings.Replace(timed, use.old, use.new, 1))
			if got := said(compare.Of(before, after)); got != use.want {
				t.Errorf("got  %s\nwant %s", got, use.want)
			}
			if got := said(compare.Of(after, before)); got != use.back {
				t.Errorf("back: got  %s\nwant %s", got, use.back)
			}
		})
	}
}

// A limit for what nobody knew is no more risk, though what it allows is longer than the rto.
func TestALimitForWhatHadNoneIsNoMoreRisk(t *testing.T) {
	t.Parallel()
	endless := version(t, strings.Replace(timed, "[b]}, timeout: 10m", "[b]}", 1))
	limited := version(t, strings.Replace(timed, "[b]}, timeout: 10m", "[b]}, timeout: 45m", 1))
	const want = "undecided time: it takes longer than the rto of 30m, and nobody knew whether it did; lower b timeout: how long an attempt may take has changed; " +
		"same time: the critical paths cannot be compared: nobody knew how long b takes"
	c := compare.Of(endless, limited)
	if got := said(c); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := c.Changes[0].Before + " → " + c.Changes[0].After; got != "10m and what b takes, of 30m → 55m, of 30m" {
		t.Errorf("got %s", got)
	}
}
