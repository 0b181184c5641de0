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
	log     io.Writer // a copy of what it writes to standard error

	command        *exec.Cmd
	stdout, stderr *os.File
	ended          chan struct{} // closed when the process is gone, by the goroutine that waits for it
	err            error         // how it ended; read after ended
}

var _ runner.Runner = (*child)(nil)

// Start starts the process. One thread starts it and waits for it, since Linux ties
// the child's life to the thread that made it.
func (c *child) Start(context.Context) error {
	pipes, err := openPipes(3)
	if err != nil {
		return err
	}
	stdin, stdout, stderr := pipes[0], pipes[1], pipes[2]
	c.stdout, c.stderr = stdout.read, stderr.read
	c.command = &exec.Cmd{
		Path: c.program.executable(), Args: []string{c.program.path}, Env: c.env,
		Stdin: stdin.read, Stdout: stdout.write, Stderr: stderr.write, SysProcAttr: ownGroup(),
	}
	c.ended = make(chan struct{})
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with this goroutine
		defer close(c.ended)
		defer closeAll(stdin.write)
		err := c.command.Start()
		closeAll(stdin.read, stdout.write, stderr.write)
		started <- err
		if err != nil {
			closeAll(stdout.read, stderr.read)
			return
		}
		c.err = c.command.Wait()
		killGroup(c.command.Process.Pid) // what it left behind
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

// Stderr is what the process writes there: its log.
func (c *child) Stderr() io.ReadCloser { return teeCloser{io.TeeReader(c.stderr, c.log), c.stderr} }

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

type teeCloser struct {
	io.Reader
	io.Closer
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
