package steps

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"time"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
	"github.com/gatebook/gatebook/steps/internal/archive"
	"github.com/gatebook/gatebook/steps/internal/files"
	"github.com/gatebook/gatebook/steps/internal/process"
)

// CollectInput is what collect is given.
type CollectInput struct {
	To          string           `json:"to" required:"true" pattern:"\\.(tar\\.gz|tgz)$" example:"evidence/web-upgrade.tar.gz" doc:"Archive to write. Where the name is taken, what has it stays, and this archive is written beside it as web-upgrade.2.tar.gz, .3 and so on. Its directory is made."`
	Files       []CollectFiles   `json:"files" minItems:"1" doc:"Files to take."`
	Commands    []CollectCommand `json:"commands" minItems:"1" doc:"Commands whose output to take."`
	MaxFileSize int64            `json:"maxFileSize" default:"67108864" min:"1" unit:"bytes" doc:"A file that is larger is left out. Of what a command prints, only the beginning and the end are kept once it is more than this, or than 16 MiB."`
	MaxSize     int64            `json:"maxSize" default:"1073741824" min:"1" unit:"bytes" doc:"How much to take altogether, before compression; what no longer fits is left out."`
}

// CollectFiles is a directory and what to take of it.
type CollectFiles struct {
	From    string   `json:"from" required:"true" minLength:"1" example:"/var/log/web" doc:"Directory to take from. Nothing outside of it is taken, wherever symbolic links lead."`
	Include []string `json:"include" default:"[\"*\"]" minItems:"1" example:"[\"*.log\", \"conf\"]" doc:"Patterns relative to the directory, as in a shell, without **. A directory that matches is taken with all that is in it."`
}

// CollectCommand is a command whose output is taken.
type CollectCommand struct {
	Name    string          `json:"name" required:"true" pattern:"^[a-z][a-z0-9_-]{0,62}$" doc:"Name in the archive: commands/NAME.stdout and commands/NAME.stderr."`
	Argv    []string        `json:"argv" required:"true" nosecret:"true" minItems:"1" example:"[\"uname\", \"-a\"]" doc:"Program and its arguments, run without a shell. It should only read."`
	Timeout schema.Duration `json:"timeout" default:"1m" doc:"How long it may take. What it has printed by then is kept."`
}

// CollectOutput is what collect returns.
type CollectOutput struct {
	Path    string            `json:"path" required:"true" doc:"Where the archive is: to, or to with a number."`
	SHA256  string            `json:"sha256" required:"true" doc:"SHA-256 of the archive, in hexadecimal."`
	Size    int64             `json:"size" required:"true" unit:"bytes" doc:"Size of the archive."`
	Files   int               `json:"files" required:"true" doc:"How many files and outputs it holds, without the manifest."`
	Skipped []archive.Skipped `json:"skipped" required:"true" doc:"What was asked for and is not in it."`
}

// collectBefore is what Undo must know of an Apply.
type collectBefore struct {
	Key string `json:"key"`
}

// gatherer makes archives.
type gatherer struct {
	Options
	commands *process.Runner
}

func collect(o Options) sdk.Action[CollectInput, CollectOutput] {
	g := gatherer{o, o.programs()}
	return sdk.Action[CollectInput, CollectOutput]{
		Name:    "collect",
		Summary: "Gather files and the output of commands into a checksummed archive",
		Description: `Writes a tar.gz with the files under ` + "`files/`" + `, the output of the commands under ` + "`commands/`" + ` and a
` + "`manifest.json`" + ` that names the size, time and SHA-256 of each, and what could not be taken. What is missing, not readable
or too large does not fail the step: evidence of a bad day is gathered as far as it goes, and the manifest says what was cut, and
which command did not end in time. What commands print is kept byte for byte.

The archive appears whole or not at all, and never in the place of another file. Where ` + "`to`" + ` is taken, by an earlier run, by an
earlier end of this one or by anything else, it gets the next free number (` + "`web.2.tar.gz`" + `), and ` + "`path`" + ` says which. It is
marked with the step's key, by which another attempt finds it, under a number too. The commands find the key in
` + "`GATEBOOK_KEY`" + `; after a crash, those that still run are waited for. Rolling back removes the archive if it is still the
same, and no other.`,
		Effect:     sdk.Change,
		Idempotent: true,
		Rules: []schema.Rule{
			{Expr: "has(self.files) || has(self.commands)", Message: "Give files or commands."},
			{
				Expr:    "!has(self.commands) || self.commands.all(a, self.commands.filter(b, b.name == a.name).size() == 1)",
				Message: "Give each command a name of its own.",
			},
		},
		Examples: []schema.Example{{Title: "Evidence of an upgrade", With: map[string]any{
			"to":       "evidence/web-1.2.0.tar.gz",
			"files":    []any{map[string]any{"from": "/var/log/web", "include": []any{"*.log"}}},
			"commands": []any{map[string]any{"name": "kernel", "argv": []any{"uname", "-a"}}},
		}}},
		Plan:    g.plan,
		Apply:   g.apply,
		Observe: g.observe,
		Undo:    g.undo,
	}
}

func (g gatherer) plan(ctx context.Context, call *sdk.Call[CollectInput]) (sdk.Preview, error) {
	in := call.Input
	if !call.Knows("to") {
		return sdk.Preview{
			Summary: "would write an archive whose name is not known yet",
			Changes: []sdk.Delta{{Target: "archive", Kind: "archive", Op: "create"}},
		}, nil
	}
	n := archive.Free(g.path(in.To))
	name := archive.Numbered(in.To, n)
	preview := sdk.Preview{
		Summary: "would write " + name,
		Changes: []sdk.Delta{{Target: name, Kind: "archive", Op: "create"}},
	}
	if n > 1 {
		preview.Summary += ", as " + in.To + " is taken,"
	}
	if !call.Knows("files", "commands") {
		preview.Summary += " with what is not known yet"
		return preview, nil
	}
	found := 0
	for i, source := range in.Files {
		skipped, err := archive.EachFile(ctx, g.path(source.From), source.From, source.Include, func(*os.Root, string, fs.FileInfo) error {
			found++
			return nil
		})
		if err != nil {
			return sdk.Preview{}, sourceError(i, err)
		}
		for _, skip := range skipped {
			preview.Warnings = append(preview.Warnings, fmt.Sprintf("%s would be left out: %s.", skip.Name, skip.Reason))
		}
	}
	preview.Summary += fmt.Sprintf(" with %d files and the output of %d commands", found, len(in.Commands))
	return preview, nil
}

// sourceError places an error about a pattern.
func sourceError(i int, err error) error {
	if typed, ok := errors.AsType[*sdk.Error](err); ok && typed.Field != "" {
		placed := *typed
		placed.Field = fmt.Sprintf("files[%d].%s", i, typed.Field)
		return &placed
	}
	return err
}

func (g gatherer) apply(ctx context.Context, call *sdk.Call[CollectInput]) (CollectOutput, error) {
	to := call.Input.To
	target := g.path(to)
	n, made, err := archive.Find(ctx, target, call.Key)
	switch {
	case err == nil:
		return collected(made, archive.Numbered(to, n)), nil
	case ctx.Err() != nil:
		return CollectOutput{}, context.Cause(ctx)
	case !errors.Is(err, fs.ErrNotExist):
		return CollectOutput{}, files.Error("to", to, err).NothingChanged()
	}
	if err := call.SaveBefore(ctx, collectBefore{Key: call.Key}); err != nil {
		return CollectOutput{}, err
	}
	if err := files.MakeDir(filepath.Dir(target)); err != nil {
		return CollectOutput{}, files.Error("to", to, err)
	}
	part := archive.PartOf(target, call.Key)
	if err := g.write(ctx, part, call); err != nil {
		_ = os.Remove(part)
		return CollectOutput{}, err
	}
	n, err = archive.Publish(part, target)
	if err != nil {
		_ = os.Remove(part)
		return CollectOutput{}, files.Error("to", to, err)
	}
	if n > 1 {
		call.Progressf("%s is taken by %s; this is %s", to, whose(target), archive.Numbered(to, n))
	}
	// Reading it back proves what the checksum is of: the bytes on the disk.
	made, err = archive.Inspect(ctx, archive.Numbered(target, n))
	if err != nil {
		return CollectOutput{}, err
	}
	return collected(made, archive.Numbered(to, n)), nil
}

// whose says of what has an archive's name where it is from. That it carries a key is all
// that can be seen: each end of a run has another.
func whose(target string) string {
	if archive.KeyOf(target) != "" {
		return "an archive of another run, step or end of this run"
	}
	return "something that is not known to be from gatebook"
}

// collected are the outputs of an archive.
func collected(made archive.File, name string) CollectOutput {
	return CollectOutput{
		Path: name, SHA256: made.SHA256, Size: made.Size, Files: len(made.Manifest.Files), Skipped: made.Manifest.Skipped,
	}
}

// write gathers everything into a file and makes it durable.
func (g gatherer) write(ctx context.Context, name string, call *sdk.Call[CollectInput]) (err error) {
	in := call.Input
	file, err := os.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return files.Error("to", in.To, err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	to := archive.NewWriter(file, call.Key, time.Now(), archive.Limits{File: in.MaxFileSize, All: in.MaxSize}, call.Host.Progress)
	if err := g.fill(ctx, to, in, call.Key); err != nil {
		return err
	}
	if err := errors.Join(to.Close(), file.Sync()); err != nil {
		return sdk.Errorf(sdk.Transient, "writing %s: %w", in.To, err)
	}
	return nil
}

func (g gatherer) fill(ctx context.Context, to *archive.Writer, in CollectInput, key string) error {
	for i, source := range in.Files {
		dir := g.path(source.From)
		base := path.Join("files", path.Clean("/"+filepath.ToSlash(dir)))
		skipped, err := archive.EachFile(ctx, dir, source.From, source.Include, func(root *os.Root, name string, info fs.FileInfo) error {
			return to.AddFile(ctx, root, name, path.Join(base, name), info)
		})
		if err != nil {
			return sourceError(i, err)
		}
		to.Manifest.Skipped = append(to.Manifest.Skipped, skipped...)
	}
	for _, command := range in.Commands {
		if err := g.addCommand(ctx, to, command, key, int(min(in.MaxFileSize, maxCommandOutput))); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// notOurs says of what stands in an archive's place that it was not made by this step, or
// why it cannot be seen what it is.
func notOurs(name string, err error) *sdk.Error {
	if unreadable, ok := errors.AsType[*fs.PathError](err); ok {
		return files.Error("to", name, unreadable)
	}
	failure := sdk.Errorf(sdk.Conflict, "%s was not made by this step", name)
	failure.Field = "to"
	return failure
}

func (g gatherer) observe(ctx context.Context, call *sdk.Call[CollectInput]) (sdk.Observed[CollectOutput], error) {
	if call.Undo {
		return g.observeUndo(ctx, call)
	}
	n, made, err := archive.Find(ctx, g.path(call.Input.To), call.Key)
	switch {
	case err == nil:
		return sdk.Observed[CollectOutput]{
			State: sdk.Done, Outputs: collected(made, archive.Numbered(call.Input.To, n)),
			Detail: "The archive is there and carries the step's key.",
		}, nil
	case ctx.Err() != nil:
		return sdk.Observed[CollectOutput]{}, context.Cause(ctx)
	default:
		return sdk.Observed[CollectOutput]{State: sdk.NotDone}, g.outlive(ctx, call)
	}
}

func (g gatherer) observeUndo(ctx context.Context, call *sdk.Call[CollectInput]) (sdk.Observed[CollectOutput], error) {
	_, err := g.made(ctx, call)
	switch {
	case ctx.Err() != nil:
		return sdk.Observed[CollectOutput]{}, context.Cause(ctx)
	case errors.Is(err, fs.ErrNotExist):
		return sdk.Observed[CollectOutput]{State: sdk.Done, Detail: "The archive is gone."}, nil
	default:
		return sdk.Observed[CollectOutput]{State: sdk.NotDone}, nil
	}
}

func (g gatherer) undo(ctx context.Context, call *sdk.Call[CollectInput]) error {
	before, _, err := sdk.LoadBefore[collectBefore](call)
	if err != nil {
		return err
	}
	to := call.Input.To
	if err := os.Remove(archive.PartOf(g.path(to), before.Key)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return files.Error("to", to, err)
	}
	name, err := g.made(ctx, call)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	if err := os.Remove(g.path(name)); err != nil {
		return files.Error("to", name, err)
	}
	return nil
}

// made returns the name of the archive that Apply made: the one that it returned, or else
// the one with its key. It is an [fs.ErrNotExist] where there is none, and a conflict where
// another stands in its place.
func (g gatherer) made(ctx context.Context, call *sdk.Call[CollectInput]) (string, error) {
	before, saved, errBefore := sdk.LoadBefore[collectBefore](call)
	outputs, returned, errOutputs := sdk.LoadOutputs[CollectOutput](call)
	if err := errors.Join(errBefore, errOutputs); err != nil {
		return "", err
	}
	if !returned && !saved {
		return "", fs.ErrNotExist // Apply did not come so far
	}
	if !returned {
		n, _, err := archive.Find(ctx, g.path(call.Input.To), before.Key)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			err = files.Error("to", call.Input.To, err)
		}
		return archive.Numbered(call.Input.To, n), err
	}
	made, err := archive.Inspect(ctx, g.path(outputs.Path))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", err
	case err != nil || saved && made.Key != before.Key:
		return "", notOurs(outputs.Path, err)
	case outputs.SHA256 != made.SHA256:
		return "", sdk.Errorf(sdk.Conflict, "%s was changed since it was written", outputs.Path)
	}
	return outputs.Path, nil
}
