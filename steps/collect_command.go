package steps

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"time"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/steps/internal/archive"
	"github.com/gatebook/gatebook/steps/internal/process"
)

const (
	commandGrace     = 2 * time.Second // between SIGTERM and SIGKILL
	maxCommandOutput = 16 << 20        // of each stream, since it is held in memory
)

// addCommand runs a command, marked with the step's key, and takes what it prints, also
// where it fails or does not end in time.
func (g gatherer) addCommand(ctx context.Context, to *archive.Writer, command CollectCommand, key string, keep int) error {
	bounded, cancel := context.WithTimeout(ctx, command.Timeout.Std())
	defer cancel()
	end, err := g.commands.Run(bounded, process.Spec{Argv: command.Argv, Key: key, Keep: keep, Grace: commandGrace})
	name := path.Join("commands", command.Name)
	done := archive.Command{Name: command.Name, Argv: command.Argv, ExitCode: end.Code}
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, context.DeadlineExceeded) && !sdk.AsError(err).Unchanged:
		done.Note = fmt.Sprintf("it did not end within %s and was stopped; this is what it had printed", command.Timeout)
	case err != nil:
		to.Skip(name, "%s", err)
		return nil
	case end.Detached:
		done.Note = "it left something running, whose output was not waited for"
	}
	if end.Signal != 0 {
		done.Signal = end.Signal.String()
	}
	to.Manifest.Commands = append(to.Manifest.Commands, done)
	if err := addOutput(ctx, to, name+".stdout", end.Stdout); err != nil {
		return err
	}
	return addOutput(ctx, to, name+".stderr", end.Stderr)
}

// addOutput takes what is kept of one stream of a command, byte for byte.
func addOutput(ctx context.Context, to *archive.Writer, name string, kept process.Kept) error {
	text := kept.Bytes()
	entry := archive.Entry{Name: name, Size: int64(len(text)), Modified: to.Manifest.Created}
	if cut, after := kept.Cut(); cut > 0 {
		entry.Note = fmt.Sprintf("%d bytes after the first %d are cut out", cut, after)
	}
	if !to.Fits(entry.Name, entry.Size) {
		return nil
	}
	return to.Add(ctx, entry, bytes.NewReader(text))
}

// outlive waits for commands of a lost attempt that still run, so that none runs twice at
// the same time. Where that cannot be seen it is no harm: they should only read.
func (g gatherer) outlive(ctx context.Context, call *sdk.Call[CollectInput]) error {
	_ = g.commands.Outlive(ctx, process.ID{}, call.Key, func(pid int) {
		call.Progressf("process %d of the earlier attempt is still running", pid)
	})
	return context.Cause(ctx)
}
