package endtoend

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/gatebook/gatebook/cmd/gatebook/script"
	"github.com/gatebook/gatebook/plugins/swarm/internal/lab"
)

// commands are those that a script has.
func (s *stage) commands() map[string]script.Command {
	commands := script.Commands()
	for name, command := range map[string]struct {
		usage string
		does  func(ts *testscript.TestScript, args []string) error
	}{
		"plugins": {"NUMBER", s.plugins},
		"let":     {"VARIABLE", let},
		"push":    {"IMAGE", s.push},
		"load":    {"start SERVICE, load await VERSION, or load stop", s.loads},
		"door":    {"VARIABLE PORTS", s.door},
		"leader":  {"", s.leader},
		"whole":   {"", s.whole},
		"crash":   {"NODE", s.node((*lab.Node).Kill)},
		"up":      {"NODE", s.node((*lab.Node).Up)},
		"cut":     {"NODE", s.node((*lab.Node).Cut)},
		"heal":    {"NODE", s.node((*lab.Node).Heal)},
	} {
		commands[name] = func(ts *testscript.TestScript, neg bool, args []string) {
			if neg || (command.usage == "") != (len(args) == 0) {
				ts.Fatalf("usage: %s %s", name, command.usage)
			}
			ts.Check(command.does(ts, args))
		}
	}
	return commands
}

// node does something to the node that is named.
func (s *stage) node(does func(*lab.Node) error) func(*testscript.TestScript, []string) error {
	return func(_ *testscript.TestScript, args []string) error {
		node, err := s.Node(args[0])
		if err != nil {
			return err
		}
		return does(node)
	}
}

// let sets a variable to what the last program has printed.
func let(ts *testscript.TestScript, args []string) error {
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile("stdout")))
	return nil
}

func (s *stage) push(_ *testscript.TestScript, args []string) error {
	_, err := s.Push(context.Background(), args[0])
	return err
}

// leader says who leads, and who does not.
func (s *stage) leader(ts *testscript.TestScript, _ []string) error {
	leader, err := s.Leader(context.Background())
	if err != nil {
		return err
	}
	ts.Setenv("LEADER", leader.Name)
	ts.Setenv("LEADER_HOST", "unix://"+leader.Socket)
	for _, node := range s.Nodes {
		if node != leader {
			ts.Setenv("FOLLOWER", node.Name)
			ts.Setenv("FOLLOWER_HOST", "unix://"+node.Socket)
		}
	}
	return nil
}

func (s *stage) whole(*testscript.TestScript, []string) error {
	return until("the swarm is whole", func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		return s.Whole(ctx)
	})
}

// loads sends requests to a service, and tells what became of them.
func (s *stage) loads(ts *testscript.TestScript, args []string) error {
	switch {
	case len(args) == 2 && args[0] == "start":
		s.load = s.Load(s.t, args[1], s.port)
	case len(args) == 2 && args[0] == "await" && s.load != nil:
		direct, balanced := s.load.Direct.Answered(args[1])+100, s.load.Balanced.Answered(args[1])+100
		return until(args[1]+" answers", func() error {
			if s.load.Direct.Answered(args[1]) < direct || s.load.Balanced.Answered(args[1]) < balanced {
				return fmt.Errorf("direct: %s\nbalanced: %s", s.load.Direct, s.load.Balanced)
			}
			return nil
		})
	case len(args) == 1 && args[0] == "stop" && s.load != nil:
		s.load.Stop()
		text := fmt.Sprintf("direct: %s\nbalanced: %s\n", s.load.Direct, s.load.Balanced)
		ts.Logf("%s", text)
		return errors.Join(found(s.name, text), os.WriteFile(ts.MkAbs("load"), []byte(text), 0o600))
	default:
		return fmt.Errorf("load %s: there is no such command, or no load", strings.Join(args, " "))
	}
	return nil
}

// found tells what a script has measured, to the file that make shows when the tests have passed: what
// they print themselves is then not seen.
func found(script, text string) error {
	path := os.Getenv("GATEBOOK_TEST_FOUND")
	if path == "" {
		return nil
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	for line := range strings.Lines(text) {
		if _, err := fmt.Fprintf(file, "%s: %s", script, line); err != nil {
			return errors.Join(err, file.Close())
		}
	}
	return file.Close()
}

// plugins waits until a number of processes of the script's own plugin run.
func (s *stage) plugins(ts *testscript.TestScript, args []string) error {
	want, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	program := ts.MkAbs(filepath.Join(ts.Getenv("WORK"), "bin", "gatebook-plugin-swarm"))
	return until(args[0]+" plugins run", func() error {
		running, err := processesOf(program)
		if err == nil && len(running) != want {
			err = fmt.Errorf("%d do: %v", len(running), running)
		}
		return err
	})
}

// processesOf lists the processes that were started as a program. One that has ended and
// was not waited for yet has no command line any more.
func processesOf(program string) ([]string, error) {
	found, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return nil, err
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

// until looks until check has no complaint, for minutes at most.
func until(what string, check func() error) error {
	for deadline := time.Now().Add(3 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
		complaint := check()
		if complaint == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s: not within minutes: %w", what, complaint)
		}
	}
}
