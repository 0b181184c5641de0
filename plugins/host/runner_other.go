//go:build !linux

package host

// executable is the name under which the file was found. Between the look at the
// file and its start it can be replaced; only Linux runs the very file.
func (b *binary) executable() string { return b.path }
