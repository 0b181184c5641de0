//go:build !linux

package steps

import (
	"errors"
	"os"
)

// starter starts processes. Only Linux can tie their life to gatebook's.
type starter struct{}

func (*starter) start(path string, argv []string, attr *os.ProcAttr) (*os.Process, error) {
	return os.StartProcess(path, argv, attr)
}

// processID is what can be noted of a process where there is no proc(5).
type processID struct {
	PID int `json:"pid"`
}

func (*starter) identify(pid int) processID { return processID{PID: pid} }

// survivor cannot tell: a number alone may by now be that of another process.
func (*starter) survivor(noted processID, _ string) (pid int, lives bool, err error) {
	return noted.PID, false, errors.New("this system does not say when a process was started")
}
