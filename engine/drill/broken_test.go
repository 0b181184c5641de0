package drill_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/check/checktest"
	"github.com/gatebook/gatebook/engine/drill"
	"github.com/gatebook/gatebook/engine/drill/proof"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/steps"
)

type nothing struct{}

// handlersOf are the built-in actions, one that destroys something, and one whose question stands
// until somebody answers: of both there is none among them.
func handlersOf(tb testing.TB) []sdk.Handler {
	tb.Helper()
	handlers, err := steps.Builtin(steps.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	drop, err := sdk.Action[nothing, nothing]{
		Name: "store.drop", Summary: "Drop a store", Description: "Drops a store.", Effect: sdk.Destroy, Idempotent: true,
		Apply: func(context.Context, *sdk.Call[nothing]) (nothing, error) { return nothing{}, nil },
	}.Handler()
	if err != nil {
		tb.Fatal(err)
	}
	ask, err := sdk.Action[nothing, nothing]{
		Name: "store.ask", Summary: "Ask whoever keeps the store", Description: "Asks whoever keeps the store.", Effect: sdk.Read,
		Ask: func(context.Context, *sdk.Call[nothing]) (sdk.Question, error) {
			return sdk.Question{Message: "Well?"}, nil
		},
		Answer: func(context.Context, *sdk.Call[nothing], sdk.Answer) (nothing, error) { return nothing{}, nil },
	}.Handler()
	if err != nil {
		tb.Fatal(err)
	}
	return append(handlers, drop, ask)
}

// Each of the broken runbooks says in its comments what a drill must find in it, and it must find
// nothing else: "expects: INVARIANT | STEP | a part of the detail".
func TestBrokenRunbooksAreFound(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/broken/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("found %d runbooks: %v", len(paths), err)
	}
	for _, path := range paths {
		if strings.HasSuffix(path, ".test.yaml") {
			continue
		}
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			p := drilled(t, path, "", drill.Options{Pairs: drill.DefaultPairs})
			expects := expected(t, string(text))
			for _, v := range p.Violations {
				if !take(&expects, v) {
					t.Errorf("nobody expects %s of %q, with %q: %s", v.Invariant, v.Step, v.Failures, v.Detail)
				}
				if len(v.Trace) == 0 || len(v.Failures) > 2 || v.Times == 0 {
					t.Errorf("%s is shown by %q, in %d moments, %d times", v.Detail, v.Failures, len(v.Trace), v.Times)
				}
			}
			for _, e := range expects {
				t.Errorf("not found: %+v", e)
			}
		})
	}
}

// Of runbooks that are sound a drill finds nothing, and covers all.
func TestSoundRunbooksAreNotAccused(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/sound/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("found %d runbooks: %v", len(paths), err)
	}
	for _, path := range paths {
		if strings.HasSuffix(path, ".test.yaml") {
			continue
		}
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			p := drilled(t, path, "", drill.Options{Pairs: drill.DefaultPairs})
			for _, v := range p.Violations {
				t.Errorf("%s of %q, with %q: %s", v.Invariant, v.Step, v.Failures, v.Detail)
			}
			for _, c := range p.Coverage {
				if c.Covered < c.Of {
					t.Errorf("%+v: %+v", c, p.Uncovered)
				}
			}
		})
	}
}

type expectation struct{ invariant, step, detail string }

func expected(t *testing.T, text string) []expectation {
	t.Helper()
	var found []expectation
	for line := range strings.Lines(text) {
		if after, ok := strings.CutPrefix(line, "# expects: "); ok {
			parts := strings.SplitN(strings.TrimSpace(after), " | ", 3)
			if len(parts) != 3 {
				t.Fatalf("%q is no expectation", line)
			}
			found = append(found, expectation{parts[0], strings.Trim(parts[1], "-"), parts[2]})
		}
	}
	if len(found) == 0 {
		t.Fatal("it expects nothing")
	}
	return found
}

// take takes an expectation that a violation meets out of a list.
func take(expects *[]expectation, v proof.Violation) bool {
	for i, e := range *expects {
		if e.invariant == v.Invariant && e.step == v.Step && strings.Contains(v.Detail, e.detail) {
			*expects = append((*expects)[:i:i], (*expects)[i+1:]...)
			return true
		}
	}
	return false
}

// What is left of a rehearsal by leaving out those that come to a known state, or that are made
// good as before, is all that there is: carried on to their ends, all of them show the same, and
// in no fewer steps.
func TestNothingIsMissedByWhatIsLeftOut(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/broken/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(paths, "../../runbooks/config-change.yaml") {
		if strings.HasSuffix(path, ".test.yaml") {
			continue
		}
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			options := drill.Options{Pairs: 1_000_000}
			inputs := inputsOf(strings.TrimSuffix(filepath.Base(path), ".yaml"))
			quick, whole := drilled(t, path, inputs, options), drilled(t, path, inputs, drill.Unmerged(options))
			if whole.Counts.Merged > 0 || whole.Counts.Rehearsals < quick.Counts.Rehearsals {
				t.Errorf("%d rehearsals with nothing left out, and %d otherwise", whole.Counts.Rehearsals, quick.Counts.Rehearsals)
			}
			for i, v := range whole.Violations {
				if i >= len(quick.Violations) {
					t.Errorf("missed: %s of %q, with %q: %s", v.Invariant, v.Step, v.Failures, v.Detail)
					continue
				}
				q := quick.Violations[i]
				if q.Detail != v.Detail || q.Step != v.Step || len(q.Failures) != len(v.Failures) || q.Events != v.Events {
					t.Errorf("%s %q in %d, and without leaving anything out %s %q in %d",
						q.Detail, q.Failures, q.Events, v.Detail, v.Failures, v.Events)
				}
			}
			for i, c := range whole.Coverage {
				if quick.Coverage[i] != c {
					t.Errorf("covered %+v, and without leaving anything out %+v", quick.Coverage[i], c)
				}
			}
		})
	}
}

// The number of rehearsals of all pairs of failures stays so small that those of 30 steps take
// seconds, whatever their shape, and are not bounded: BenchmarkDrill measures these.
func TestAllPairsTakeFewRehearsals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		most int
	}{
		"chain of 10":           {chain(10), 800},
		"chain of 30":           {chain(30), 3_000},
		"wide of 12":            {shapes(12)[1].of(12), 5_000},
		"two lanes of 6":        {shapes(12)[2].of(12), 2_000},
		"three lanes of 4":      {shapes(12)[3].of(12), 3_000},
		"layers of five":        {shapes(15)[4].of(15), 3_000},
		"loop of 30":            {loopOf(30, ""), 300},
		"loop of 30 in batches": {loopOf(30, steadily), 700},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := drill.Of(planOf(t, "drilled.yaml", c.text, ""), noSuppositions(), drill.Options{Pairs: 1_000_000})
			if p.Counts.Rehearsals > c.most || p.Counts.Pairs == 0 || len(p.Violations) > 0 {
				t.Errorf("at most %d rehearsals: %+v, %d violations", c.most, p.Counts, len(p.Violations))
			}
		})
	}
}

// A bound on the pairs is kept, and what it leaves out is said.
func TestPairsAreBounded(t *testing.T) {
	t.Parallel()
	p := planOf(t, "chain.yaml", chain(6), "")
	for pairs, says := range map[int]string{0: "as --pairs is 0", 7: "--pairs bounds them to 7"} {
		found := drill.Of(p, noSuppositions(), drill.Options{Pairs: pairs})
		if found.Counts.Pairs != pairs || !strings.Contains(strings.Join(found.Unexplored, "\n"), says) {
			t.Errorf("%d pairs: %+v\n%s", pairs, found.Counts, strings.Join(found.Unexplored, "\n"))
		}
	}
}

// A drill of one runbook finds the same each time.
func TestDrillsAreRepeatable(t *testing.T) {
	t.Parallel()
	p := planOf(t, "chain.yaml", checktest.Head+`onFailure: rollback
steps:
  - {id: a, needs: [], uses: exec, with: {command: [./a]}}
  - {id: b, needs: [], uses: exec, with: {command: [./b]}, rollback: {uses: exec, with: {command: [./c]}}}
  - {id: c, uses: exec, with: {command: [./c]}}
`, "")
	first := asJSON(t, drill.Of(p, noSuppositions(), drill.Options{Pairs: drill.DefaultPairs}))
	for range 3 {
		if again := asJSON(t, drill.Of(p, noSuppositions(), drill.Options{Pairs: drill.DefaultPairs})); again != first {
			t.Fatalf("%s\n\n%s", first, again)
		}
	}
}
