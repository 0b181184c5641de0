package steps

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path"
	"runtime"
	"strings"
	"time"

	"github.com/gatebook/gatebook/steps/internal/archive"
)

const (
	commandGrace     = 2 * time.Second // between SIGTERM and SIGKILL
	maxCommandOutput = 16 << 20        // of each stream, since it is held in memory
)

// addCommand runs a command and takes what it prints, also where it fails or does not
// end in time.
func (g gatherer) addCommand(ctx context.Context, to *archive.Writer, command CollectCommand, keep int) error {
	name := path.Join("commands", command.Name)
	stdout, stderr := &kept{collector{keep: keep}}, &kept{collector{keep: keep}}
	done, err := g.runCommand(ctx, command, stdout, stderr)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		to.Skip(name, "%s", err)
		return nil
	}
	to.Manifest.Commands = append(to.Manifest.Commands, done)
	for _, stream := range []struct {
		suffix string
		*kept
	}{{".stdout", stdout}, {".stderr", stderr}} {
		entry := stream.entry(name + stream.suffix)
		entry.Modified = to.Manifest.Created
		if !to.Fits(entry.Name, entry.Size) {
			continue
		}
		if err := to.Add(ctx, entry, bytes.NewReader(stream.bytes())); err != nil {
			return err
		}
	}
	return nil
}

// runCommand runs a command to its end, or for as long as it may take. An error says
// why it could not be started.
//
// It does not use the executor, whose output is text for people: evidence is kept as
// it was printed, and also of a command that had to be stopped.
func (g gatherer) runCommand(ctx context.Context, command CollectCommand, stdout, stderr *kept) (archive.Command, error) {
	// On Linux the command dies with the thread that started it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	environ := g.exec.environ(nil, "")
	program, err := g.exec.paths.find(command.Argv[0], environ.path(), g.Dir)
	if err != nil {
		return archive.Command{}, err
	}
	bounded, cancel := context.WithTimeout(ctx, command.Timeout.Std())
	defer cancel()
	process := exec.CommandContext(bounded, program)
	process.Args, process.Dir, process.Env = command.Argv, g.Dir, environ
	process.Stdout, process.Stderr = stdout, stderr
	process.SysProcAttr, process.WaitDelay = groupAttr(), commandGrace
	stopped := false
	process.Cancel = func() error {
		stopped = true
		terminateGroup(process.Process.Pid)
		return nil
	}
	if err := process.Start(); err != nil {
		return archive.Command{}, err
	}
	err = process.Wait()
	done := archive.Command{Name: command.Name, Argv: command.Argv, ExitCode: process.ProcessState.ExitCode()}
	if how, killed := strings.CutPrefix(process.ProcessState.String(), "signal: "); killed {
		done.Signal = how
	}
	switch {
	case stopped:
		if groupLives(process.Process.Pid) {
			killGroup(process.Process.Pid)
		}
		done.Note = fmt.Sprintf("it did not end within %s and was stopped; this is what it had printed", command.Timeout)
	case errors.Is(err, exec.ErrWaitDelay):
		done.Note = "it left something running, whose output was not waited for"
	}
	return done, nil
}

// kept is what is kept of one stream of a command.
type kept struct{ collector }

// Write takes in what the command printed.
func (k *kept) Write(text []byte) (int, error) {
	k.hold(text)
	return len(text), nil
}

// end is the part of what was printed last that is kept.
func (k *kept) end() []byte { return k.tail[max(0, len(k.tail)-k.keep/2):] }

// bytes returns what is kept.
func (k *kept) bytes() []byte { return append(bytes.Clone(k.head), k.end()...) }

// entry describes what is kept, and says what is not.
func (k *kept) entry(name string) archive.Entry {
	entry := archive.Entry{Name: name, Size: int64(len(k.head) + len(k.end()))}
	if cut := k.total - entry.Size; cut > 0 {
		entry.Note = fmt.Sprintf("%d bytes after the first %d are cut out", cut, len(k.head))
	}
	return entry
}
