// Package house opens the engine for the command line: with the built-in actions, the
// folder that runs are kept in, and the files that a person names.
package house

import (
	"context"
	"path/filepath"
	"time"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/given"
	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/diag/render"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/look"
	"github.com/gatebook/gatebook/engine/patience"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/preview"
	"github.com/gatebook/gatebook/engine/report/live"
	"github.com/gatebook/gatebook/engine/review"
	"github.com/gatebook/gatebook/engine/seal"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/steps"
)

// House is the engine with the console in front of it.
type House struct {
	*console.Console
	*engine.Engine
	plugins *plugins
}

// Parallelism is how many steps work at one time: enough to keep waiting for
// one system from holding up the others, few enough not to be a load of its own.
const Parallelism = 16

// Open returns the engine for verbs that leave no run behind.
func Open(c *console.Console) (*House, error) { return open(c, "") }

// OpenWithRuns returns the engine with the folder that runs are kept in, which is that
// of --state, else of the environment.
func OpenWithRuns(c *console.Console) (*House, error) {
	state, err := stateDir(c)
	if err != nil {
		return nil, err
	}
	return open(c, state)
}

// In returns a house with the same runs that works in another folder.
func (h *House) In(dir string) (*House, error) {
	moved := *h.Console
	moved.Dir = dir
	return open(&moved, h.Store().Root())
}

func open(c *console.Console, state string) (*House, error) {
	handlers, err := steps.Builtin(steps.Options{Environ: c.Environ, Dir: c.Dir, Guardian: c.Guardian})
	if err != nil {
		return nil, err
	}
	opener := newPlugins(c)
	h := &House{Console: c, plugins: opener}
	h.Engine, err = engine.New(engine.Config{
		Handlers: handlers, Plugins: opener, Files: h.include, Policies: policies{c},
		State: state, Dir: c.Dir, DirID: console.FolderID(c.Dir), Version: c.Build.Version,
	})
	return h, err
}

func stateDir(c *console.Console) (string, error) {
	for _, dir := range []string{c.State, c.Getenv("GATEBOOK_STATE")} {
		if dir != "" {
			return c.Path(dir), nil
		}
	}
	// A relative XDG folder is to be passed over (XDG Base Directory Specification).
	if base := c.Getenv("XDG_STATE_HOME"); filepath.IsAbs(base) {
		return filepath.Join(base, "gatebook"), nil
	}
	if home := c.Getenv("HOME"); home != "" {
		return filepath.Join(c.Path(home), ".local", "state", "gatebook"), nil
	}
	return "", console.Usage("Say where runs are kept: --state FOLDER, or GATEBOOK_STATE in the environment.",
		"there is no home folder to keep runs in")
}

// standardInput is what the file is called that comes from there.
const standardInput = "(standard input)"

// Read reads a runbook's file; "-" is standard input.
func (h *House) Read(name string) (*source.File, error) {
	file, err := h.ReadEither(name)
	if err == nil && seal.Is(file.Text()) {
		return nil, console.Usage("To carry it out: gatebook run "+console.Quote(name), "%s is a sealed plan, and no runbook", name)
	}
	return file, err
}

// ReadEither reads the file of a runbook or of a sealed plan, which [seal.Is] tells apart.
func (h *House) ReadEither(name string) (*source.File, error) {
	text, err := h.ReadFile(name, "the runbook")
	if err != nil {
		return nil, err
	}
	if name == "-" {
		name = standardInput
	}
	return source.NewFile(name, text), nil
}

// Load reads a runbook that must have no errors. Errors go to standard error, and
// warnings are returned.
func (h *House) Load(name string) (*engine.Runbook, diag.List, error) {
	file, err := h.Read(name)
	if err != nil {
		return nil, nil, err
	}
	return h.sound(file)
}

// sound checks a runbook that must have no errors.
func (h *House) sound(file *source.File) (*engine.Runbook, diag.List, error) {
	runbook, found := h.Check(file)
	if found.HasErrors() {
		return nil, nil, h.Invalid(found)
	}
	if runbook.Checked == nil {
		return nil, nil, console.Usage("To check it: gatebook check "+console.Quote(file.Name()), "%s is a policy or a test file, and no runbook", file.Name())
	}
	return runbook, found, nil
}

// PlanOf makes the plan of a runbook's file, or of a part of it, with the inputs that are
// given. Errors go to standard error, and warnings are returned.
func (h *House) PlanOf(file *source.File, flags *given.Flags, part *event.Choice) (*engine.Plan, diag.List, error) {
	runbook, found, err := h.sound(file)
	if err != nil {
		return nil, nil, err
	}
	reader := &given.Reader{Console: h.Console}
	values, more, err := reader.Collect(flags, runbook.Checked.InputSchema)
	found = append(found, more...)
	if err != nil {
		return nil, nil, err
	}
	if more.HasErrors() {
		return nil, nil, h.Invalid(found)
	}
	planned, more, err := h.PlanPart(runbook, values, part)
	found = append(found, more...).Sorted()
	if err == nil && found.HasErrors() {
		err = h.Invalid(found)
	}
	if err == nil {
		reader.WarnOfShort(planned.Inputs)
		err = planned.MayLeaveOut(h.User, h.Now())
	}
	told, _ := Denied(h.Console, err)
	return planned, found, told
}

const (
	// atOnce is how many actions are asked at one time.
	atOnce = 16
	// longest is how long all that actions are asked for one plan may take.
	longest = 2 * time.Minute
)

// Preview asks the actions of a plan what they would do, and tells what they blame in the
// runbook. The first signal that asks the process to end withdraws the question, so that
// what the actions have started for it is ended first.
func (h *House) Preview(ctx context.Context, planned *engine.Plan) (*plan.Plan, error) {
	var shown *plan.Plan
	var found diag.List
	err := h.ask(ctx, longest, func(ctx context.Context, tell func([]string)) {
		shown, found = preview.Of(ctx, planned.Plan, preview.Options{AtOnce: atOnce, Asking: tell})
	})
	if err != nil {
		return shown, err
	}
	return shown, h.Tell(found)
}

// Past says how long the steps of a runbook took in earlier runs.
type Past = func(runbook string) map[string]review.Past

// Look previews a plan, and looks what is so now, as [House.LookAt] does. Both together have
// one limit.
func (h *House) Look(ctx context.Context, planned *engine.Plan, past Past) (*plan.Plan, error) {
	began := h.Now()
	shown, err := h.Preview(ctx, planned)
	if err != nil {
		return shown, err
	}
	return h.lookAt(ctx, shown, past, longest-h.Now().Sub(began))
}

// LookAt looks what is so now, for a plan that was previewed, of what a run would look at
// before it changes anything; of one that is offline nothing. The first signal ends that.
func (h *House) LookAt(ctx context.Context, shown *plan.Plan, past Past) (*plan.Plan, error) {
	return h.lookAt(ctx, shown, past, longest)
}

func (h *House) lookAt(ctx context.Context, shown *plan.Plan, past Past, left time.Duration) (*plan.Plan, error) {
	if shown.Offline {
		return shown, nil
	}
	remaining, drills := review.Remaining(shown, past(shown.Runbook.Name), Parallelism), h.lastDrills(shown.Drills)
	err := h.ask(ctx, left, func(ctx context.Context, tell func([]string)) {
		shown = look.Now(ctx, shown, look.Options{At: h.Now(), Remaining: remaining, LastDrills: drills, AtOnce: atOnce, Asking: tell})
	})
	return shown, err
}

// ask has actions asked for as long as is left, until the first signal ends that, and tells a
// person at a terminal which are.
func (h *House) ask(ctx context.Context, left time.Duration, by func(ctx context.Context, tell func(asked []string))) error {
	ctx, stop := h.Interruptible(ctx)
	defer stop()
	limited, cancel := patience.Limited(ctx, longest, left)
	defer cancel()
	var tell func([]string)
	if h.Draws() {
		waiting := live.NewWaiting(h.Stderr, h.Screen.Size)
		defer waiting.Close()
		tell = waiting.Asking
	}
	by(limited, tell)
	return context.Cause(ctx)
}

// Tell writes findings to standard error, for verbs whose result is something else.
func (h *House) Tell(found diag.List) error {
	if len(found) == 0 {
		return nil
	}
	return render.Write(h.Stderr, "text", found, render.Options{Color: h.Style(h.Screen.Stderr).Colour, Width: h.Screen.Columns(h.Screen.Stderr)})
}

// Invalid writes the findings and gives the exit code of an invalid runbook.
func (h *House) Invalid(found diag.List) error {
	if err := h.Tell(found); err != nil {
		return err
	}
	return console.CodeError(console.ExitInvalid)
}
