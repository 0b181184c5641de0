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
		return "not installed: " + strings.Join(missing, ", ") + " (make test-swarm installs them on Debian)"
	}
	if err := run("unshare --net --mount --uts --pid --fork true"); err != nil {
		return "an engine of a test needs namespaces of its own: " + err.Error()
	}
	return ""
}

// Required says whether continuous integration asks for these tests, so that none may be skipped.
func Required() bool {
	return slices.Contains(strings.Fields(os.Getenv("GATEBOOK_TEST_REQUIRE")), "swarm")
}

// Needs skips a test where a program is not installed, or fails it where it must not be skipped, and
// returns the path of the program.
func Needs(t testing.TB, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	switch {
	case err == nil:
		return path
	case Required():
		t.Fatalf("GATEBOOK_TEST_REQUIRE says that this must not be skipped: %v", err)
	default:
		t.Skipf("%v (make test-swarm installs it on Debian)", err)
	}
	return ""
}

// Run runs the tests of a package with a swarm, for TestMain. Where there can be none it runs no
// test, and says so and why, as go test then does too; where GATEBOOK_TEST_REQUIRE names swarm, as
// in continuous integration, that is a failure.
func Run(m *testing.M, managers int, give func(*Lab), with ...Option) int {
	if missing := Missing(); missing != "" {
		if Required() {
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
