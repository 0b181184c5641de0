package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// The exit codes of gatebook that the story is about.
const (
	succeeded = 0
	takenBack = 1
)

// story is what `make demo` shows: an upgrade that goes well, one that does not,
// and the record of both.
type story struct {
	gatebook string
	runbook  string
	services []string
	std      streams
}

// chapter is one run of the runbook and what must come of it.
type chapter struct {
	title   string
	release string
	exit    int    // what gatebook must answer
	after   string // the release that every service must run afterwards
}

// demo tells the story on a fleet of its own, and ends it.
func demo(ctx context.Context, s story) (err error) {
	began := time.Now()
	dir, err := os.MkdirTemp("", "gatebook-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := s.tell(ctx, filepath.Join(dir, "state")); err != nil {
		return err
	}
	s.say("\nEvery service was stopped; nothing is left running. It took %.0f seconds.", time.Since(began).Seconds())
	return nil
}

func (s story) tell(ctx context.Context, state string) (err error) {
	fleet, err := open(ctx, s.services, "1.0.0", s.std.err)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, fleet.close()) }()
	s.say("%d web services run release 1.0.0, a process each, behind a balancer.\n%d clients ask them without pause.",
		len(s.services), clientCount)

	for _, next := range []chapter{
		{"Upgrade to 1.1.0, a good release", "1.1.0", succeeded, "1.1.0"},
		{"Upgrade to 1.2.0, which starts, says that it is healthy, and fails three requests in ten", "1.2.0", takenBack, "1.1.0"},
	} {
		if err := s.chapter(ctx, fleet, state, next); err != nil {
			return fmt.Errorf("%s: %w", strings.ToLower(next.title[:1])+next.title[1:], err)
		}
	}
	s.title("The record")
	code, err := s.run(ctx, "history", "--state", state)
	if err == nil && code != succeeded {
		err = fmt.Errorf("gatebook history exited %d", code)
	}
	return err
}

// chapter runs the runbook once while the clients ask, and checks how it came out.
func (s story) chapter(ctx context.Context, fleet *installation, state string, c chapter) error {
	s.title(c.title)
	self, err := os.Executable()
	if err != nil {
		return err
	}
	clients := gather(ctx, fleet.address)
	code, err := s.run(ctx, "run", s.runbook, "-i", "release="+c.release, "-i", "control="+fleet.control,
		"-i", "fleet="+self, "--yes", "--state", state)
	clients.dismiss()
	if err != nil {
		return err
	}
	seen := clients.seen.traffic()
	s.say("\nclients   %s, as they counted from before the run to after it", seen)
	s.say("services  %s", releasesOf(fleet))
	s.say("gatebook  exited %d", code)
	return c.judge(code, seen, fleet.fleet())
}

// judge says what is not as the story has it.
func (c chapter) judge(code int, seen Traffic, now Fleet) error {
	var wrong []error
	if code != c.exit {
		wrong = append(wrong, fmt.Errorf("gatebook exited %d, not %d", code, c.exit))
	}
	if seen.Requests == 0 || seen.Failed > 0 {
		wrong = append(wrong, fmt.Errorf("the clients saw %s", seen))
	}
	for name, one := range now.Services {
		if one.Release != c.after || !one.InRotation {
			wrong = append(wrong, fmt.Errorf("%s runs %s, in rotation %t", name, one.Release, one.InRotation))
		}
	}
	return errors.Join(wrong...)
}

// run runs gatebook on our own streams and returns its exit code.
func (s story) run(ctx context.Context, args ...string) (int, error) {
	s.say("$ gatebook %s\n", strings.Join(args, " "))
	command := exec.CommandContext(ctx, s.gatebook, args...)
	command.Stdout, command.Stderr = s.std.out, s.std.err
	// An interrupted gatebook ends its run properly, given the time.
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGINT) }
	command.WaitDelay = timeout
	err := command.Run()
	if ctx.Err() != nil {
		return 0, errors.New("interrupted")
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.Exited() {
		return exit.ExitCode(), nil
	}
	return 0, err
}

func releasesOf(fleet *installation) string {
	var each []string
	for _, name := range fleet.order {
		each = append(each, name+" "+fleet.status(name).Release)
	}
	return strings.Join(each, ", ")
}

func (s story) title(text string) { s.say("\n── %s\n", text) }

func (s story) say(format string, args ...any) { fmt.Fprintf(s.std.out, format+"\n", args...) }
