//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package disk

import (
	"errors"
	"os"
	"syscall"
)

// Hold takes an open file for whoever opened it, until it is closed or the process ends,
// and reports whether it did: nobody else may hold it. It is the file itself that is
// held, and not its name, so that removing a name lets nobody else in.
func Hold(f *os.File) (bool, error) { return lock(f, syscall.LOCK_EX) }

// Close closes a file, and lets go of it first where it is held: a program that is being
// started at this moment has the file too until it runs, and would hold it for so long.
func Close(f *os.File) error {
	_, err := lock(f, syscall.LOCK_UN)
	return errors.Join(err, f.Close())
}

// Held reports whether anybody holds a file. To find out, it is held in part for an
// instant, in which Hold fails.
func Held(path string) (bool, error) {
	f, err := OpenFile(path, os.O_RDONLY)
	if err != nil {
		return false, err
	}
	free, err := lock(f, syscall.LOCK_SH)
	return err == nil && !free, errors.Join(err, Close(f))
}

func lock(f *os.File, how int) (bool, error) {
	for {
		err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, syscall.EWOULDBLOCK):
			return false, nil
		case !errors.Is(err, syscall.EINTR):
			return false, &os.PathError{Op: "lock", Path: f.Name(), Err: err}
		}
	}
}
