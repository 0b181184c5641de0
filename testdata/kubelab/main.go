package main

import (
	"fmt"
	"os"
	"path/filepath"
)

const usage = `usage:
  kubelab up [-dir DIR] [-nodes N] [-node-grace D] [-exit-on-stdin-close]
  kubelab kubectl ARG...
`

func main() { os.Exit(run(os.Args)) }

// run does what the arguments say. Linked under the name kubectl, the program is
// kubectl, so that a test can put it into its PATH.
func run(args []string) int {
	if filepath.Base(args[0]) == "kubectl" {
		return kubectl(args)
	}
	if len(args) < 2 {
		fmt.Fprint(os.Stderr, usage)
		return 2
	}
	switch args[1] {
	case "up":
		return up(args[2:])
	case "kubectl":
		return kubectl(args[1:])
	case "help", "-h", "-help", "--help":
		fmt.Print(usage)
		return 0
	default:
		fmt.Fprintf(os.Stderr, "kubelab: there is no command %q\n%s", args[1], usage)
		return 2
	}
}
