package drill_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/check/checktest"
	"github.com/gatebook/gatebook/engine/drill"
	"github.com/gatebook/gatebook/engine/drill/proof"
	"github.com/gatebook/gatebook/engine/drill/suppose"
	"github.com/gatebook/gatebook/engine/drill/world"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/source"
)

// planOf makes the plan of a runbook.
func planOf(tb testing.TB, name, text, inputs string) *plan.Plan {
	tb.Helper()
	gatebook, err := engine.New(engine.Config{Handlers: handlersOf(tb), State: tb.TempDir(), Version: "0.1.0", Files: checktest.Beside})
	if err != nil {
		tb.Fatal(err)
	}
	runbook, found := gatebook.Check(source.NewFile(name, []byte(text)))
	checktest.NoErrors(tb, found)
	made, found, err := gatebook.Plan(runbook, checktest.Given(inputs))
	checktest.NoErrors(tb, found)
	if err != nil {
		tb.Fatal(err)
	}
	return made.Plan
}

// drilled drills a runbook of a file, with the test file beside it where there is one.
func drilled(tb testing.TB, path, inputs string, options drill.Options) *proof.Proof {
	tb.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	made := planOf(tb, path, string(text), inputs)
	var supposed world.Supposed
	if test, err := os.ReadFile(suppose.FileName(path)); err == nil {
		read, found := suppose.Read(source.NewFile(suppose.FileName(path), test), made)
		checktest.NoErrors(tb, found)
		supposed = read
	}
	return drill.Of(made, supposed, options)
}

func noSuppositions() world.Supposed { return world.Supposed{} }

func asJSON(tb testing.TB, p *proof.Proof) string {
	tb.Helper()
	text, err := json.Marshal(p)
	if err != nil {
		tb.Fatal(err)
	}
	return string(text)
}

// inputsOf are the inputs that one of our runbooks needs.
func inputsOf(name string) string {
	return map[string]string{
		"config-change":  "file=a.conf\nkey=port\nvalue=80",
		"config-rollout": "files=[\"a.conf\",\"b.conf\"]\nkey=port\nvalue=80",
		"fleet-rollout":  "control=http://localhost:1\nrelease=1.1.0",
		"fleet-service":  "control=http://localhost:1\nrelease=1.1.0\nservice=web-1",
		"fleet-upgrade":  "control=http://localhost:1\nrelease=1.1.0",
		"window-upgrade": "image=web:2",
	}[name]
}

// Whoever copies one of our runbooks starts from one whose way back is proven.
func TestOurRunbooksDrillClean(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("../../runbooks/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("found %d runbooks: %v", len(paths), err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(path), ".yaml")
		if bytes.Contains(text, []byte("\nplugins:\n")) || strings.HasSuffix(name, ".test") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := drilled(t, path, inputsOf(name), drill.Options{Pairs: drill.DefaultPairs})
			t.Logf("%+v\n%+v\n%+v", p.Counts, p.Coverage, p.Uncovered)
			for _, v := range p.Violations {
				t.Errorf("%s of %s, with %q, %d times: %s", v.Invariant, v.Step, v.Failures, v.Times, v.Detail)
				for _, m := range v.Trace {
					t.Logf("%8s %-7s %s %s %s", m.After, m.Who, m.Step, m.Part, m.What)
				}
			}
		})
	}
}

// What a drill cannot count is said.
func TestLimitsThatNobodyCanCountAreSaid(t *testing.T) {
	t.Parallel()
	p := drilled(t, "testdata/sound/one-target.yaml", "", drill.Options{})
	if said := strings.Join(p.Unexplored, "\n"); !strings.Contains(said, "targets and costs") {
		t.Error(said)
	}
}

// What people wait for is told where they are asked: that nobody answered says too little.
func TestWhatPeopleWaitForIsTold(t *testing.T) {
	t.Parallel()
	p := drilled(t, "testdata/broken/approval-deadlock.yaml", "", drill.Options{})
	for _, v := range p.Violations {
		if !slices.ContainsFunc(v.Trace, func(m proof.Moment) bool { return strings.Contains(m.What, `it needs "report"`) }) {
			t.Errorf("%+v", v.Trace)
		}
	}
	if len(p.Violations) == 0 {
		t.Error("nothing was found")
	}
}

// A drill that is stopped has found what it came to until then, and counts what it did not.
func TestADrillThatIsStoppedSaysHowFarItCame(t *testing.T) {
	t.Parallel()
	p := planOf(t, "chain.yaml", chain(4), "")
	whole := drill.Of(p, noSuppositions(), drill.Options{Pairs: drill.DefaultPairs}).Counts
	for name, c := range map[string]struct {
		after int // so many runs
		says  string
	}{
		"as one thing goes wrong": {5, "were not rehearsed. Those in which two things go wrong were not counted."},
		"as two do":               {whole.Singles + 10, "The drill was called off: at most "},
		"at its end":              {whole.Rehearsals, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			last := drill.Progress{Failures: 1}
			found := drill.Of(p, noSuppositions(), drill.Options{Pairs: drill.DefaultPairs, Watch: func(now drill.Progress) error {
				if now.Done >= now.Of || now.Failures == last.Failures && now.Done < last.Done || now.Failures < last.Failures {
					t.Errorf("after %+v it is at %+v", last, now)
				}
				if last = now; now.Rehearsals == c.after {
					return errors.New("called off")
				}
				return nil
			}})
			said := strings.Join(found.Unexplored, "\n")
			if found.Counts.Rehearsals != c.after || (found.Stopped == "called off") != (c.says != "") || !strings.Contains(said, c.says) {
				t.Errorf("%+v, stopped: %q\n%s", found.Counts, found.Stopped, said)
			}
		})
	}
}
