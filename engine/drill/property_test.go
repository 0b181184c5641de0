package drill_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/check/checktest"
	"github.com/gatebook/gatebook/engine/drill"
	"github.com/gatebook/gatebook/engine/drill/proof"
	"github.com/gatebook/gatebook/engine/drill/world"
	"github.com/gatebook/gatebook/engine/internal/tally"
)

// drawn draws a small runbook with what may go wrong in one, and what is supposed of it.
func drawn(t *rapid.T) (text string, supposed world.Supposed) {
	var b strings.Builder
	policies := []string{"rollback", "rollback", "stop", "pause"}
	fmt.Fprintf(&b, "%sonFailure: %s\nsteps:\n", checktest.Head, rapid.SampledFrom(policies).Draw(t, "onFailure"))
	supposed.Steps = make(map[string]world.Step)
	read := "" // what may be read, as a step before returns it
	for i := range rapid.IntRange(1, 3).Draw(t, "steps") {
		id := fmt.Sprintf("s%d", i)
		fmt.Fprintf(&b, "  - id: %s\n", id)
		if rapid.Bool().Draw(t, "side by side") {
			b.WriteString("    needs: []\n")
		}
		if drawStep(t, &b, read) {
			read = id
		}
		var step world.Step
		thing := []string{"thing"}
		for _, list := range []*[]string{&step.Provides, &step.Removes, &step.BackNeeds, &step.Takes, &step.Releases, &step.Needs} {
			if rapid.IntRange(0, 3).Draw(t, "supposed") == 0 {
				*list = thing
			}
		}
		supposed.Steps[id] = step
	}
	if rapid.Bool().Draw(t, "finally") {
		b.WriteString("finally:\n  - {id: tell, uses: exec.check, with: {command: [./tell]}}\n")
		if rapid.Bool().Draw(t, "finally changes") {
			b.WriteString("  - {id: write, uses: exec, with: {command: [./write]}}\n")
		}
	}
	return b.String(), supposed
}

// drawStep draws a step, which may read what another returns, and reports whether it is one itself
// that can be read.
func drawStep(t *rapid.T, b *strings.Builder, read string) (returns bool) {
	switch rapid.IntRange(0, 6).Draw(t, "kind") {
	case 0:
		b.WriteString("    uses: exec.check\n    with: {command: [./look]}\n")
	case 1:
		b.WriteString("    uses: approve\n    with: {message: go on}\n")
	case 2:
		b.WriteString("    uses: manual\n    with: {instructions: do it}\n    rollback: {uses: manual, with: {instructions: take it back}}\n")
	case 3:
		b.WriteString("    uses: exec\n    with: {command: [./do]}\n    foreach: ${{ [1, 2] }}\n    rollback: {uses: exec, with: {command: [./undo]}}\n")
		fmt.Fprintf(b, "    batch: {sizes: [%d], maxFailures: %d}\n", rapid.IntRange(1, 2).Draw(t, "size"), rapid.IntRange(0, 1).Draw(t, "failures"))
	default:
		returns = true
		b.WriteString("    uses: exec\n    with: {command: [./do]}\n")
		if rapid.IntRange(0, 3).Draw(t, "rollback") > 0 {
			undo := "./undo"
			if read != "" && rapid.Bool().Draw(t, "reads") {
				undo = fmt.Sprintf("${{ steps.%s.outputs.stdout }}", read)
			}
			fmt.Fprintf(b, "    rollback: {uses: exec, with: {command: [%q]}, retry: {attempts: %d}}\n", undo, rapid.IntRange(1, 2).Draw(t, "undos"))
		}
		if rapid.Bool().Draw(t, "retry") {
			b.WriteString("    retry: {attempts: 2}\n")
		}
	}
	observe := "{observe: {uses: exec.check, with: {command: [./look]}}, expr: observed.exitCode == 0"
	if rapid.IntRange(0, 2).Draw(t, "gate") == 0 {
		fmt.Fprintf(b, "    gate: %s}\n", observe)
	}
	if rapid.IntRange(0, 2).Draw(t, "verify") == 0 {
		fmt.Fprintf(b, "    verify: %s, within: 10s}\n", observe)
	}
	if rapid.IntRange(0, 3).Draw(t, "continue") == 0 {
		fmt.Fprintf(b, "    onFailure: %s\n", rapid.SampledFrom([]string{"continue", "pause", "stop", "rollback"}).Draw(t, "policy"))
	}
	return returns
}

// faultsOf are what a drill found, with how much it takes to show it.
func faultsOf(p *proof.Proof) []string {
	var found []string
	for _, v := range p.Violations {
		found = append(found, fmt.Sprintf("%s of %q with %d failures in %d events: %s", v.Invariant, v.Step, len(v.Failures), v.Events, v.Detail))
	}
	slices.Sort(found)
	return found
}

// Whatever the runbook, leaving out what is known misses nothing, and shows nothing in more steps.
func TestWhatIsLeftOutIsKnown(t *testing.T) {
	t.Parallel()
	tally.Check(t, func(t *rapid.T, told tally.Tally) {
		text, supposed := drawn(t)
		p := planOf(&drawing{t: t}, "drawn.yaml", text, "")
		options := drill.Options{Pairs: 400}
		quick, whole := drill.Of(p, supposed, options), drill.Of(p, supposed, drill.Unmerged(options))
		if whole.Counts.Pairs == options.Pairs {
			t.Skip("too many pairs to rehearse all")
		}
		if got, want := faultsOf(quick), faultsOf(whole); !slices.Equal(got, want) {
			t.Fatalf("%s\ngot\n%s\nwant\n%s", text, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if !slices.Equal(quick.Coverage, whole.Coverage) {
			t.Fatalf("%s\ngot %+v, want %+v", text, quick.Coverage, whole.Coverage)
		}
		for _, v := range quick.Violations {
			told[v.Invariant]++
			if slices.Contains([]string{"ends", "gate", "accounted", "finally"}, v.Invariant) {
				t.Fatalf("%s\nwhatever the runbook, the machine sees to it: %s, with %q", text, v.Detail, v.Failures)
			}
		}
		if quick.Counts.Merged > 0 && quick.Counts.Alike > 0 {
			told["left out"]++
		}
	}, "left out", "way back", "locks")
}

// drawing lets a property be a test to those who make plans.
type drawing struct {
	testing.TB
	t *rapid.T
}

func (d *drawing) Helper()                   {}
func (d *drawing) TempDir() string           { return "unused" }
func (d *drawing) Fatal(args ...any)         { d.t.Fatal(args...) }
func (d *drawing) Fatalf(f string, a ...any) { d.t.Fatalf(f, a...) }
