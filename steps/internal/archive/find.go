package archive

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/steps/internal/files"
)

// EachFile calls take for each regular file of a directory that matches one of the
// patterns, through a root that keeps symbolic links inside; from is its name in what is
// said. It returns what was asked for and cannot be taken. Archives that are being
// written are passed over: one lies here itself where a step collects its own directory.
func EachFile(ctx context.Context, dir, from string, include []string, take func(*os.Root, string, fs.FileInfo) error) ([]Skipped, error) {
	root, err := openDir(dir)
	if err != nil {
		return []Skipped{{Name: from, Reason: files.Reason(err)}}, nil
	}
	defer func() { _ = root.Close() }()
	finder := finder{root: root, from: from, take: take}
	for _, pattern := range include {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err := finder.match(ctx, pattern); err != nil {
			return nil, err
		}
	}
	return finder.skipped, nil
}

// openDir opens a directory. It looks at it first, since opening a named pipe would wait
// for somebody to write.
func openDir(dir string) (*os.Root, error) {
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		return nil, err
	case !info.IsDir():
		return nil, errors.New("not a directory")
	default:
		return os.OpenRoot(dir)
	}
}

// finder goes through the files of one source.
type finder struct {
	root    *os.Root
	from    string
	take    func(*os.Root, string, fs.FileInfo) error
	skipped []Skipped
}

func (f *finder) skip(name, why string) {
	f.skipped = append(f.skipped, Skipped{Name: path.Join(filepath.ToSlash(f.from), name), Reason: why})
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
		f.skip(name, files.Reason(err))
		return nil
	}
	if entry.IsDir() || isPart(name) {
		return nil
	}
	info, err := f.root.Stat(name)
	switch {
	case err != nil:
		f.skip(name, files.Reason(err))
		return nil
	case !info.Mode().IsRegular():
		f.skip(name, errNotRegular.Error())
		return nil
	default:
		return f.take(f.root, name, info)
	}
}
