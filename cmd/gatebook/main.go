// Command gatebook runs runbooks. All that it does is in the package cli.
package main

import (
	"os"
	"runtime/debug"

	"github.com/gatebook/gatebook/cmd/gatebook/cli"
)

// Set by the linker.
var version, commit, date string

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200) // most commands are over before a collection pays
	}
	os.Exit(cli.Main(cli.System(cli.Build{Version: version, Commit: commit, Date: date})))
}
