package cli

import (
	"fmt"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/given"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/runs"
	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/catalog"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/steps"
)

// engine makes the engine. Nothing of it is made for a verb that does without.
func (a *app) engine() (*engine.Engine, error) {
	state, err := a.stateDir()
	if err != nil {
		return nil, err
	}
	return a.engineAt(state)
}

func (a *app) engineAt(state string) (*engine.Engine, error) {
	handlers, err := steps.Builtin(steps.Options{Environ: a.Environ, Dir: a.Dir})
	if err != nil {
		return nil, err
	}
	return engine.New(engine.Config{Handlers: handlers, State: state, Version: a.build().Version})
}

// catalogue returns the actions there are.
func (a *app) catalogue() (*catalog.Catalog, error) {
	made, err := a.engineAt("")
	if err != nil {
		return nil, err
	}
	return made.Catalog(), nil
}

// runs gives access to the runs that are kept.
func (a *app) runs() (*runs.Runs, error) {
	made, err := a.engine()
	if err != nil {
		return nil, err
	}
	return &runs.Runs{Console: a.Console, Engine: made}, nil
}

// read reads a runbook's file; "-" is standard input.
func (a *app) read(name string) (*source.File, error) {
	text, err := a.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read the runbook: %w", err)
	}
	if name == "-" {
		name = "(standard input)"
	}
	return source.NewFile(name, text), nil
}

// report writes findings to standard error, for verbs whose result is something else.
func (a *app) report(found diag.List) error {
	columns := 0
	if a.Screen.Stderr {
		columns, _ = a.Screen.Size()
	}
	return diag.Write(a.Stderr, "text", found, diag.Options{Color: a.Style(a.Screen.Stderr).Colour, Width: columns})
}

// planOf checks a runbook and makes its plan with the inputs that are given. Findings
// go to standard error; with errors among them there is no plan.
func (a *app) planOf(made *engine.Engine, file string, flags *given.Flags, reader *given.Reader) (*engine.Plan, error) {
	text, err := a.read(file)
	if err != nil {
		return nil, err
	}
	runbook, found := made.Check(text)
	if found.HasErrors() {
		return nil, a.invalid(found)
	}
	values, more, err := reader.Collect(flags, runbook.Checked.InputSchema)
	found = append(found, more...)
	if err != nil {
		return nil, err
	}
	if more.HasErrors() {
		return nil, a.invalid(found)
	}
	planned, more, err := made.Plan(runbook, values)
	found = append(found, more...).Sorted()
	if err != nil {
		return nil, err
	}
	if found.HasErrors() {
		return nil, a.invalid(found)
	}
	if len(found) > 0 {
		return planned, a.report(found)
	}
	return planned, nil
}

// invalid writes the findings and gives the exit code of an invalid runbook.
func (a *app) invalid(found diag.List) error {
	if err := a.report(found); err != nil {
		return err
	}
	return console.CodeError(console.ExitInvalid)
}
