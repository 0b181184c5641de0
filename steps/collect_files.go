package steps

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/gatebook/gatebook/plugins/sdk"
)

const (
	commandGrace     = 2 * time.Second // between SIGTERM and SIGKILL
	maxCommandOutput = 16 << 20        // of each stream, since it is held in memory
)

// eachFile calls take for each regular file of a source, through a root that keeps
// symbolic links inside. It returns what was asked for and cannot be taken.
func (g gatherer) eachFile(ctx context.Context, source CollectFiles, take func(*os.Root, string, fs.FileInfo) error) ([]CollectSkipped, error) {
	root, err := os.OpenRoot(g.path(source.From))
	if err != nil {
		return []CollectSkipped{{Name: source.From, Reason: reason(err)}}, nil
	}
	defer func() { _ = root.Close() }()
	finder := finder{root: root, from: source.From, take: take}
	for _, pattern := range source.Include {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err := finder.match(ctx, pattern); err != nil {
			return nil, err
		}
	}
	return finder.skipped, nil
}

// finder goes through the files of one source.
type finder struct {
	root    *os.Root
	from    string
	take    func(*os.Root, string, fs.FileInfo) error
	skipped []CollectSkipped
}

func (f *finder) skip(name, why string) {
	f.skipped = append(f.skipped, CollectSkipped{Name: path.Join(filepath.ToSlash(f.from), name), Reason: why})
}

func (f *finder) match(ctx context.Context, pattern string) error {
	matches, err := fs.Glob(f.root.FS(), pattern)
	if err != nil {
		return sdk.FieldErrorf("include", "%q: %w", pattern, err)
	}
	if len(matches) == 0 {
		if _, err := f.root.Lstat(pattern); err == nil {
			matches = []string{pattern} // a link that leads nowhere; the walk says why
		} else {
			f.skip(pattern, "no file matches")
		}
	}
	for _, match := range matches {
		if err := fs.WalkDir(f.root.FS(), match, func(name string, entry fs.DirEntry, err error) error {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return f.visit(name, entry, err)
		}); err != nil {
			return err
		}
	}
	return nil
}

func (f *finder) visit(name string, entry fs.DirEntry, err error) error {
	if err != nil {
		f.skip(name, reason(err))
		return nil
	}
	if entry.IsDir() {
		return nil
	}
	info, err := f.root.Stat(name)
	switch {
	case err != nil:
		f.skip(name, reason(err))
		return nil
	case !info.Mode().IsRegular():
		f.skip(name, "not a regular file")
		return nil
	default:
		return f.take(f.root, name, info)
	}
}

// reason is an error without the path that it is about.
func reason(err error) string {
	if cause, ok := errors.AsType[*fs.PathError](err); ok {
		return cause.Err.Error()
	}
	return err.Error()
}

// addCommand runs a command and takes what it prints, also where it fails.
func (g gatherer) addCommand(ctx context.Context, a *archiver, command CollectCommand) error {
	bounded, cancel := context.WithTimeout(ctx, command.Timeout.Std())
	defer cancel()
	ended, err := g.exec.run(bounded, processSpec{
		argv: command.Argv, dir: g.Dir, env: g.exec.environ(nil, ""), grace: commandGrace,
		keep: int(min(a.in.MaxFileSize, maxCommandOutput)),
	})
	name := path.Join("commands", command.Name)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case bounded.Err() != nil:
		a.skip(name, "did not end within %s", command.Timeout)
		return nil
	case err != nil:
		a.skip(name, "%s", err)
		return nil
	}
	a.manifest.Commands = append(a.manifest.Commands, manifestCommand{
		Name: command.Name, Argv: command.Argv, ExitCode: ended.code, Signal: ended.signal,
	})
	for _, stream := range []struct{ suffix, text string }{{".stdout", ended.stdout}, {".stderr", ended.stderr}} {
		size := int64(len(stream.text))
		if !a.fits(name+stream.suffix, size) {
			continue
		}
		if err := a.add(name+stream.suffix, size, a.manifest.Created, strings.NewReader(stream.text)); err != nil {
			return err
		}
	}
	return nil
}
