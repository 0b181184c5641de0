package house

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gatebook/gatebook/engine/inclusion"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/window"
)

// mostIncluded is how many bytes a file may have that a runbook takes in.
const mostIncluded = window.MaxCalendar

// include reads a file that a runbook names, as it is seen from the runbook's folder. It must be
// in the repository that the runbook is in, or where that is in none, in its folder: so that a
// review of the one sees the other, and a runbook of a stranger reads nothing else.
func (h *House) include(runbook, name string) (file *source.File, real string, err error) {
	if filepath.IsAbs(name) {
		return nil, "", errors.New("a path is written as it is seen from the runbook's folder, and this is an absolute one")
	}
	if revision, path, ok := h.inRevision(runbook); ok {
		return h.includeRevision(revision, path, name)
	}
	dir := h.Dir
	if runbook != standardInput {
		dir = filepath.Dir(h.Path(runbook))
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, "", fmt.Errorf("find the runbook's folder: %w", err)
	}
	repository := repositoryOf(dir)
	inside, real, err := within(repository, dir, name)
	if err != nil {
		return nil, "", err
	}
	text, err := readInside(repository, inside, mostIncluded)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, "", err
	case err != nil:
		return nil, "", fmt.Errorf("the file %s cannot be read: %w", name, err)
	}
	shown := real
	if runbook != standardInput {
		shown = filepath.Join(filepath.Dir(runbook), real)
	}
	return source.NewFile(shown, text), filepath.ToSlash(real), nil
}

// within returns the path of a file from the folder of a repository, and where links lead from
// there as it is seen from dir. Neither may leave the repository.
func within(repository, dir, name string) (inside, real string, err error) {
	if inside, err = filepath.Rel(repository, filepath.Join(dir, name)); err != nil || !filepath.IsLocal(inside) {
		return "", "", outside(name)
	}
	led, err := filepath.EvalSymlinks(filepath.Join(repository, inside))
	if err != nil {
		return inside, filepath.Clean(name), nil // it cannot be read, and why is told by that
	}
	if in, err := filepath.Rel(repository, led); err != nil || !filepath.IsLocal(in) {
		return "", "", outside(name)
	}
	real, err = filepath.Rel(dir, led)
	return inside, real, err
}

func outside(name string) error { return fmt.Errorf("the file %s %w", name, inclusion.ErrOutside) }

// repositoryOf returns the folder of the git repository that a folder is in, or the folder
// itself. A repository is known by its .git, which in a work tree is a file.
func repositoryOf(dir string) string {
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Lstat(filepath.Join(at, ".git")); err == nil {
			return at
		}
		if at == filepath.Dir(at) {
			return dir
		}
	}
}

// readInside reads a file of a folder that has at most so many bytes. No link leads out of it.
func readInside(folder, name string, most int64) ([]byte, error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	// What is no file, as a pipe, might never end, or begin.
	info, err := root.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is no file")
	}
	file, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, most+1))
	if err == nil && int64(len(text)) > most {
		err = fmt.Errorf("it has more than %d bytes", most)
	}
	return text, err
}

// inRevision takes apart the name of a runbook that was read from a revision of git.
func (h *House) inRevision(name string) (revision, path string, ok bool) {
	revision, path, ok = strings.Cut(name, ":")
	if _, err := os.Stat(h.Path(name)); err == nil || revision == "" {
		return "", "", false
	}
	return revision, path, ok && name != standardInput
}

// includeRevision reads the file as it was in a revision of git.
func (h *House) includeRevision(revision, runbook, name string) (file *source.File, real string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), gitPatience)
	defer cancel()
	dir := filepath.Dir(h.Path(runbook))
	text, said, ok := h.gitSays(ctx, dir, "show", "--no-textconv", "--end-of-options", revision+":./"+filepath.ToSlash(name))
	switch {
	case !ok:
		return nil, "", fmt.Errorf("the file %s cannot be read from git: %s", name, said)
	case len(text) > mostIncluded:
		return nil, "", fmt.Errorf("the file %s has more than %d bytes", name, mostIncluded)
	}
	return source.NewFile(revision+":"+filepath.Join(filepath.Dir(runbook), name), []byte(text)), filepath.ToSlash(filepath.Clean(name)), nil
}
