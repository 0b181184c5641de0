package journal

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// childVar makes the test binary play another process of gatebook: it names a scene
// of scenes, and the arguments are that scene's.
const childVar = "GATEBOOK_JOURNAL_TEST_SCENE"

func TestMain(m *testing.M) {
	name := os.Getenv(childVar)
	if name == "" {
		os.Exit(m.Run())
	}
	if err := scenes()[name](os.Args[1:]); err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}

func scenes() map[string]func(args []string) error {
	all := map[string]func(args []string) error{"hold": sceneHold, "write": sceneWrite}
	maps.Copy(all, diskScenes())
	return all
}

// sceneHold drives a run: it has its locks until its standard input ends.
func sceneHold(args []string) error {
	run, err := NewStore(args[0]).Open(args[1])
	if err != nil {
		return err
	}
	locks, err := run.Lock(context.Background(), testOwner(os.Getpid()), args[2:]...)
	if err != nil {
		return err
	}
	fmt.Println("held")
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	return locks.Close()
}

// sceneWrite flushes record after record, and tells after each that it is written.
func sceneWrite(args []string) error {
	run, err := NewStore(args[0]).Open(args[1])
	if err != nil {
		return err
	}
	j, err := run.CreateJournal()
	if err != nil {
		return err
	}
	for {
		seq, err := j.Append([]byte(event))
		if err != nil {
			return err
		}
		if err := j.Flush(); err != nil {
			return err
		}
		fmt.Println(seq)
	}
}

func testOwner(pid int) Owner {
	start := time.Date(2026, 11, 21, 19, 30, 0, 0, time.UTC)
	return Owner{Runbook: "web-rolling-upgrade", PID: pid, Started: start, Host: "here", User: "ann", Since: start.Add(time.Minute)}
}

// child is another process, and what it says line by line.
type child struct {
	cmd   *exec.Cmd
	stdin io.Closer
	lines *bufio.Scanner
}

func scene(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), binary, args...)
	cmd.Env = append(os.Environ(), childVar+"="+name)
	return cmd
}

func start(t *testing.T, name string, args ...string) *child {
	t.Helper()
	cmd := scene(t, name, args...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // of what a test left running; most have ended long ago
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return &child{cmd: cmd, stdin: stdin, lines: bufio.NewScanner(stdout)}
}

func (c *child) line(t *testing.T) string {
	t.Helper()
	if !c.lines.Scan() {
		t.Fatalf("the process said nothing more: %v", c.lines.Err())
	}
	return c.lines.Text()
}

// kill is kill -9.
func (c *child) kill(t *testing.T) {
	t.Helper()
	if err := c.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Wait(); err == nil {
		t.Fatal("the process ended in peace before it was killed")
	}
}

func (c *child) end(t *testing.T) {
	t.Helper()
	if err := errors.Join(c.stdin.Close(), c.cmd.Wait()); err != nil {
		t.Fatal(err)
	}
}

func TestKilledProcessLosesNothingThatWasFlushed(t *testing.T) {
	t.Parallel()
	run := newRun(t)
	writer := start(t, "write", run.store.Root(), run.ID())
	for range 200 {
		writer.line(t)
	}
	if err := writer.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	told := 200
	for writer.lines.Scan() { // what it had said before it died
		if n, err := strconv.Atoi(writer.lines.Text()); err == nil {
			told = n
		}
	}
	if err := writer.cmd.Wait(); err == nil {
		t.Fatal("the process ended in peace before it was killed")
	}
	j, _, err := run.OpenJournal(nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := int(j.chain.Head.Seq); got < told {
		t.Fatalf("%d records are there, and %d were flushed", got, told)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestSecondProcessIsToldWhoHasTheRun(t *testing.T) {
	t.Parallel()
	run := newRun(t)
	holder := start(t, "hold", run.store.Root(), run.ID())
	equal(t, "holder", holder.line(t), "held")

	owner, alive, err := run.Alive()
	if err != nil || !alive {
		t.Fatalf("got %v, %v, want a live process", alive, err)
	}
	want := testOwner(holder.cmd.Process.Pid)
	want.Run = run.ID()
	equal(t, "owner", owner, want)

	_, err = run.Lock(t.Context(), testOwner(os.Getpid()))
	held, ok := errors.AsType[*HeldError](err)
	if !ok {
		t.Fatalf("got %v, want a HeldError", err)
	}
	equal(t, "owner in the error", held.Owner, want)
	equal(t, "message", err.Error(), fmt.Sprintf("lock run %[1]s: the run is held by run %[1]s of web-rolling-upgrade "+
		"(ann, process %[2]d on host here, since 2026-11-21T19:31:00Z); follow it with: gatebook status %[1]s, "+
		"or stop it with: gatebook cancel %[1]s", run.ID(), holder.cmd.Process.Pid))

	holder.end(t)
	if owner, alive, err := run.Alive(); alive || err != nil || owner != (Owner{}) {
		t.Fatalf("after the process gave it back: %v, %v, %v", owner, alive, err)
	}
}

func TestLocksOfAKilledProcessAreTakenOver(t *testing.T) {
	t.Parallel()
	dead := newRun(t)
	holder := start(t, "hold", dead.store.Root(), dead.ID(), "web-production", "database")
	equal(t, "holder", holder.line(t), "held")
	next, err := dead.store.Create("20261121-200000-aaaa")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := next.Lock(t.Context(), testOwner(1), "web-production"); err == nil || !strings.Contains(err.Error(), `the lock "web-production" is held by run `+dead.ID()) {
		t.Fatalf("while the holder lives: %v", err)
	}
	holder.kill(t)

	owner, alive, err := dead.Alive()
	if err != nil || alive || owner.PID != holder.cmd.Process.Pid {
		t.Fatalf("after the kill: %v, %v, %v", owner, alive, err)
	}
	locks, err := next.Lock(t.Context(), testOwner(1), "web-production")
	if err != nil {
		t.Fatal(err)
	}
	previous := testOwner(holder.cmd.Process.Pid)
	previous.Run = dead.ID()
	equal(t, "taken over", locks.Taken, []Takeover{{Name: "web-production", Previous: previous}})
	equal(t, "explanation", locks.Taken[0].Reason(), fmt.Sprintf("its last owner died without giving it back: run %[1]s of "+
		"web-rolling-upgrade (ann, process %[2]d on host here, since 2026-11-21T19:31:00Z); "+
		"that run is unfinished, see: gatebook status %[1]s", dead.ID(), holder.cmd.Process.Pid))
	if err := locks.Close(); err != nil {
		t.Fatal(err)
	}

	resumed, err := dead.Lock(t.Context(), testOwner(2), "database", "web-production")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "taken over on resume", resumed.Taken, []Takeover{{Previous: previous}, {Name: "database", Previous: previous}})
	resumed.Keep(time.Time{})
	if err := resumed.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := dead.Lock(t.Context(), testOwner(3), "database")
	if err != nil {
		t.Fatal(err)
	}
	if len(again.Taken) > 0 {
		t.Fatalf("given back, and yet taken over: %v", again.Taken)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestOfManyProcessesOneGetsTheRun(t *testing.T) {
	t.Parallel()
	run := newRun(t)
	children := make([]*child, 5)
	for i := range children {
		children[i] = start(t, "hold", run.store.Root(), run.ID(), "web")
	}
	held := 0
	for _, c := range children {
		if c.line(t) == "held" {
			held++
		}
	}
	equal(t, "processes that have the run", held, 1)
}
