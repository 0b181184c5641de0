package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// benchmark is one benchmark of a package.
type benchmark struct {
	room   string // "engine/syntax"
	name   string // "Parse/chain/1000"
	time   time.Duration
	bytes  int
	allocs int
}

// runBenchmarks runs the benchmarks of the packages, one at a time and once each:
// they show how cost grows; what compares two versions is benchstat. What go test
// prints goes to out as it comes, for it takes minutes.
func runBenchmarks(ctx context.Context, packages string, out io.Writer) ([]benchmark, error) {
	var printed bytes.Buffer
	command := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", ".", "-benchmem",
		"-benchtime", "100ms", "-p", "1", packages)
	command.Stdout = io.MultiWriter(&printed, out)
	command.Stderr = out
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("go test -bench: %w", err)
	}
	return parseBenchmarks(printed.Bytes()), nil
}

// parseBenchmarks reads what go test prints of benchmarks, in its order.
func parseBenchmarks(printed []byte) []benchmark {
	const module = "github.com/gatebook/gatebook/"
	var found []benchmark
	room := ""
	for line := range strings.Lines(string(printed)) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "pkg: "); ok {
			room = strings.TrimPrefix(name, module)
			continue
		}
		if one, ok := parseBenchmark(room, line); ok {
			found = append(found, one)
		}
	}
	return found
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
