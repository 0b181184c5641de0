package engine_test

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/input"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/steps"
)

// shelf is a folder of runbooks that take each other in, by path, and the one policy that they
// go by. The first three lines of each are written for them.
type shelf struct {
	books
	texts map[string]string
}

func (s *shelf) file(name string) *source.File {
	return source.NewFile(name, []byte("apiVersion: gatebook/v1\nkind: Runbook\nmetadata: {name: "+strings.TrimSuffix(path.Base(name), ".yaml")+", version: 1.0.0}\n"+s.texts[name]))
}

func (s *shelf) bring(_, name string) (*source.File, string, error) {
	if _, known := s.texts[name]; !known {
		return nil, "", fs.ErrNotExist
	}
	return s.file(name), name, nil
}

// engine is one that reads the shelf, with an action that destroys.
func (s *shelf) engine(t *testing.T) *engine.Engine {
	t.Helper()
	handlers, err := steps.Builtin(steps.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	wipes, err := sdk.Action[struct{}, struct{}]{
		Name: "test.wipe", Summary: "Wipe", Effect: sdk.Destroy, NothingToUndo: "it is a test",
		Apply: func(context.Context, *sdk.Call[struct{}]) (struct{}, error) { return struct{}{}, nil },
	}.Handler()
	if err != nil {
		t.Fatal(err)
	}
	made, err := engine.New(engine.Config{Handlers: append(handlers, wipes), Policies: &s.books, Files: s.bring, State: t.TempDir(), Version: "0.1.0"})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// asks is a runbook that asks people, and leaves that out of drills.
const asks = `modes: {drill: {skip: [sign]}}
steps:
- {id: sign, uses: approve, with: {message: "Really?"}}
`

// wipes is one that destroys something, behind a gate of its own.
const wipes = "steps: [{id: wipe, uses: test.wipe, gate: {expr: 'run.id != \"\"'}}]\n"

// TestAModeOfARunbookThatIsTakenInUnguardsNothing holds what check finds of modes that leave out an
// approval of one runbook, behind which another one destroys.
func TestAModeOfARunbookThatIsTakenInUnguardsNothing(t *testing.T) {
	t.Parallel()
	const found = "asks.yaml:4:24: GB0254 The mode drill leaves out "
	for name, c := range map[string]struct {
		site, mid string
		want      []string
	}{
		"a step of the outer runbook": {
			"modes: {drill: {}}\nsteps:\n- {id: ask, uses: runbook, with: {file: asks.yaml}}\n- {id: wipe, uses: test.wipe}\n", "",
			[]string{found + "ask.sign, behind which wipe destroys. (site.yaml:7:20 it destroys here)"},
		},
		"a step of another inner runbook": {
			"modes: {drill: {}}\nsteps:\n- {id: ask, uses: runbook, with: {file: asks.yaml}}\n- {id: all, uses: runbook, with: {file: wipes.yaml}}\n", "",
			[]string{found + "ask.sign, behind which all.wipe destroys. (wipes.yaml:4:26 it destroys here)"},
		},
		"through a runbook that does not have the mode": {
			"modes: {drill: {}}\nsteps:\n- {id: mid, uses: runbook, with: {file: mid.yaml}}\n- {id: wipe, uses: test.wipe}\n",
			"steps: [{id: ask, uses: runbook, with: {file: asks.yaml}}]\n",
			[]string{found + "mid.ask.sign, behind which wipe destroys. (site.yaml:7:20 it destroys here)"},
		},
		"in a loop": {
			"modes: {drill: {}}\nsteps:\n- {id: ask, uses: runbook, foreach: [a, b], with: {file: asks.yaml}}\n- {id: wipe, uses: test.wipe, gate: {expr: 'run.id != \"\"'}}\n", "",
			[]string{found + "ask.sign, behind which wipe destroys. (site.yaml:7:20 it destroys here)"},
		},
		"taken in twice, it is told once": {
			"modes: {drill: {}}\nsteps:\n- {id: a, uses: runbook, with: {file: asks.yaml}}\n- {id: b, uses: runbook, with: {file: asks.yaml}}\n- {id: wipe, uses: test.wipe}\n", "",
			[]string{found + "a.sign, behind which wipe destroys. (site.yaml:8:20 it destroys here)"},
		},
		"what destroys is left out too": {
			"modes: {drill: {skip: [wipe]}}\nsteps:\n- {id: ask, uses: runbook, with: {file: asks.yaml}}\n- {id: wipe, uses: test.wipe}\n", "", nil,
		},
		"the runbook that is run does not have the mode": {
			"modes: {planned: {}}\nsteps:\n- {id: ask, uses: runbook, with: {file: asks.yaml}}\n- {id: wipe, uses: test.wipe}\n", "", nil,
		},
		"what destroys does not wait for it": {
			"modes: {drill: {}}\nsteps:\n- {id: ask, uses: runbook, with: {file: asks.yaml}}\n- {id: wipe, uses: test.wipe, needs: [], gate: {expr: 'run.id != \"\"'}}\n", "", nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &shelf{texts: map[string]string{"site.yaml": c.site, "mid.yaml": c.mid, "asks.yaml": asks, "wipes.yaml": wipes}}
			_, found := s.engine(t).Check(s.file("site.yaml"))
			var got []string
			for _, d := range found {
				if d.Rule.Code == "GB0257" {
					continue // that a mode does nothing is another matter
				}
				line := d.Range.String() + ": " + d.Rule.Code + " " + d.Detail
				for _, r := range d.Related {
					line += " (" + r.Range.String() + " " + r.Message + ")"
				}
				got = append(got, line)
			}
			if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
				t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// TestWhoBeginsARunAnswersForWhatItsModeLeavesOut begins a run in a mode that leaves out an approval,
// with another value than the mode has for what would destroy nothing.
func TestWhoBeginsARunAnswersForWhatItsModeLeavesOut(t *testing.T) {
	t.Parallel()
	s := &shelf{
		books: books{policy: "people: {ann@example.com: {accounts: [ann]}}\ngroups: {leads: [ann@example.com]}\n" +
			"override: {expr: \"step == 'ask.sign' && 'leads' in person.groups\", message: leads alone}\n"},
		texts: map[string]string{
			"site.yaml": "inputs: {wipes: {type: boolean}}\nmodes: {drill: {inputs: {wipes: false}}}\nsteps:\n" +
				"- {id: ask, uses: runbook, with: {file: asks.yaml}}\n- {id: wipe, uses: test.wipe, when: inputs.wipes}\n",
			"asks.yaml": asks,
		},
	}
	e := s.engine(t)
	runbook, found := e.Check(s.file("site.yaml"))
	if found.HasErrors() {
		t.Fatal(texts(found))
	}
	yes := value.Bool(true)
	planned, found, err := e.PlanPart(runbook, []input.Given{{Name: "wipes", Value: &yes, By: input.ByFlag}}, &event.Choice{Mode: event.Drill})
	if err != nil || found.HasErrors() {
		t.Fatal(err, texts(found))
	}
	for by, why := range map[string]string{
		"ann": "",
		"bob": "bob may not leave out the approval ask.sign, behind which wipe destroys: the policy does not let somebody whom it does not know: leads alone",
	} {
		result, err := e.Run(t.Context(), planned, process(), engine.RunOptions{By: by, Parallelism: 1})
		denied, is := errors.AsType[*engine.DeniedError](err)
		switch {
		case why == "" && (err != nil || result.Outcome != event.OutcomeSucceeded):
			t.Errorf("%s: %+v, %v", by, result, err)
		case why != "" && (!is || !strings.Contains(denied.Error(), why)):
			t.Errorf("%s: %v", by, err)
		}
	}
}
