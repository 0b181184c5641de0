//go:build !linux

package process

import "errors"

// starter would know processes of this boot from those of others.
type starter struct{}

// ID is what can be noted of a process where there is no proc(5).
type ID struct {
	PID int `json:"pid"`
}

// survivor cannot tell: a number alone may by now be that of another process.
func (*starter) survivor(noted ID, _ string) (pid int, lives bool, err error) {
	return noted.PID, false, errors.New("this system does not say when a process was started")
}
