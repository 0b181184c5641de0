package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-plugin/runner"

	"github.com/gatebook/gatebook/plugins/host/internal/program"
)

// child is a plugin's process, as go-plugin drives it.
//
// It lives no longer than its host, whatever becomes of that: its standard input
// ends with the host, upon which plugins made with the sdk exit; on Linux the
// kernel kills those that do not care.
type child struct {
	program *program.Program
	log     *tail // takes what it writes to standard error
	stdout  *printed
	ended   chan struct{} // closed when the process is gone and its log is read, by the goroutine that waits for it
	err     error         // how it ended; read after ended
	failed  error         // why it could not be started; read after Start

	mu      sync.Mutex
	env     []string
	killed  bool // by its host; what is killed before its start is never started
	command *exec.Cmd
	alive   bool // the number of its process is its own
}

func newChild(binary *program.Program, env []string, log *tail) *child {
	return &child{program: binary, env: env, log: log, ended: make(chan struct{})}
}

// addEnv gives it more variables, before its start.
func (c *child) addEnv(env []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.env = append(slices.Clone(c.env), env...)
}

// lastWords bounds how long the output and the log of a process that is gone are read:
// what it started and did not die with it may hold them open for ever.
const lastWords = time.Second

// errKilled is for a process that nobody wanted any more when it should be started.
var errKilled = errors.New("it was ended before its start")

var _ runner.Runner = (*child)(nil)

// Start starts the process. One thread starts it and waits for it, since Linux ties
// the child's life to the thread that made it.
func (c *child) Start(context.Context) error {
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with this goroutine
		defer close(c.ended)
		stdin, stderr, err := c.start()
		c.failed = err
		started <- err
		if err != nil {
			return
		}
		logged := make(chan struct{})
		go func() {
			defer close(logged)
			_, _ = io.Copy(c.log, stderr)
			c.log.end()
		}()
		c.err = c.await()
		patience, stop := context.WithTimeout(context.Background(), lastWords)
		defer stop()
		for _, last := range []<-chan struct{}{logged, c.stdout.read} {
			select {
			case <-last:
			case <-patience.Done():
			}
		}
		closeAll(stdin, stderr, c.stdout.file)
	}()
	return <-started
}

// start makes the process, unless it was killed before, and returns its standard input
// and error.
func (c *child) start() (stdin, stderr *os.File, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.killed {
		return nil, nil, errKilled
	}
	pipes, err := openPipes(3)
	if err != nil {
		return nil, nil, err
	}
	in, out, errs := pipes[0], pipes[1], pipes[2]
	c.command = &exec.Cmd{
		Path: c.program.Executable(), Args: []string{c.program.Path()}, Env: c.env,
		Stdin: in.read, Stdout: out.write, Stderr: errs.write, SysProcAttr: ownGroup(),
	}
	err = c.command.Start()
	closeAll(in.read, out.write, errs.write)
	if err != nil {
		closeAll(in.write, out.read, errs.read)
		return nil, nil, err
	}
	c.alive = true
	c.stdout = &printed{file: out.read, read: make(chan struct{})}
	return in.write, errs.read, nil
}

// Wait returns when the process has ended.
func (c *child) Wait(context.Context) error {
	<-c.ended
	return c.err
}

// Kill ends the process and what it started.
func (c *child) Kill(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.killed = true
	if !c.alive {
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

// printed is what a process prints.
type printed struct {
	file  *os.File
	bytes atomic.Int64  // that were read
	read  chan struct{} // closed by the reader after the last of them
	once  sync.Once
}

// Read reads it.
func (p *printed) Read(into []byte) (int, error) {
	n, err := p.file.Read(into)
	p.bytes.Add(int64(n))
	if err != nil {
		p.once.Do(func() { close(p.read) })
	}
	return n, err
}

// Close ends the reading.
func (p *printed) Close() error { return p.file.Close() }

// Stderr is empty for go-plugin, which does not say when it has read the last line.
func (*child) Stderr() io.ReadCloser { return io.NopCloser(strings.NewReader("")) }

// Name is where the program is.
func (c *child) Name() string { return c.program.Path() }

// ID is the process's number; empty where it could not be started.
func (c *child) ID() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.command == nil || c.command.Process == nil {
		return ""
	}
	return strconv.Itoa(c.command.Process.Pid)
}

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
