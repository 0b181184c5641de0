package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"time"
)

// A sample is what one process cost.
type sample struct {
	wall   time.Duration
	cpu    time.Duration // with its children
	memory int64         // peak, in bytes
}

// contestant is one command line that is measured, and what prepares each round.
type contestant struct {
	argv    []string
	prepare func() error // nil: nothing
}

// measure runs a command once and returns what it cost.
func (c contestant) measure(ctx context.Context) (sample, error) {
	if c.prepare != nil {
		if err := c.prepare(); err != nil {
			return sample{}, err
		}
	}
	// A file, as a pipe would have this process at work on the same processors.
	said, err := os.CreateTemp("", "bench-*.log")
	if err != nil {
		return sample{}, err
	}
	defer func() { _ = errors.Join(said.Close(), os.Remove(said.Name())) }()
	command := exec.CommandContext(ctx, c.argv[0], c.argv[1:]...)
	command.Stderr = said
	start := time.Now()
	err = command.Run()
	wall := time.Since(start)
	if err != nil {
		text, _ := os.ReadFile(said.Name())
		return sample{}, fmt.Errorf("%v: %w\n%s", c.argv, err, text)
	}
	state := command.ProcessState
	return sample{wall: wall, cpu: state.UserTime() + state.SystemTime(), memory: peak(state.SysUsage())}, nil
}

// alternate measures every contestant once a round and returns the medians, in the
// order of the contestants. A first round warms up and does not count.
func alternate(ctx context.Context, rounds int, contestants ...contestant) ([]sample, error) {
	samples := make([][]sample, len(contestants))
	for round := range rounds + 1 {
		for i, c := range contestants {
			one, err := c.measure(ctx)
			if err != nil {
				return nil, err
			}
			if round > 0 {
				samples[i] = append(samples[i], one)
			}
		}
	}
	medians := make([]sample, len(contestants))
	for i, all := range samples {
		medians[i] = sample{
			wall:   median(all, func(s sample) time.Duration { return s.wall }),
			cpu:    median(all, func(s sample) time.Duration { return s.cpu }),
			memory: median(all, func(s sample) int64 { return s.memory }),
		}
	}
	return medians, nil
}

// median returns the middle value, the lower one of an even number.
func median[S any, T cmp.Ordered](all []S, of func(S) T) T {
	values := make([]T, len(all))
	for i, one := range all {
		values[i] = of(one)
	}
	slices.Sort(values)
	return values[(len(values)-1)/2]
}
