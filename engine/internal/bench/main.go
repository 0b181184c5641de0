package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures everything, writes the page, and fails when a budget is exceeded.
func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	program := flags.String("gatebook", "bin/gatebook", "the gatebook `program`")
	page := flags.String("page", "docs/performance.md", "the `file` that holds the tables")
	work := flags.String("work", ".bench", "a `directory` on the disk to measure, not in memory")
	rounds := flags.Int("rounds", 7, "how often each thing is measured")
	packages := flags.String("packages", "./...", "whose benchmarks to run; empty: none")
	if err := flags.Parse(args); err != nil {
		return err
	}
	binary, err := filepath.Abs(*program)
	if err != nil {
		return err
	}
	dir, err := filepath.Abs(*work)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	bench := &bench{gatebook: binary, dir: dir, rounds: *rounds, out: out}
	report, err := bench.report(ctx, *packages)
	if err != nil {
		return err
	}
	if err := writeBetween(*page, report.markdown()); err != nil {
		return err
	}
	fmt.Fprintf(out, "wrote %s\n", *page)
	return errors.Join(report.exceeded()...)
}
