package lab

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// programs are what a lab is made with.
var programs = []string{"dockerd", "ip", "iptables", "nsenter", "unshare", "hostname"}

// Missing says why there can be no lab here; empty: there can.
func Missing() string {
	var missing []string
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			missing = append(missing, program)
		}
	}
	switch {
	case runtime.GOOS != "linux":
		return "an engine of a test needs Linux"
	case os.Geteuid() != 0:
		return "an engine of a test needs root"
	case len(missing) > 0:
		return "not installed: " + strings.Join(missing, ", ") + " (make swarm-engine installs them on Debian)"
	default:
		return ""
	}
}

// Run runs the tests of a package with a swarm, for TestMain. Where there can be none it runs no
// test, and says so and why, as go test then does too; where GATEBOOK_TEST_REQUIRE names swarm, as
// in continuous integration, that is a failure.
func Run(m *testing.M, managers int, give func(*Lab), with ...Option) int {
	if missing := Missing(); missing != "" {
		if slices.Contains(strings.Fields(os.Getenv("GATEBOOK_TEST_REQUIRE")), "swarm") {
			fmt.Fprintln(os.Stderr, "GATEBOOK_TEST_REQUIRE says that these tests must not be skipped:", missing)
			return 1
		}
		fmt.Fprintln(os.Stderr, "skipped, all tests of this package:", missing)
		flag.Parse()
		if err := flag.Set("test.run", "^$"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}
	l, err := Start(managers, with...)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer l.Stop()
	l.shared = true
	give(l)
	return m.Run()
}
