//go:build !linux

package program

// Executable is the name under which the file was found. Between the look at the
// file and its start it can be replaced; only Linux runs the very file.
func (p *Program) Executable() string { return p.path }
