// Command gatebook runs runbooks. All that it does is in the package cli.
package main

import (
	"os"

	"github.com/gatebook/gatebook/cmd/gatebook/cli"
)

// Set by the linker.
var version, commit, date string

func main() {
	os.Exit(cli.Main(cli.System(cli.Build{Version: version, Commit: commit, Date: date})))
}
