// Command here says for make test whether the tests of the plugin can be run on this machine, and if
// not, why.
package main

import (
	"fmt"

	"github.com/gatebook/gatebook/plugins/swarm/internal/lab"
)

func main() {
	if missing := lab.Missing(); missing != "" {
		fmt.Println("    they cannot be run here:", missing)
		return
	}
	fmt.Println("    they can be run here")
}
