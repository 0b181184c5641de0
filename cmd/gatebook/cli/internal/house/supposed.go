package house

import (
	"errors"
	"io/fs"
	"os"

	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/drill/suppose"
	"github.com/gatebook/gatebook/engine/drill/world"
	"github.com/gatebook/gatebook/engine/source"
)

// Supposed reads what is supposed of the world in a drill of a runbook: the file that is named,
// or else the test file beside the runbook, where there is one. The name of that is returned.
func (h *House) Supposed(runbook, named string, planned *engine.Plan) (world.Supposed, string, error) {
	name := named
	if name == "" {
		if runbook == standardInput {
			return world.Supposed{}, "", nil
		}
		name = suppose.FileName(runbook)
		if _, err := os.Stat(h.Path(name)); errors.Is(err, fs.ErrNotExist) {
			return world.Supposed{}, "", nil
		}
	}
	text, err := h.ReadFile(name, "the test file")
	if err != nil {
		return world.Supposed{}, "", err
	}
	supposed, found := suppose.Read(source.NewFile(name, text), planned.Plan)
	if found.HasErrors() {
		return world.Supposed{}, "", h.Invalid(found)
	}
	if err := h.Tell(found); err != nil {
		return world.Supposed{}, "", err
	}
	return supposed, name, nil
}
