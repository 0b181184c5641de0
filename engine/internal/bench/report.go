package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gatebook/gatebook/engine/internal/shape"
)

// Budgets that are not ratios to GNU make.
const (
	maxStart   = 40 * time.Millisecond
	maxBinary  = 40 << 20
	maxPerStep = 50 * time.Microsecond // of processor time, beyond the plan, with steps that do nothing
	maxGrowth  = 12.0                  // from 1,000 to 10,000 steps
	maxStatic  = time.Second           // check and plan of 10,000 steps together
	maxMemory  = 300 << 20
	maxPage    = time.Second // a plan of 1,000 steps, as people read it
)

// report is everything that was measured.
type report struct {
	machine        string
	beside         []beside
	version, small sample
	binary         int64
	shapes         []sized
	plans          []written
	inside         []benchmark
}

// beside is the same work under both programs.
type beside struct {
	name           string
	make, gatebook sample
	allowed        float64
}

// sized is one shape in one size.
type sized struct {
	shape            shape.Shape
	steps, edges     int
	check, plan, run sample
}

// written is a plan in one format.
type written struct {
	shape  shape.Shape
	steps  int
	format string
	cost   sample
}

// A budget is something measured that has a limit.
type budget struct {
	name     string
	measured string
	allowed  string
	kept     bool
}

// budgets holds everything measured against its limit.
func (r report) budgets() []budget {
	var all []budget
	for _, b := range r.beside {
		ratio := float64(b.gatebook.wall) / float64(b.make.wall)
		all = append(all, budget{
			name:     b.name + ", beside GNU make",
			measured: fmt.Sprintf("%.2f ×", ratio), allowed: fmt.Sprintf("%g ×", b.allowed), kept: ratio <= b.allowed,
		})
	}
	all = append(all,
		atMost("`gatebook version`", r.version.wall, maxStart, duration),
		atMost("`gatebook check` of three steps", r.small.wall, maxStart, duration),
		atMost("the program's size", r.binary, maxBinary, megabytes))
	for _, large := range r.shapes {
		small, ok := r.tenth(large)
		if !ok {
			continue
		}
		name := string(large.shape) + ", " + thousands(large.steps) + " steps: "
		all = append(all, atMost(name+"run, beside a tenth of it",
			float64(large.run.wall)/float64(small.run.wall), growth(large, small), ratio))
		if large.shape == shape.AllToAll {
			continue // its cost is that of its edges, which the growth bounds
		}
		all = append(all,
			atMost(name+"processor time of running one more step", perStep(large, small), maxPerStep, duration),
			atMost(name+"check and plan", large.check.wall+large.plan.wall, maxStatic, duration),
			atMost(name+"memory of check and plan", max(large.check.memory, large.plan.memory), int64(maxMemory), megabytes))
	}
	return append(all, r.planBudgets()...)
}

// planBudgets holds plans against their limits.
func (r report) planBudgets() []budget {
	var all []budget
	text := map[shape.Shape]time.Duration{} // the processor's, of 1,000 steps
	for _, p := range r.plans {
		name := string(p.shape) + ", " + thousands(p.steps) + " steps: plan as " + p.format
		switch {
		case p.steps > 1000:
			all = append(all, atMost(name+": processor time, beside a tenth of it", float64(p.cost.cpu)/float64(text[p.shape]), maxGrowth, ratio))
		case p.format == "text", p.format == "html":
			all = append(all, atMost(name, p.cost.wall, maxPage, duration))
		}
		if p.steps == 1000 && p.format == "text" {
			text[p.shape] = p.cost.cpu
		}
	}
	return all
}

// tenth finds the same shape at 1,000 steps, for one of 10,000.
func (r report) tenth(large sized) (sized, bool) {
	for _, small := range r.shapes {
		if small.shape == large.shape && small.steps*10 == large.steps && small.steps >= 1000 {
			return small, true
		}
	}
	return sized{}, false
}

// growth is how much longer the large one may take: maxGrowth for ten times the
// steps; where edges are the cost, as much more as they grew more than that.
func growth(large, small sized) float64 {
	if large.shape != shape.AllToAll {
		return maxGrowth
	}
	return maxGrowth / 10 * float64(large.edges) / float64(small.edges)
}

// perStep is what running one more step costs, beyond planning it, and without what
// starting and ending the process costs.
func perStep(large, small sized) time.Duration {
	running := (large.run.cpu - large.plan.cpu) - (small.run.cpu - small.plan.cpu)
	return running / time.Duration(large.steps-small.steps)
}

func atMost[T int64 | float64 | time.Duration](name string, measured, allowed T, format func(T) string) budget {
	return budget{name: name, measured: format(measured), allowed: format(allowed), kept: measured <= allowed}
}

// exceeded returns an error for each budget that is not kept.
func (r report) exceeded() []error {
	var errs []error
	for _, b := range r.budgets() {
		if !b.kept {
			errs = append(errs, fmt.Errorf("%s: %s, allowed %s", b.name, b.measured, b.allowed))
		}
	}
	return errs
}

// markdown renders the tables.
func (r report) markdown() string {
	var b strings.Builder
	b.WriteString(r.machine + "\n")

	b.WriteString("\n### Beside GNU make\n\n| work | GNU make | gatebook, with its journal | processor time | |\n| --- | --: | --: | --: | --: |\n")
	for _, one := range r.beside {
		fmt.Fprintf(&b, "| %s | %s | %s | %s, %s | %.2f × |\n", one.name, duration(one.make.wall), duration(one.gatebook.wall),
			duration(one.make.cpu), duration(one.gatebook.cpu), float64(one.gatebook.wall)/float64(one.make.wall))
	}

	b.WriteString("\n### By shape and size, with steps that do nothing\n\n" +
		"| shape | steps | edges | check | plan | run | processor time of run | peak memory of run |\n| --- | --: | --: | --: | --: | --: | --: | --: |\n")
	for _, s := range r.shapes {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", s.shape, thousands(s.steps), thousands(s.edges),
			duration(s.check.wall), duration(s.plan.wall), duration(s.run.wall), duration(s.run.cpu), megabytes(s.run.memory))
	}

	b.WriteString("\n### Plans by format, of steps that are taken back\n\n" +
		"| shape | steps | format | time | processor time | peak memory |\n| --- | --: | --- | --: | --: | --: |\n")
	for _, p := range r.plans {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", p.shape, thousands(p.steps), p.format, duration(p.cost.wall), duration(p.cost.cpu), megabytes(p.cost.memory))
	}

	b.WriteString("\n### Budgets\n\n| what | measured | allowed | |\n| --- | --: | --: | --- |\n")
	for _, one := range r.budgets() {
		verdict := "kept"
		if !one.kept {
			verdict = "**exceeded**"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", one.name, one.measured, one.allowed, verdict)
	}

	if len(r.inside) > 0 {
		b.WriteString("\n### Inside the packages\n\nEach once, to show how cost grows; to compare two versions see below.\n\n| benchmark | time | memory | allocations |\n| --- | --: | --: | --: |\n")
		for _, one := range r.inside {
			fmt.Fprintf(&b, "| %s %s | %s | %s | %s |\n", one.room, one.name, duration(one.time), bytesOf(one.bytes), thousands(one.allocs))
		}
	}
	return b.String()
}

func ratio(f float64) string { return fmt.Sprintf("%.1f ×", f) }

func duration(d time.Duration) string {
	switch {
	case d < 10*time.Microsecond:
		return fmt.Sprintf("%.2f µs", float64(d)/1e3)
	case d < time.Millisecond:
		return fmt.Sprintf("%.0f µs", float64(d)/1e3)
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d)/1e6)
	case d < time.Second:
		return fmt.Sprintf("%.0f ms", float64(d)/1e6)
	default:
		return fmt.Sprintf("%.2f s", d.Seconds())
	}
}

func megabytes(n int64) string { return fmt.Sprintf("%.0f MB", float64(n)/(1<<20)) }

func bytesOf(n int) string {
	switch {
	case n < 10<<10:
		return thousands(n) + " B"
	case n < 10<<20:
		return thousands(n>>10) + " KB"
	default:
		return thousands(n>>20) + " MB"
	}
}

// thousands writes a number with commas.
func thousands(n int) string {
	digits := strconv.Itoa(n)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}
