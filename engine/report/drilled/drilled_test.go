package drilled_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/drill/proof"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/drilled"
	"github.com/gatebook/gatebook/engine/report/layout"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// proven is a proof with all that there may be in one.
func proven() *proof.Proof {
	return &proof.Proof{
		Format: proof.Format, Runbook: proof.Runbook{Name: "web", Version: "1.0.0", File: "web.yaml"},
		Bounds: proof.Bounds{Failures: 2, Pairs: 20}, Counts: proof.Counts{Rehearsals: 31, Singles: 10, Pairs: 20},
		Coverage:  []proof.Coverage{{What: "steps", Covered: 2, Of: 2}, {What: "rollbacks", Covered: 0, Of: 1}},
		Uncovered: []proof.Uncovered{{What: "rollback", Step: "change", Why: "No rehearsal took it back."}},
		Violations: []proof.Violation{
			{
				Invariant: "way back", Says: "where no rollback fails, all that was changed is taken back", Step: "change", At: "web.yaml:5:5",
				Detail: "It could not be taken back: it needs \"a; b\", which is not there.", Failures: []string{"change: timeout", "the run has paused: taken back by hand"}, Times: 3,
				Trace: []proof.Moment{
					{Who: "run", Step: "change", Part: event.Do, What: "begins exec"},
					{After: time.Second, Who: "world", Step: "change", Part: event.Do, What: "timeout: it did not answer in time", Wrong: true},
					{After: time.Second, Who: "people", What: "have it taken back", Wrong: true},
					{After: 90 * time.Second, Who: "people", Step: "ask", What: "say no"},
					{After: 90 * time.Second, Who: "world", What: "gatebook dies, and is started again"},
					{After: 90 * time.Second, Who: "run", Step: "change", Part: event.Undo, What: "is taken back by exec"},
					{After: 2 * time.Minute, Who: "run", What: "ends as stuck"},
				},
			},
			{Invariant: "goal", Says: "where nothing goes wrong, the run succeeds", Detail: "It fails.", Failures: []string{}, Times: 1},
		},
		Unexplored: []string{"Three failures and more in one run were not explored."},
	}
}

func TestWhatWasFoundIsTold(t *testing.T) {
	t.Parallel()
	sound := proven()
	sound.Violations, sound.Uncovered = nil, nil
	stopped := *sound
	stopped.Stopped = "stopped by the signal interrupt"
	for name, write := range map[string]func(*bytes.Buffer) error{
		"text":          func(b *bytes.Buffer) error { return drilled.Text(b, proven(), layout.Style{Columns: 60}) },
		"sound":         func(b *bytes.Buffer) error { return drilled.Text(b, sound, layout.Style{}) },
		"stopped":       func(b *bytes.Buffer) error { return drilled.Text(b, &stopped, layout.Style{Columns: 60}) },
		"mermaid":       func(b *bytes.Buffer) error { return drilled.Mermaid(b, proven()) },
		"sound-mermaid": func(b *bytes.Buffer) error { return drilled.Mermaid(b, sound) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got bytes.Buffer
			if err := write(&got); err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", name+".txt")
			if *update {
				if err := os.WriteFile(golden, got.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What a runbook says cannot steer a terminal, and stays on its line.
func TestWhatARunbookSaysIsHarmless(t *testing.T) {
	t.Parallel()
	p := proven()
	p.Violations[0].Detail = "It is \x1b[31mred\nand more."
	p.Violations[0].Trace[1].What = "timeout: \x1b]0;hello\x07 it did\nnot answer"
	for name, write := range map[string]func(*bytes.Buffer) error{
		"text":    func(b *bytes.Buffer) error { return drilled.Text(b, p, layout.Style{}) },
		"mermaid": func(b *bytes.Buffer) error { return drilled.Mermaid(b, p) },
	} {
		var got bytes.Buffer
		if err := write(&got); err != nil {
			t.Fatal(err)
		}
		if text := got.String(); strings.ContainsAny(text, "\x1b\x07") || !strings.Contains(text, "It is red and more.") || !strings.Contains(text, "it did not answer") {
			t.Errorf("%s: %q", name, text)
		}
	}
}

// Of many instances those are told in which something goes wrong, the one that it is about, and
// a few that stand for the others.
func TestOfManyInstancesAFewAreTold(t *testing.T) {
	t.Parallel()
	var trace []proof.Moment
	for i := range 200 {
		for _, what := range []string{"begins exec", "is succeeded"} {
			trace = append(trace, proof.Moment{Who: "run", Step: event.InstanceID("drain", fmt.Sprint(i)), What: what, Wrong: i == 77})
		}
	}
	p := &proof.Proof{Violations: []proof.Violation{{Says: "it holds", Step: event.InstanceID("drain", "9"), Failures: []string{}, Trace: trace}}}
	var text, sequence bytes.Buffer
	if err := drilled.Text(&text, p, layout.Style{}); err != nil {
		t.Fatal(err)
	}
	if err := drilled.Mermaid(&sequence, p); err != nil {
		t.Fatal(err)
	}
	for _, got := range []string{text.String(), sequence.String()} {
		for i := range 200 {
			id := event.InstanceID("drain", fmt.Sprint(i))
			if shown := strings.Contains(got, id+" begins"); shown != slices.Contains([]int{0, 1, 9, 77, 199}, i) {
				t.Errorf("%s is shown: %t", id, shown)
			}
		}
		if !strings.Contains(got, "195 more instances of drain, in which nothing goes wrong") {
			t.Error(got)
		}
	}
}

// Colours say nothing that is not said without them.
func TestColoursAreAllThatAStyleAdds(t *testing.T) {
	t.Parallel()
	var plain, coloured bytes.Buffer
	for b, style := range map[*bytes.Buffer]layout.Style{&plain: {}, &coloured: {Colour: true}} {
		if err := drilled.Text(b, proven(), style); err != nil {
			t.Fatal(err)
		}
	}
	text := coloured.String()
	for _, code := range []string{"0", "1", "31", "32"} {
		text = strings.ReplaceAll(text, "\x1b["+code+"m", "")
	}
	if text != plain.String() || coloured.Len() == plain.Len() {
		t.Error(cmp.Diff(plain.String(), text))
	}
}
