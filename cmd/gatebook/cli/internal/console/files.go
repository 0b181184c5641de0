package console

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// Path returns a path as seen from the working directory.
func (c *Console) Path(name string) string {
	if filepath.IsAbs(name) || c.Dir == "" {
		return name
	}
	return filepath.Join(c.Dir, name)
}

// MaxFile bounds what is read of a file that a person names, in bytes. Runbooks have a
// lower bound of their own; this one keeps a device or a pipe from filling the memory.
const MaxFile = 64 << 20

// ReadFile reads a file that a person named, for what it is to be; "-" is standard
// input. That it cannot be read is a [UsageError]: nothing has begun.
func (c *Console) ReadFile(name, what string) ([]byte, error) {
	if name == "-" {
		return c.ReadStdin(what)
	}
	file, err := os.Open(c.Path(name))
	if err != nil {
		return nil, Usage("", "read %s: %v", what, err)
	}
	defer file.Close()
	return readAll(file, name, what)
}

// ReadStdin reads standard input to its end. That can be done once: a second reader
// would be given nothing and take that for what was said.
func (c *Console) ReadStdin(what string) ([]byte, error) {
	if c.stdinFor != "" {
		return nil, Usage("Give one of them in another way, as a file.",
			"standard input can be read once, and is to be %s and %s", c.stdinFor, what)
	}
	c.stdinFor = what
	return readAll(c.Stdin, "standard input", what)
}

func readAll(in io.Reader, name, what string) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(in, MaxFile+1))
	if err == nil && len(text) > MaxFile {
		err = fmt.Errorf("%s is larger than %d MB", name, MaxFile>>20)
	}
	if err != nil {
		return nil, Usage("", "read %s: %v", what, err)
	}
	return text, nil
}

// Create writes a file that a person named, and leaves alone what is there already.
func (c *Console) Create(name, text, what string) error {
	file, err := os.OpenFile(c.Path(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return taken(name)
	}
	if err != nil {
		return fmt.Errorf("start %s: %w", what, err)
	}
	_, err = file.WriteString(text)
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("write %s: %w; what there is of it is in %s", what, err, name)
	}
	return nil
}

// CreateFolder is [Console.Create] for a folder of files, by their names in it.
func (c *Console) CreateFolder(name string, files map[string]string, what string) error {
	if err := os.Mkdir(c.Path(name), 0o755); errors.Is(err, fs.ErrExist) {
		return taken(name)
	} else if err != nil {
		return fmt.Errorf("start %s: %w", what, err)
	}
	for _, file := range slices.Sorted(maps.Keys(files)) {
		path := c.Path(filepath.Join(name, file))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("write %s: %w", what, err)
		}
		if err := os.WriteFile(path, []byte(files[file]), 0o644); err != nil {
			return fmt.Errorf("write %s: %w; what there is of it is in %s", what, err, name)
		}
	}
	return nil
}

func taken(name string) error {
	return Usage("Choose another name.", "%s is there already, and was left alone", name)
}

// Replace writes a file that a person named anew: beside it first, so that a full disk
// costs nothing. A symbolic link stays one.
func (c *Console) Replace(name string, text []byte) error {
	path, err := filepath.EvalSymlinks(c.Path(name))
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	beside, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	return place(beside, path, text, info.Mode().Perm())
}

// Put writes a file that a person named, for its user alone: beside it first, so that what
// is there stays whole or is replaced. Where there is something already, allowed is given its
// first bytes, and says why it must stay. A symbolic link stays one.
func (c *Console) Put(name string, text []byte, allowed func(was []byte) error) error {
	path := c.Path(name)
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	was, err := firstBytes(path)
	switch {
	case err == nil:
		err = allowed(was)
	case errors.Is(err, fs.ErrNotExist):
		err = nil
	default:
		err = Usage("Nothing was written.", "write %s: %v", name, err)
	}
	if err != nil {
		return err
	}
	beside, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // made with mode 0600
	if err != nil {
		return Usage("Nothing was written.", "write %s: %v", name, err)
	}
	return place(beside, path, text, filePrivate)
}

// Same reports whether two names are of one file that is there, by whatever links.
func (c *Console) Same(name, other string) bool {
	one, err := os.Stat(c.Path(name))
	if err != nil {
		return false
	}
	two, err := os.Stat(c.Path(other))
	return err == nil && os.SameFile(one, two)
}

// filePrivate is the mode of a file that is for its user alone.
const filePrivate = 0o600

// place writes a file and then gives it the name that it is to have.
func place(beside *os.File, path string, text []byte, mode fs.FileMode) error {
	_, err := beside.Write(text)
	if err == nil {
		err = beside.Sync() // or a power cut could leave the new name with nothing under it
	}
	err = errors.Join(err, beside.Chmod(mode), beside.Close())
	if err == nil {
		err = os.Rename(beside.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w; it is as it was", path, err), os.Remove(beside.Name()))
	}
	return nil
}

// Begins returns the first bytes of a file that a person may have named; nothing where there
// is none that can be read.
func (c *Console) Begins(name string) []byte {
	text, err := firstBytes(c.Path(name))
	if err != nil {
		return nil
	}
	return text
}

// firstBytes reads the beginning of a file, and refuses what is none.
func firstBytes(path string) ([]byte, error) {
	const enough = 512
	info, err := os.Stat(path) // opening a named pipe would wait
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is there, and no file")
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, enough))
}
