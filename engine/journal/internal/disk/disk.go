// Package disk puts files and folders on the disk so that, at any moment and after any
// crash, each is there whole or not at all, and opens none that is no file.
package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
)

// What runs did and printed is for their user alone: the modes of folders and files.
const (
	DirMode  = 0o700
	FileMode = 0o600
)

// MakeDir makes a folder, and those above it, and puts their names on the disk.
func MakeDir(path string) error { return makeDir(path, SyncDir) }

func makeDir(path string, sync func(string) error) error {
	above := filepath.Dir(path)
	info, err := os.Stat(path)
	switch {
	case err == nil && !info.IsDir():
		return &fs.PathError{Op: "mkdir", Path: path, Err: syscall.ENOTDIR}
	case err == nil:
		// Whoever made it may have died before its name was on the disk. Where this user
		// may not look into the folder above, it was made by somebody else, long ago.
		if err = sync(above); errors.Is(err, fs.ErrPermission) {
			err = nil
		}
		return err
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if err := makeDir(above, sync); err != nil {
		return err
	}
	if err := os.Mkdir(path, DirMode); err != nil {
		if _, gone := os.Stat(path); gone != nil {
			return err
		}
		return makeDir(path, sync) // another process was quicker
	}
	return sync(above)
}

// WriteFile puts a file on the disk so that, at any moment and after any crash, it is
// there whole or not at all.
func WriteFile(path string, data []byte) error {
	dir := filepath.Dir(path)
	temp, err := os.CreateTemp(dir, ".new-*") // made with mode 0600
	if err != nil {
		return err
	}
	_, err = temp.Write(data)
	if err == nil {
		err = temp.Sync()
	}
	err = errors.Join(err, temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	return SyncDir(dir)
}

// CheckFile refuses what is at a path and is no file, such as a named pipe: to open it,
// or to read it, could wait for ever.
func CheckFile(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return mustBeFile(path, info)
}

func mustBeFile(path string, info fs.FileInfo) error {
	kind := "a device"
	switch mode := info.Mode(); {
	case mode.IsRegular():
		return nil
	case mode.IsDir():
		kind = "a folder"
	case mode&fs.ModeNamedPipe != 0:
		kind = "a named pipe"
	case mode&fs.ModeSocket != 0:
		kind = "a socket"
	}
	return &fs.PathError{Op: "open", Path: path, Err: fmt.Errorf("it is %s, and no file", kind)}
}

// OpenFile opens a file that is there.
func OpenFile(path string, flag int) (*os.File, error) {
	if err := CheckFile(path); err != nil {
		return nil, err
	}
	// What was a file a moment ago may be something else by now, whose opening waits.
	f, err := os.OpenFile(path, flag|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil {
		err = mustBeFile(path, info)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// ReadFile reads a file that is there.
func ReadFile(path string) ([]byte, error) { return ReadStart(path, math.MaxInt64) }

// ReadStart reads a file that is there, and of a long one the first bytes only.
func ReadStart(path string, limit int64) ([]byte, error) {
	f, err := OpenFile(path, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, limit))
	return text, errors.Join(err, f.Close())
}

// CreateNumbered makes the first file with the prefix and a number that is not there.
func CreateNumbered(prefix string) (*os.File, error) {
	for n := 1; ; n++ {
		f, err := os.OpenFile(prefix+strconv.Itoa(n), os.O_CREATE|os.O_EXCL|os.O_WRONLY, FileMode)
		if !errors.Is(err, os.ErrExist) {
			return f, err
		}
	}
}

// SyncDir puts the names in a folder on the disk. Windows has no such call.
func SyncDir(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
		return fmt.Errorf("sync folder %s: %w", path, err)
	}
	return nil
}
