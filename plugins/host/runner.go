package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-plugin/runner"
)

// child is a plugin's process, as go-plugin drives it.
//
// It lives no longer than its host, whatever becomes of that: its standard input
// ends with the host, upon which plugins made with the sdk exit; on Linux the
// kernel kills those that do not care.
type child struct {
	program *binary
	env     []string
	log     *tail // takes what it writes to standard error

	command *exec.Cmd
	stdout  *os.File
	ended   chan struct{} // closed when the process is gone and its log is read, by the goroutine that waits for it
	err     error         // how it ended; read after ended
}

// lastWords bounds how long the log of a process that is gone is read: what it
// started and did not die with it may hold its standard error open for ever.
const lastWords = time.Second

var _ runner.Runner = (*child)(nil)

// Start starts the process. One thread starts it and waits for it, since Linux ties
// the child's life to the thread that made it.
func (c *child) Start(context.Context) error {
	pipes, err := openPipes(3)
	if err != nil {
		return err
	}
	stdin, stdout, stderr := pipes[0], pipes[1], pipes[2]
	c.stdout = stdout.read
	c.command = &exec.Cmd{
		Path: c.program.executable(), Args: []string{c.program.path}, Env: c.env,
		Stdin: stdin.read, Stdout: stdout.write, Stderr: stderr.write, SysProcAttr: ownGroup(),
	}
	c.ended = make(chan struct{})
	logged := make(chan struct{})
	go func() {
		defer close(logged)
		_, _ = io.Copy(c.log, stderr.read)
		c.log.end()
	}()
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with this goroutine
		defer close(c.ended)
		defer closeAll(stdin.write, stderr.read)
		err := c.command.Start()
		closeAll(stdin.read, stdout.write, stderr.write)
		started <- err
		if err != nil {
			closeAll(stdout.read)
			return
		}
		c.err = c.command.Wait()
		killGroup(c.command.Process.Pid) // what it left behind
		select {
		case <-logged:
		case <-time.After(lastWords):
		}
	}()
	return <-started
}

// Wait returns when the process has ended.
func (c *child) Wait(context.Context) error {
	<-c.ended
	return c.err
}

// Kill ends the process and what it started.
func (c *child) Kill(context.Context) error {
	if c.command == nil || c.command.Process == nil {
		return nil
	}
	killGroup(c.command.Process.Pid)
	if err := c.command.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

// Stdout is what the process writes there: the handshake, and nothing else.
func (c *child) Stdout() io.ReadCloser { return c.stdout }

// Stderr is empty for go-plugin, which does not say when it has read the last line.
func (*child) Stderr() io.ReadCloser { return io.NopCloser(strings.NewReader("")) }

// Name is where the program is.
func (c *child) Name() string { return c.program.path }

// ID is the process's number.
func (c *child) ID() string { return strconv.Itoa(c.command.Process.Pid) }

// Diagnose adds nothing: what is told to people is said by this package.
func (*child) Diagnose(context.Context) string { return "" }

// PluginToHost returns the address as it is: both see one file system.
func (*child) PluginToHost(network, address string) (string, string, error) {
	return network, address, nil
}

// HostToPlugin returns the address as it is.
func (*child) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}

// exit says how the process ended, for people: "exit status 2".
func (c *child) exit() string {
	if c.err == nil {
		return "exit status 0"
	}
	return c.err.Error()
}

type pipe struct{ read, write *os.File }

func openPipes(count int) ([]pipe, error) {
	pipes := make([]pipe, 0, count)
	for range count {
		read, write, err := os.Pipe()
		if err != nil {
			for _, opened := range pipes {
				closeAll(opened.read, opened.write)
			}
			return nil, fmt.Errorf("open a pipe: %w", err)
		}
		pipes = append(pipes, pipe{read, write})
	}
	return pipes, nil
}

func closeAll(files ...*os.File) {
	for _, file := range files {
		_ = file.Close()
	}
}
