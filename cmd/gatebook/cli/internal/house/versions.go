package house

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/given"
	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/compare"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/input"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/review"
	"github.com/gatebook/gatebook/engine/source"
)

// Versions reads two versions of a runbook, each a file or REVISION:PATH of git, and plans
// them for the same inputs, in one mode or, where that is empty, in any. What neither has an input for is refused.
func (h *House) Versions(ctx context.Context, names [2]string, flags *given.Flags, mode string, look bool, past func(string) map[string]review.Past) (read [2]compare.Version, err error) {
	var runbooks [2]*engine.Runbook
	for i, name := range names {
		if runbooks[i], err = h.version(ctx, name); err != nil {
			return read, err
		}
	}
	values, err := h.valuesOf(runbooks, flags)
	if err != nil {
		return read, err
	}
	for i, runbook := range runbooks {
		planned, found, err := h.Sketch(runbook, values[i], mode)
		if err == nil && found.HasErrors() {
			err = h.Invalid(found)
		}
		if err != nil {
			return read, err
		}
		shown := plan.Offline(planned.Plan)
		if look {
			if shown, err = h.Preview(ctx, planned); err != nil {
				return read, err
			}
		}
		read[i] = compare.Version{Runbook: runbook.Checked, Plan: shown, Review: review.Of(shown, past(shown.Runbook.Name)), Now: h.Now()}
	}
	return read, nil
}

// version reads one version, which must have no errors.
func (h *House) version(ctx context.Context, name string) (*engine.Runbook, error) {
	file, err := h.versionFile(ctx, name)
	if err != nil {
		return nil, err
	}
	runbook, found := h.Check(file)
	if found.HasErrors() {
		return nil, h.Invalid(found)
	}
	return runbook, nil
}

// versionFile reads a file, or what it was in a revision of git. A file that has a colon in
// its name is a file.
func (h *House) versionFile(ctx context.Context, name string) (*source.File, error) {
	revision, path, isRevision := strings.Cut(name, ":")
	if _, err := os.Stat(h.Path(name)); err == nil || !isRevision || revision == "" || name == "-" {
		return h.Read(name)
	}
	if strings.HasPrefix(revision, "-") {
		return nil, console.Usage("Write it as git does: HEAD~1:upgrade.yaml, main:runbooks/upgrade.yaml.", "%q is no revision of git", revision)
	}
	ctx, cancel := context.WithTimeout(ctx, gitPatience)
	defer cancel()
	dir, file := filepath.Split(h.Path(path))
	text, said, ok := h.gitSays(ctx, dir, "show", "--no-textconv", "--end-of-options", revision+":./"+file)
	if !ok {
		return nil, console.Usage("Write it as git does, with the path as it is seen from here: HEAD~1:upgrade.yaml, main:runbooks/upgrade.yaml.",
			"read %s from git: %s", name, said)
	}
	return source.NewFile(name, []byte(text)), nil
}

// valuesOf are the input values for each of the versions.
func (h *House) valuesOf(runbooks [2]*engine.Runbook, flags *given.Flags) (values [2][]input.Given, err error) {
	reader := &given.Reader{Console: h.Console}
	known := map[string]bool{}
	for i, runbook := range runbooks {
		var found diag.List
		if values[i], found, err = reader.Collect(flags, runbook.Checked.InputSchema); err != nil {
			return values, err
		}
		if found.HasErrors() {
			return values, h.Invalid(found)
		}
		for _, input := range runbook.Checked.InputSchema.Properties {
			known[input.Name] = true
		}
	}
	for _, value := range values[1] {
		if !known[value.Name] {
			return values, console.Usage("See the inputs of either file.", "neither version has an input %q, which %s gives", value.Name, value.Origin)
		}
	}
	return values, nil
}
