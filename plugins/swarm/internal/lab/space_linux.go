package lab

import (
	"errors"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// within does something inside a network namespace. Its thread ends with it, since it could not be
// trusted to be where it was.
func within[T any](space string, do func() (T, error)) (result T, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and where it is not unlocked, the thread ends with the goroutine
		if unix.Gettid() == os.Getpid() {
			// The first thread never ends. While it is held here, another is taken.
			defer runtime.UnlockOSThread()
			result, err = within(space, do)
			return
		}
		if err = enter("/run/netns/" + space); err == nil {
			result, err = do()
		}
	}()
	<-done
	return result, err
}

// enter takes the thread into a network namespace.
func enter(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return unix.Setns(int(file.Fd()), unix.CLONE_NEWNET)
}

// alone has a program be the first of a session, and be killed with the thread that starts it.
func alone() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
}

// lock takes the lock of a file, and says whether it has it: not, where it does not wait and another
// process has it. It is let go with the file, or with the process.
func lock(file *os.File, wait bool) (bool, error) {
	how := unix.LOCK_EX
	if !wait {
		how |= unix.LOCK_NB
	}
	for {
		switch err := unix.Flock(int(file.Fd()), how); {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EWOULDBLOCK):
			return false, nil
		default:
			return err == nil, err
		}
	}
}
