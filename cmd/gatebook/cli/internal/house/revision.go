package house

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/gatebook/gatebook/engine/plan"
)

// gitPatience is how long git is waited for: a plan does without it.
const gitPatience = 2 * time.Second

// Originate adds to a plan that is shown which gatebook made it, and of which git commit its
// runbook is.
func (h *House) Originate(ctx context.Context, shown *plan.Plan) {
	shown.Gatebook = h.Build.Version
	shown.Runbook.Revision = h.revision(ctx, shown.Runbook.File)
}

// revision says of which git commit a file is; nil where there is no git, or the file is in
// none of its repositories.
func (h *House) revision(ctx context.Context, file string) *plan.Revision {
	if file == standardInput {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, gitPatience)
	defer cancel()
	path := h.Path(file)
	of := h.revisionOf(ctx, path)
	real, err := filepath.EvalSymlinks(path)
	if err != nil || real == path {
		return of
	}
	// Git takes a link for its target's name: what is read is of another file, and by another
	// link it would be yet another.
	read := h.revisionOf(ctx, real)
	if read != nil && of != nil && of.Dirty {
		read.Dirty = true
	}
	return read
}

// revisionOf says of which git commit what stands under a name is: a file, or a link itself.
func (h *House) revisionOf(ctx context.Context, path string) *plan.Revision {
	dir, name := filepath.Split(path)
	commit, ok := h.git(ctx, dir, "rev-parse", "--verify", "HEAD")
	if !ok {
		return nil
	}
	changed, ok := h.git(ctx, dir, "status", "--porcelain", "--untracked-files=all", "--ignored", "--", name)
	if !ok {
		return nil
	}
	of := &plan.Revision{Commit: commit, Dirty: changed != ""}
	of.Untracked = strings.HasPrefix(changed, "??") || strings.HasPrefix(changed, "!!")
	of.Absent = of.Untracked || strings.HasPrefix(changed, "A")
	return of
}

// git asks the git of the system.
func (h *House) git(ctx context.Context, dir string, args ...string) (answer string, ok bool) {
	answer, _, ok = h.gitSays(ctx, dir, args...)
	return strings.TrimSpace(answer), ok
}

// gitSays is what git answers, and what it says where it cannot. It starts no program of the
// repository's for it.
func (h *House) gitSays(ctx context.Context, dir string, args ...string) (answer, said string, ok bool) {
	command := exec.CommandContext(ctx, "git", append([]string{"--no-optional-locks", "-c", "core.fsmonitor=false"}, args...)...)
	command.Dir, command.Env = dir, h.Environ
	var fault strings.Builder
	command.Stderr = &fault
	out, err := command.Output()
	if said = strings.TrimSpace(fault.String()); said == "" && err != nil {
		said = err.Error()
	}
	return string(out), said, err == nil
}
