package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// benchmark is the median of one benchmark of a package.
type benchmark struct {
	room   string // "engine/syntax"
	name   string // "Parse/chain/1000"
	time   time.Duration
	bytes  int
	allocs int
}

// runBenchmarks runs the benchmarks of the packages, one at a time.
func runBenchmarks(ctx context.Context, packages string) ([]benchmark, error) {
	command := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", ".", "-benchmem",
		"-benchtime", "200ms", "-count", "3", "-p", "1", packages)
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("go test -bench: %w\n%s", err, out)
	}
	return parseBenchmarks(out), nil
}

// parseBenchmarks reads what go test prints of benchmarks, in its order, and takes
// the median of those that were run several times.
func parseBenchmarks(out []byte) []benchmark {
	const module = "github.com/gatebook/gatebook/"
	var order []string
	found := map[string][]benchmark{}
	room := ""
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		line := lines.Text()
		if name, ok := strings.CutPrefix(line, "pkg: "); ok {
			room = strings.TrimPrefix(name, module)
			continue
		}
		one, ok := parseBenchmark(room, line)
		if !ok {
			continue
		}
		key := one.room + " " + one.name
		if found[key] == nil {
			order = append(order, key)
		}
		found[key] = append(found[key], one)
	}
	medians := make([]benchmark, len(order))
	for i, key := range order {
		all := found[key]
		medians[i] = benchmark{
			room: all[0].room, name: all[0].name,
			time:   median(all, func(b benchmark) time.Duration { return b.time }),
			bytes:  median(all, func(b benchmark) int { return b.bytes }),
			allocs: median(all, func(b benchmark) int { return b.allocs }),
		}
	}
	return medians
}

// parseBenchmark reads one line: a name, a count, then values before their units.
func parseBenchmark(room, line string) (benchmark, bool) {
	fields := strings.Fields(line)
	if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
		return benchmark{}, false
	}
	name := strings.TrimPrefix(fields[0], "Benchmark")
	if at := strings.LastIndexByte(name, '-'); at > 0 { // the number of processors
		name = name[:at]
	}
	one := benchmark{room: room, name: name}
	for i := 2; i+1 < len(fields); i += 2 {
		value, err := strconv.ParseFloat(fields[i], 64)
		if err != nil {
			return benchmark{}, false
		}
		switch fields[i+1] {
		case "ns/op":
			one.time = time.Duration(value)
		case "B/op":
			one.bytes = int(value)
		case "allocs/op":
			one.allocs = int(value)
		}
	}
	return one, true
}
