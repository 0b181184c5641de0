package endtoend

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// installs is held by the script that installs something.
var installs sync.Mutex

// install is kubectl apply of files that are of the whole cluster: other scripts make the same, and
// of two that do so at one time one loses.
func install(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: install FILE...")
	}
	installs.Lock()
	defer installs.Unlock()
	for _, file := range args {
		ts.Check(ts.Exec("kubectl", "apply", "-f", ts.MkAbs(file)))
	}
}

// apply is kubectl apply of a file of the script, with the script's variables put in.
func apply(ts *testscript.TestScript, neg bool, args []string) {
	expand(ts, neg, args)
	ts.Check(ts.Exec("kubectl", "apply", "-f", ts.MkAbs(args[0])))
}

// expand puts the script's variables into a file of it, by their names with one $.
func expand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("it takes one FILE")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(os.Expand(ts.ReadFile(args[0]), func(name string) string {
		if strings.HasPrefix(name, "{") { // what stands in ${{ }} is the runbook's own
			return "${" + name + "}"
		}
		return ts.Getenv(name)
	})), 0o600))
}

// plugins waits until a number of processes of the script's own plugin run.
func plugins(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: plugins NUMBER")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	program := ts.MkAbs(filepath.Join(ts.Getenv("WORK"), "bin", "gatebook-plugin-kubernetes"))
	for deadline := time.Now().Add(time.Minute); ; {
		running, err := processesOf(program)
		ts.Check(err)
		if len(running) == want {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%d plugins run, want %d: %v", len(running), want, running)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// processesOf lists the processes that were started as a program. One that has ended and
// was not waited for yet has no command line any more.
func processesOf(program string) ([]string, error) {
	found, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("no process can be seen in /proc")
	}
	var running []string
	for _, file := range found {
		// A process may end as one looks.
		if line, err := os.ReadFile(file); err == nil && bytes.HasPrefix(line, append([]byte(program), 0)) {
			running = append(running, filepath.Base(filepath.Dir(file)))
		}
	}
	return running, nil
}

// cluster takes the control plane away as a power failure does, and brings it back.
func (s stage) cluster(ts *testscript.TestScript, neg bool, args []string) {
	switch strings.Join(args, " ") {
	case "kill":
		ts.Check(s.Kill())
	case "up":
		ts.Check(s.Up())
	default:
		ts.Fatalf("usage: cluster kill, or cluster up")
	}
	if neg {
		ts.Fatalf("cluster cannot be expected to fail")
	}
}
