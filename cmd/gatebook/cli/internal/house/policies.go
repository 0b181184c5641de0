package house

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/people"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/source"
)

// policies finds the policies that stand beside runbooks.
type policies struct{ *console.Console }

// Find looks for a policy from the runbook's folder up to the root of its git repository.
// Outside of any, only the runbook's own folder counts: what lies above it may be anybody's.
// Of a runbook that is a link, that is the folder of what it leads to; what stands beside the
// link must be the same then.
func (p policies) Find(runbook string) (*source.File, error) {
	if runbook == standardInput {
		return p.above(runbook, p.Dir)
	}
	path := p.Path(runbook)
	beside, err := p.above(runbook, filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil || real == path {
		return beside, nil //nolint:nilerr // what is not there, as in a revision of git, leads nowhere
	}
	there, err := p.above(runbook, filepath.Dir(real))
	switch {
	case err != nil || beside == nil:
		return there, err
	case there == nil || !bytes.Equal(there.Text(), beside.Text()):
		return nil, fmt.Errorf("%s is a link to %s, which does not go by the policy beside the link: name the runbook by where it is", runbook, real)
	}
	return beside, nil
}

// above looks for a policy from a folder upwards.
func (p policies) above(runbook, dir string) (*source.File, error) {
	for root := repositoryOf(dir); ; dir = filepath.Dir(dir) {
		path := filepath.Join(dir, people.FileName)
		// A link that leads nowhere is a policy that cannot be read, and not none.
		_, err := os.Lstat(path)
		if err == nil {
			file, err := p.read(root, path)
			if err != nil {
				return nil, fmt.Errorf("read the policy of %s: %w", runbook, err)
			}
			return file, nil
		}
		switch {
		case !errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("look for the policy of %s: %w", runbook, err)
		case dir == root:
			return nil, nil //nolint:nilnil // most runbooks have no policy
		}
	}
}

// Open reads a file that the file of a policy names, seen from its folder. It must be in the
// repository that the policy is in, or in its folder: whoever proposes a policy must not have
// other files of whoever checks it read, kept or shown.
func (p policies) Open(policy, name string) (*source.File, error) {
	if filepath.IsAbs(name) {
		return nil, errors.New("a path is written as it is seen from the policy's folder, and this is an absolute one")
	}
	dir := filepath.Dir(p.Path(policy))
	return p.read(repositoryOf(dir), filepath.Join(dir, filepath.FromSlash(name)))
}

// maxPolicy bounds the files of a policy, which each plan keeps.
const maxPolicy = 1 << 20

// read reads a regular file of a folder. No link leads out of it.
func (p policies) read(root, path string) (*source.File, error) {
	inside, err := filepath.Rel(root, path)
	if err != nil || !filepath.IsLocal(inside) {
		return nil, fmt.Errorf("%s lies outside of the repository that the policy is in, or, as it is in none, of its folder", path)
	}
	text, err := readInside(root, inside, maxPolicy)
	if err != nil {
		return nil, err
	}
	if near, err := filepath.Rel(p.Dir, path); err == nil {
		path = near
	}
	return source.NewFile(path, text), nil
}

// Denied says that the policy does not let somebody do something, that what they ask for is not
// there, or that a plan goes over the limits of its runbook, before anything was done, and gives
// the exit code. Any other error is returned as it is, and is false.
func Denied(c *console.Console, err error) (told error, is bool) {
	if window, is := errors.AsType[*engine.OverrideError](err); is {
		advice := "Write the name of a window of the runbook."
		if window.Near != "" {
			advice = "Did you mean " + window.Near + "?"
		}
		return console.Usage(advice, "nothing was begun: %v", window), true
	}
	if choice, is := errors.AsType[*plan.ChoiceError](err); is {
		advice := "See: gatebook run --help"
		switch {
		case choice.Near != "":
			advice = "Did you mean " + choice.Near + "?"
		case choice.Named != "":
			advice = "See the steps: gatebook graph FILE"
		}
		return console.Usage(advice, "%v", choice), true
	}
	if denied, is := errors.AsType[*engine.DeniedError](err); is {
		c.Complain("nothing was done: " + denied.Error())
		return console.CodeError(event.OutcomeGateClosed.ExitCode()), true
	}
	over, is := errors.AsType[*engine.OverLimitError](err)
	if !is {
		return err, false
	}
	c.Complain("nothing was begun: " + over.Error() + "\nTo see what it counts: gatebook plan. Where so much is wanted, raise limits in the runbook.")
	return console.CodeError(event.OutcomeGateClosed.ExitCode()), true
}
