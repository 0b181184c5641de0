package console

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
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
	_, err = beside.Write(text)
	if err == nil {
		err = beside.Sync() // or a power cut could leave the new name with nothing under it
	}
	err = errors.Join(err, beside.Chmod(info.Mode().Perm()), beside.Close())
	if err == nil {
		err = os.Rename(beside.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w; it is as it was", path, err), os.Remove(beside.Name()))
	}
	return nil
}
