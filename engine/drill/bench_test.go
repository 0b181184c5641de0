package drill_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/check/checktest"
	"github.com/gatebook/gatebook/engine/drill"
	"github.com/gatebook/gatebook/engine/drill/world"
)

// shape is how the steps of a runbook stand to each other: what each of them waits for.
type shape struct {
	name  string
	needs func(i int) string // in the words of the file; empty: for the step before it
}

// shapes are those that runbooks have: one after the other, side by side, lanes of which none
// waits for another, and layers of which each waits for the whole one before it.
func shapes(steps int) []shape {
	return []shape{
		{"chain", func(int) string { return "" }},
		{"wide", func(int) string { return "[]" }},
		{"two lanes", func(i int) string { return lane(i, steps/2) }},
		{"three lanes", func(i int) string { return lane(i, steps/3) }},
		{"layers of five", func(i int) string { return layer(i, 5) }},
	}
}

func lane(i, long int) string {
	if i%long == 0 {
		return "[]"
	}
	return ""
}

func layer(i, wide int) string {
	var before []string
	for k := range wide {
		if first := i - i%wide - wide; first >= 0 {
			before = append(before, fmt.Sprint("s", first+k))
		}
	}
	return "[" + strings.Join(before, ", ") + "]"
}

// of is a runbook of so many steps, as people write them: in three of four something is changed
// that has a way back, every fourth only looks, and each that changes something has a gate and a
// verify.
func (s shape) of(steps int) string {
	var b strings.Builder
	b.WriteString(checktest.Head + "onFailure: rollback\nsteps:\n")
	for i := range steps {
		fmt.Fprintf(&b, "  - id: s%d\n", i)
		if needs := s.needs(i); needs != "" {
			fmt.Fprintf(&b, "    needs: %s\n", needs)
		}
		if i%4 == 0 {
			b.WriteString("    uses: http.check\n    with: {url: \"http://localhost/\"}\n")
			continue
		}
		b.WriteString(changing(fmt.Sprint(i), i%2 == 0))
	}
	b.WriteString("finally:\n  - {id: tell, uses: http.check, with: {url: \"http://localhost/\"}}\n")
	return b.String()
}

// changing is a step that changes something, with a gate, a verify and a way back.
func changing(what string, idempotent bool) string {
	return fmt.Sprintf(`    uses: exec
    with: {command: [./do, "%[1]s"], idempotent: %t}
    gate: {observe: {uses: http.check, with: {url: "http://localhost/"}}, expr: observed.status == 200}
    verify: {observe: {uses: http.check, with: {url: "http://localhost/"}}, expr: observed.status == 200, within: 1m}
    rollback: {uses: exec, with: {command: [./undo, "%[1]s"], idempotent: true}}
`, what, idempotent)
}

// chain is a runbook of so many steps, one after the other.
func chain(steps int) string { return shapes(steps)[0].of(steps) }

// loopOf is a runbook with one step that is done for so many, in two batches or all at once.
func loopOf(instances int, batch string) string {
	items := make([]string, instances)
	for i := range items {
		items[i] = fmt.Sprint("n", i)
	}
	return checktest.Head + "onFailure: rollback\nsteps:\n  - id: each_node\n    foreach: [" + strings.Join(items, ", ") + "]\n" + batch +
		changing("${{ each.value }}", false)
}

// steadily is how a loop goes in ever larger batches.
const steadily = "    batch: {sizes: [1, 10%, 50%, 100%]}\n"

// BenchmarkDrill drills runbooks of each shape with all pairs of failures.
func BenchmarkDrill(b *testing.B) {
	type drilled struct{ name, text string }
	all := []drilled{{"chain/10", chain(10)}, {"chain/100", chain(100)}, {"loop/30", loopOf(30, "")}, {"loop in batches/30", loopOf(30, steadily)}}
	for _, s := range shapes(30) {
		all = append(all, drilled{s.name + "/30", s.of(30)})
	}
	for _, of := range all {
		b.Run(of.name, func(b *testing.B) {
			p := planOf(b, "drilled.yaml", of.text, "")
			for b.Loop() {
				proof := drill.Of(p, world.Supposed{}, drill.Options{Pairs: drill.DefaultPairs})
				if len(proof.Violations) > 0 || proof.Counts.Pairs == drill.DefaultPairs {
					b.Fatalf("%+v, %d violations", proof.Counts, len(proof.Violations))
				}
				b.ReportMetric(float64(proof.Counts.Rehearsals), "rehearsals")
				b.ReportMetric(float64(proof.Counts.Merged), "merged")
				b.ReportMetric(float64(proof.Counts.Alike), "alike")
			}
		})
	}
}
