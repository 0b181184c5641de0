//go:build !linux

package lab

import (
	"errors"
	"os"
	"syscall"
)

// errElsewhere is why there is no lab on other systems, which have no namespaces.
var errElsewhere = errors.New("an engine of a test needs Linux")

func within[T any](string, func() (T, error)) (result T, err error) { return result, errElsewhere }

func alone() *syscall.SysProcAttr { return nil }

func lock(*os.File, bool) (bool, error) { return false, errElsewhere }
