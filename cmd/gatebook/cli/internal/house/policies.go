package house

import (
	"errors"
	"fmt"
	"io"
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
func (p policies) Find(runbook string) (*source.File, error) {
	dir := filepath.Dir(p.Path(runbook))
	if runbook == standardInput {
		dir = p.Dir
	}
	for root := rootOf(dir); ; dir = filepath.Dir(dir) {
		file, err := p.read(filepath.Join(dir, people.FileName))
		switch {
		case err == nil:
			return file, nil
		case !errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("read the policy of %s: %w", runbook, err)
		case dir == root:
			return nil, nil //nolint:nilnil // most runbooks have no policy
		}
	}
}

// rootOf is the root of the git repository that a folder is in, and the folder itself where it
// is in none.
func rootOf(dir string) string {
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Lstat(filepath.Join(at, ".git")); err == nil {
			return at
		}
		if at == filepath.Dir(at) {
			return dir
		}
	}
}

// Open reads a file that the file of a policy names, seen from its folder.
func (p policies) Open(policy, name string) (*source.File, error) {
	if !filepath.IsAbs(name) {
		name = filepath.Join(filepath.Dir(p.Path(policy)), filepath.FromSlash(name))
	}
	return p.read(name)
}

// maxPolicy bounds the files of a policy, which each plan keeps.
const maxPolicy = 1 << 20

func (p policies) read(path string) (*source.File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxPolicy+1))
	switch {
	case err != nil:
		return nil, err
	case len(text) > maxPolicy:
		return nil, fmt.Errorf("%s has more than %d bytes", path, maxPolicy)
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
		advice := "See the steps: gatebook graph FILE"
		if choice.Near != "" {
			advice = "Did you mean " + choice.Near + "?"
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
