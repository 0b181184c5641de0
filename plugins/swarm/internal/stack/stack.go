// Package stack is what a compose file makes of a stack, and what there is of one in a swarm. It leaves
// out how the one becomes the other.
package stack

import (
	"cmp"

	"github.com/gatebook/gatebook/plugins/swarm/internal/file"
)

// Given is what a step gives of a stack.
type Given struct {
	Name             string
	Compose          string // the compose file as text
	File             string // or its path
	Folder           string // from which paths in it are seen
	Variables        map[string]string
	ResolveImage     string // when the registry is asked: always, changed or never
	WithRegistryAuth bool
}

// Read reads the compose file.
func (in Given) Read() (file.File, error) {
	return file.Read(file.Given{Compose: in.Compose, File: in.File, Folder: in.Folder, Variables: in.Variables})
}

// Called is how a plan names the file.
func (in Given) Called() string { return cmp.Or(in.File, "of the stack "+in.Name) }
