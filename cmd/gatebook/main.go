// Command gatebook runs runbooks. All that it does is in the package cli.
package main

import (
	"os"
	"runtime"
	"runtime/debug"
	_ "time/tzdata" // for machines that have none of their own, whose windows mean the same

	"github.com/gatebook/gatebook/cmd/gatebook/cli"
	"github.com/gatebook/gatebook/steps"
)

// Set by the linker.
var version, commit, date string

// guardian is the argument by which gatebook is another gatebook's guardian.
const guardian = "__guardian"

// fewestThreads is how many threads may be at work at once, also where there are fewer
// processors: one that starts a program or waits for the disk has nothing to compute, but
// the others would wait for it.
const fewestThreads = 4

func main() { start(cli.System(cli.Build{Version: version, Commit: commit, Date: date})) }

// start carries out what was typed, or guards another gatebook.
func start(env cli.Env) {
	// Nobody opens a window by a time zone of their own, and leaves no word of it.
	if err := os.Unsetenv("ZONEINFO"); err != nil {
		panic(err) // of a name that is none
	}
	if len(os.Args) == 2 && os.Args[1] == guardian {
		steps.Guard(os.Stdin, os.Stdout)
		return
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400) // most commands are over before a collection pays
	}
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(max(runtime.GOMAXPROCS(0), fewestThreads))
	}
	env.Guardian = steps.NewGuardian("/proc/self/exe", os.Args[0], guardian)
	os.Exit(cli.Main(env))
}
