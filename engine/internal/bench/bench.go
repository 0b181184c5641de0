package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gatebook/gatebook/engine/internal/shape"
)

// bench measures one gatebook program.
type bench struct {
	gatebook string
	dir      string
	rounds   int
	out      io.Writer // progress
}

// report measures everything that the page tells.
func (b *bench) report(ctx context.Context, packages string) (report, error) {
	var r report
	for _, part := range []struct {
		name    string
		measure func(context.Context, *report) error
	}{
		{"beside GNU make", b.besideMake},
		{"start-up", b.startUp},
		{"by shape and size", b.shapes},
		{"plans by format", b.plans},
	} {
		fmt.Fprintf(b.out, "measuring %s\n", part.name)
		if err := part.measure(ctx, &r); err != nil {
			return report{}, fmt.Errorf("measure %s: %w", part.name, err)
		}
	}
	if packages != "" {
		fmt.Fprintln(b.out, "measuring the packages' benchmarks")
		found, err := runBenchmarks(ctx, packages, b.out)
		if err != nil {
			return report{}, err
		}
		r.inside = found
	}
	r.machine = describeMachine(ctx, b.rounds)
	return r, nil
}

// besideMake runs the same work under GNU make and under gatebook, which keeps its
// durable journal all the while.
func (b *bench) besideMake(ctx context.Context, r *report) error {
	for _, one := range []struct {
		name    string
		shape   shape.Shape
		steps   int
		jobs    int
		allowed float64
	}{
		{"200 × `true`, one after the other", shape.Chain, 200, 1, 2},
		{"1,000 × `true`, 16 at a time", shape.Wide, 1000, 16, 1.5},
	} {
		makefile, err := b.write("make.mk", makefileOf(one.shape, one.steps))
		if err != nil {
			return err
		}
		runbook, err := b.write("make.yaml", shape.Runbook(one.shape, one.steps, shape.True))
		if err != nil {
			return err
		}
		medians, err := alternate(ctx, b.rounds,
			contestant{argv: []string{"make", "--silent", "--no-print-directory", "--jobs", strconv.Itoa(one.jobs), "--file", makefile}},
			b.run(runbook, one.jobs))
		if err != nil {
			return err
		}
		r.beside = append(r.beside, beside{name: one.name, make: medians[0], gatebook: medians[1], allowed: one.allowed})
	}
	return nil
}

// startUp measures what every command pays.
func (b *bench) startUp(ctx context.Context, r *report) error {
	small, err := b.write("small.yaml", shape.Runbook(shape.Chain, 3, shape.Nothing))
	if err != nil {
		return err
	}
	medians, err := alternate(ctx, 3*b.rounds,
		contestant{argv: []string{b.gatebook, "version"}},
		contestant{argv: []string{b.gatebook, "check", small}})
	if err != nil {
		return err
	}
	binary, err := os.Stat(b.gatebook)
	if err != nil {
		return err
	}
	r.version, r.small, r.binary = medians[0], medians[1], binary.Size()
	return nil
}

// shapes measures check, plan and run of every shape, with steps that do nothing.
func (b *bench) shapes(ctx context.Context, r *report) error {
	for _, s := range shape.All() {
		for _, steps := range []int{100, 1000, 10_000} {
			fmt.Fprintf(b.out, "  %s of %d\n", s, steps)
			file, err := b.write("shape.yaml", shape.Runbook(s, steps, shape.Nothing))
			if err != nil {
				return err
			}
			medians, err := alternate(ctx, min(b.rounds, 3),
				contestant{argv: []string{b.gatebook, "check", file}},
				contestant{argv: []string{b.gatebook, "plan", file}},
				b.run(file, 16))
			if err != nil {
				return err
			}
			r.shapes = append(r.shapes, sized{
				shape: s, steps: steps, edges: shape.Edges(s, steps), check: medians[0], plan: medians[1], run: medians[2],
			})
		}
	}
	return nil
}

// plans measures how plans are written whose steps are taken back: with each step, what is
// done where it fails is worked out.
func (b *bench) plans(ctx context.Context, r *report) error {
	for _, s := range []shape.Shape{shape.Chain, shape.Wide, shape.Layered} {
		for _, of := range []struct {
			steps   int
			formats []string
		}{
			{1000, []string{"text", "markdown", "html", "svg", "json"}},
			{10_000, []string{"text"}},
		} {
			fmt.Fprintf(b.out, "  %s of %d\n", s, of.steps)
			file, err := b.write("plan.yaml", shape.Runbook(s, of.steps, shape.Undone))
			if err != nil {
				return err
			}
			var contestants []contestant
			for _, format := range of.formats {
				contestants = append(contestants, contestant{argv: []string{b.gatebook, "plan", file, "--format", format}})
			}
			medians, err := alternate(ctx, min(b.rounds, 3), contestants...)
			if err != nil {
				return err
			}
			for i, format := range of.formats {
				r.plans = append(r.plans, written{shape: s, steps: of.steps, format: format, cost: medians[i]})
			}
		}
	}
	return nil
}

// run is gatebook running a runbook, each time with an empty state.
func (b *bench) run(runbook string, parallelism int) contestant {
	state := filepath.Join(b.dir, "state")
	return contestant{
		argv:    []string{b.gatebook, "run", runbook, "--yes", "--parallelism", strconv.Itoa(parallelism), "--state", state},
		prepare: func() error { return os.RemoveAll(state) },
	}
}

func (b *bench) write(name string, text []byte) (string, error) {
	path := filepath.Join(b.dir, name)
	return path, os.WriteFile(path, text, 0o644)
}

// makefileOf writes the same steps for make. It runs `true` itself, without a shell.
func makefileOf(s shape.Shape, steps int) []byte {
	var b strings.Builder
	b.WriteString("all:")
	for i := range steps {
		fmt.Fprintf(&b, " s%d", i)
	}
	b.WriteString("\n")
	for i := range steps {
		fmt.Fprintf(&b, "s%d:", i)
		for _, need := range shape.Needs(s, steps, i) {
			fmt.Fprintf(&b, " s%d", need)
		}
		b.WriteString("\n\t@true\n")
	}
	return []byte(b.String())
}
