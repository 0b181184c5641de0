package guardian

import (
	"fmt"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/gatebook/gatebook/steps/internal/proc"
)

// Guardian is the guarded process's side: the table, and the other process once there is
// one. A nil one guards nothing. It is safe for concurrent use.
type Guardian struct {
	path string
	argv []string // argv[0] is its name

	mu      sync.Mutex
	table   *os.File // nil until something is watched
	broken  error    // why there is no table, or what it lacks
	records int64    // that it has, those that are free included
	free    []int64
	running bool
}

// Ward is a program that is watched: the number of its record, from 1. The zero Ward is none.
type Ward int64

// New returns one that is a program which calls [Main] with its standard input and its
// standard output.
func New(path string, argv ...string) *Guardian { return &Guardian{path: path, argv: argv} }

// Watch has a group, and what carries the mark, killed when this process dies, until it is
// left.
func (g *Guardian) Watch(group proc.Group, mark string) Ward {
	if g == nil {
		return 0
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.table == nil && g.broken == nil {
		g.table, g.broken = newTable()
	}
	if g.table == nil {
		return 0
	}
	ward := Ward(g.records + 1)
	if last := len(g.free) - 1; last >= 0 {
		ward, g.free = Ward(g.free[last]), g.free[:last]
	} else {
		g.records++
	}
	g.write(ward, record{group, digestOf(mark)})
	return ward
}

// Leave ends the watch. It must come before the leader is waited for, since another
// process may then get its number.
func (g *Guardian) Leave(ward Ward) {
	if g == nil || ward == 0 {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.write(ward, record{})
	g.free = append(g.free, int64(ward))
}

func (g *Guardian) write(ward Ward, r record) {
	text := r.encode()
	if _, err := g.table.WriteAt(text[:], int64(ward-1)*recordSize); err != nil {
		g.broken = fmt.Errorf("write down a process: %w", err)
	}
}

func newTable() (*os.File, error) {
	fd, err := unix.MemfdCreate(tableName, unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("memory for the table: %w", err)
	}
	return os.NewFile(uintptr(fd), "table"), nil
}

// Start starts the other process, unless it runs. It sees also what was watched before.
func (g *Guardian) Start() error {
	if g == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.running || g.broken != nil {
		return g.broken
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer func() { _ = null.Close() }()
	theirs, life, err := os.Pipe()
	if err != nil {
		return err
	}
	defer func() { _ = theirs.Close() }()
	process, err := os.StartProcess(g.path, g.argv, &os.ProcAttr{
		Dir:   "/",        // so that it keeps no file system busy
		Env:   []string{}, // nil would be ours, secrets and all
		Files: []*os.File{theirs, g.table, null},
		Sys:   &syscall.SysProcAttr{Setsid: true}, // out of reach of the terminal's signals
	})
	if err != nil {
		_ = life.Close()
		return err
	}
	g.running = true
	go g.attend(process, life)
	return nil
}

// attend holds the pipe open for as long as there is somebody to read its end. One that
// somebody killed is followed by another when Start is next called.
func (g *Guardian) attend(process *os.Process, life *os.File) {
	_, _ = process.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.running = false
	_ = life.Close()
}
