package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/internal/shape"
)

var update = flag.Bool("update", false, "write the golden files anew")

// made is a report with round numbers, in which three budgets are exceeded.
func made() report {
	cost := func(ms, mb int) sample {
		return sample{wall: time.Duration(ms) * time.Millisecond, cpu: time.Duration(ms) * time.Millisecond, memory: int64(mb) << 20}
	}
	return report{
		machine: "Measured on paper.",
		beside: []beside{
			{name: "a chain", make: cost(300, 2), gatebook: cost(450, 30), allowed: 2},
			{name: "a wide layer", make: cost(700, 2), gatebook: cost(1400, 30), allowed: 1.5},
		},
		version: cost(8, 20), small: cost(12, 25), binary: 30 << 20,
		shapes: []sized{
			{shape: shape.Layered, steps: 1000, edges: 2700, check: cost(20, 40), plan: cost(30, 50), run: cost(80, 60)},
			{shape: shape.Layered, steps: 10_000, edges: 29_700, check: cost(200, 140), plan: cost(300, 150), run: cost(500, 200)},
		},
		plans: []written{
			{shape: shape.Chain, steps: 1000, format: "text", cost: cost(100, 50)},
			{shape: shape.Chain, steps: 1000, format: "html", cost: cost(1100, 90)},
			{shape: shape.Chain, steps: 1000, format: "json", cost: cost(2000, 70)},
			{shape: shape.Chain, steps: 10_000, format: "text", cost: cost(1300, 250)},
		},
		inside: []benchmark{{room: "engine/dag", name: "Sort/1000", time: 41_500, bytes: 20_480, allocs: 1003}},
	}
}

func TestPageSaysWhatWasMeasured(t *testing.T) {
	t.Parallel()
	golden := filepath.Join("testdata", "page.md")
	got := made().markdown()
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestExceededBudgetsAreErrors(t *testing.T) {
	t.Parallel()
	var got []string
	for _, err := range made().exceeded() {
		got = append(got, err.Error())
	}
	want := []string{
		"a wide layer, beside GNU make: 2.00 ×, allowed 1.5 ×",
		"chain, 1,000 steps: plan as html: 1.10 s, allowed 1.00 s",
		"chain, 10,000 steps: plan as text: processor time, beside a tenth of it: 13.0 ×, allowed 12.0 ×",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestBetweenReplacesOnlyWhatIsBetween(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ page, want, fault string }{
		"empty":    {"# A\n" + begin + end + "B\n", "# A\n" + begin + "\nnew\n" + end + "B\n", ""},
		"again":    {"# A\n" + begin + "\nold\n" + end + "B\n", "# A\n" + begin + "\nnew\n" + end + "B\n", ""},
		"no begin": {"# A\n", "", "there is no line"},
		"no end":   {"# A\n" + begin, "", "there is no line"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := between(test.page, "new")
			if got != test.want || (err != nil) != (test.fault != "") || err != nil && !strings.Contains(err.Error(), test.fault) {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func TestBenchmarksAreReadFromGoTest(t *testing.T) {
	t.Parallel()
	out := `goos: linux
pkg: github.com/gatebook/gatebook/engine/dag
BenchmarkSort/chain-1000-2         	    1000	     40000 ns/op	   16384 B/op	      12 allocs/op
PASS
ok  	github.com/gatebook/gatebook/engine/dag	0.3s
pkg: github.com/gatebook/gatebook/steps
BenchmarkExec    	     500	   1200000 ns/op	 12.5 MB/s	    2048 B/op	      30 allocs/op
`
	want := []benchmark{
		{room: "engine/dag", name: "Sort/chain-1000", time: 40 * time.Microsecond, bytes: 16384, allocs: 12},
		{room: "steps", name: "Exec", time: 1200 * time.Microsecond, bytes: 2048, allocs: 30},
	}
	if diff := cmp.Diff(want, parseBenchmarks([]byte(out)), cmp.AllowUnexported(benchmark{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestProcessIsMeasured(t *testing.T) {
	t.Parallel()
	prepared := 0
	medians, err := alternate(t.Context(), 3,
		contestant{argv: []string{"true"}, prepare: func() error { prepared++; return nil }},
		contestant{argv: []string{"sleep", "0.02"}})
	if err != nil {
		t.Fatal(err)
	}
	if prepared != 4 {
		t.Errorf("prepared %d times, want 4: three rounds and one to warm up", prepared)
	}
	if medians[1].wall < 20*time.Millisecond || medians[0].memory == 0 {
		t.Errorf("got %+v", medians)
	}
	if _, err := alternate(t.Context(), 1, contestant{argv: []string{"false"}}); err == nil {
		t.Error("a command that fails is not an error")
	}
}

func TestMakefileHasTheSameSteps(t *testing.T) {
	t.Parallel()
	want := "all: s0 s1\ns0:\n\t@true\ns1: s0\n\t@true\n"
	if got := string(makefileOf(shape.Chain, 2)); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
