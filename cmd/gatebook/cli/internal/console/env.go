package console

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/signal"
	"os/user"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/gatebook/gatebook/steps"
)

// Env is everything that the command line takes from outside.
type Env struct {
	Build   Build
	Args    []string // without the program's name
	Stdin   io.Reader
	Stdout  io.Writer
	Stderr  io.Writer
	Environ []string
	Dir     string // where relative paths start
	Program string // where gatebook itself is; empty: it cannot be told
	Now     func() time.Time
	// Random returns a number that nobody can guess.
	Random func() uint64
	// Signals passes on the signals that ask a process to end, until stop is called.
	Signals func() (received <-chan os.Signal, stop func())
	// Guardian ends what programs leave running when this process is killed; nil: nothing
	// does.
	Guardian *steps.Guardian
	Screen   Screen
	User     string
	Host     string
	PID      int
}

// Build says which gatebook it is.
type Build struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Date    string `json:"date,omitempty"`
}

// Completed adds to what the linker set what Go put into the binary, so that one
// made by `go install` knows its version too.
func (b Build) Completed() Build {
	if b.Version != "" {
		return b
	}
	b.Version = "(devel)"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		b.Version = info.Main.Version
	}
	return b
}

// Screen says which streams are terminals, and how large they are.
type Screen struct {
	Stdin, Stdout, Stderr bool
	// Size returns the columns and rows there are now; 0 where it cannot be told.
	Size func() (columns, rows int)
	// Flush drops what was typed and not read yet; nil where nothing waits.
	Flush func()
}

// Columns is how wide a stream is that is a terminal, or is not; 0: as wide as it takes.
func (s Screen) Columns(terminal bool) int {
	if !terminal || s.Size == nil {
		return 0
	}
	columns, _ := s.Size()
	return columns
}

// workingDir is where this process works, by no link: which folder a link names may
// change while a run is paused. Empty where it cannot be told: relative paths are the
// system's to resolve then.
func workingDir() string {
	dir, err := os.Getwd()
	if err != nil {
		return ""
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		return real
	}
	return dir
}

// System returns the environment of this process.
func System(build Build) Env {
	dir := workingDir()
	host, _ := os.Hostname() // unknown: it stays empty in records
	program, _ := os.Executable()
	return Env{
		Build: build,
		Args:  os.Args[1:], Stdin: os.Stdin, Stdout: results{os.Stdout}, Stderr: os.Stderr,
		Environ: os.Environ(), Dir: dir, Program: program,
		Now: time.Now, Random: random, Signals: signals,
		Screen: Screen{
			Stdin: isTerminal(os.Stdin), Stdout: isTerminal(os.Stdout), Stderr: isTerminal(os.Stderr),
			Size: func() (columns, rows int) {
				columns, rows, _ = term.GetSize(int(os.Stderr.Fd()))
				return columns, rows
			},
			Flush: func() { flush(int(os.Stdin.Fd())) },
		},
		User: username(), Host: host, PID: os.Getpid(),
	}
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

func username() string {
	if uid := os.Getuid(); uid >= 0 {
		return nameOf(strconv.Itoa(uid), user.LookupId, os.Getenv)
	}
	if u, err := user.Current(); err == nil { // on Windows
		return u.Username
	}
	return "unknown"
}

// nameOf is who answers for what is done: whom the system says that it is, as anybody can
// set a variable to the name of somebody else. What variables say stands beside that name
// where it is not a person's: root, and a number that has no name on this machine.
func nameOf(uid string, lookup func(uid string) (*user.User, error), getenv func(string) string) string {
	name, claims := "uid "+uid, []string{"USER", "LOGNAME"}
	if u, err := lookup(uid); err == nil {
		name, claims = u.Username, nil
	}
	if uid == "0" {
		claims = []string{"SUDO_USER"}
	}
	for _, variable := range claims {
		if claimed := getenv(variable); claimed != "" && claimed != name {
			return claimed + " as " + name
		}
	}
	return name
}

func random() uint64 {
	var bytes [8]byte
	rand.Read(bytes[:]) // it never fails: it ends the process first
	return binary.LittleEndian.Uint64(bytes[:])
}

// ending lists the signals that ask this process to end. One that was ignored when it
// started stays so, which is what nohup is for, and what a shell without job control does
// with Ctrl-C for what it puts in the background.
func ending() []os.Signal {
	return append(slices.DeleteFunc([]os.Signal{os.Interrupt, syscall.SIGHUP}, signal.Ignored), syscall.SIGTERM)
}

// signals also takes the signal of a broken pipe and drops it: the write then fails, and
// a run does not die because whoever looked at it has gone. It is not ignored, as the
// programs that a run starts would inherit that.
func signals() (received <-chan os.Signal, stop func()) {
	asked, broken := make(chan os.Signal, 4), make(chan os.Signal, 1)
	signal.Notify(asked, ending()...)
	signal.Notify(broken, syscall.SIGPIPE)
	return asked, func() {
		signal.Stop(asked)
		signal.Stop(broken)
	}
}

// Interruptible returns a context that ends with the first signal that asks the process
// to end, whose name is its cause. The second one ends the process, as does every one
// after stop is called.
func (e Env) Interruptible(ctx context.Context) (interruptible context.Context, stop func()) {
	received, release := e.Signals()
	ctx, cancel := context.WithCancelCause(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case signal := <-received:
			cancel(fmt.Errorf("stopped by the signal %s", signal))
		case <-ctx.Done():
		}
		release()
	}()
	return ctx, func() {
		cancel(nil)
		<-watched
	}
}

// Draws reports whether what goes on may be drawn in place on standard error.
func (e Env) Draws() bool {
	return e.Screen.Stderr && e.Getenv("TERM") != "dumb" && e.Getenv("CI") == ""
}

// Getenv returns a variable of the environment, empty where it is not set.
func (e Env) Getenv(name string) string {
	value, _ := e.LookupEnv(name)
	return value
}

// LookupEnv returns a variable of the environment, and whether it is set.
func (e Env) LookupEnv(name string) (string, bool) {
	for _, pair := range e.Environ {
		if value, ok := strings.CutPrefix(pair, name+"="); ok {
			return value, true
		}
	}
	return "", false
}
