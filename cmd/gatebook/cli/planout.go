package cli

import (
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/house"
	"github.com/gatebook/gatebook/engine/seal"
)

// house opens the engine, with the folder that runs are kept in where a plan is sealed: the
// key is there.
func (o *planOptions) house() (*house.House, error) {
	switch {
	case o.out == "" && o.force:
		return nil, console.Usage("Say which file: --out FILE", "--force is for --out, which was not given")
	case o.out == "":
		return house.Open(o.Console)
	case o.out == "-" || o.file == "-":
		return nil, console.Usage("Give it a name: gatebook plan upgrade.yaml --out upgrade.plan",
			"a plan is sealed from a file into a file: both are looked at again when it is run")
	}
	return o.houseWithRuns()
}

// tellSealed says what was sealed, and what to type next.
func (o *planOptions) tellSealed(h *house.House, sealed *seal.Plan) {
	name := console.Quote(o.out)
	o.Note("Sealed in %s: %s", name, sealed.Digest)
	if sealed.Essence.Offline {
		o.Note("Nothing was looked at for it, so that its run does not notice what has changed there. Without --offline it does.")
	}
	answered, err := h.TellAnswers(sealed)
	if err != nil {
		o.Complain(err.Error()) // the plan is sealed all the same
	}
	for _, step := range sealed.Notes.Asks {
		if _, done := answered[step]; done {
			continue
		}
		o.Note("To answer %s before it is run: gatebook approve %s %[1]s", step, name)
	}
	o.Note("To carry out exactly this, once: gatebook run %s", name)
}
