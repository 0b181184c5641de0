package engine_test

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/input"
	"github.com/gatebook/gatebook/engine/internal/tally"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/look"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/value"
)

// A plan is what people approve. Whatever the world does, a run of it does nothing that
// the plan did not say: no other step, no other value, no other verdict.
func TestARunDoesWhatItsPlanSaid(t *testing.T) {
	t.Parallel()
	tally.Check(t, func(r *rapid.T, told tally.Tally) {
		world := drawForetold(r)
		var made *plan.Plan
		var happened []event.Event
		var fault string
		synctest.Test(t, func(t *testing.T) { made, happened, fault = world.run(t) })
		if fault != "" {
			r.Fatalf("%s\n%s", fault, world.text)
		}
		if made == nil {
			r.Skip("the plan cannot be carried out, and says so")
		}
		prophecy{Plan: made, T: r, world: world, happened: happened, told: told}.check()
	}, "step", "known", "unknown", "partly known", "undone", "true", "false", "undecided", "skipped", "output", "seen",
		"true now", "false now", "stays", "taken back", "instance", "between")
}

// run plans the runbook, looks what is so, and runs it. The plan is nil where it cannot be
// carried out.
func (f *foretold) run(t *testing.T) (*plan.Plan, []event.Event, string) {
	e, err := engine.New(engine.Config{Handlers: f.handlers(), State: t.TempDir(), Version: "0.1.0"})
	if err != nil {
		return nil, nil, err.Error()
	}
	runbook, found := e.Check(source.NewFile("test.yaml", []byte(f.text)))
	if found.HasErrors() {
		return nil, nil, texts(found)
	}
	made, found, err := e.Plan(runbook, []input.Given{{Name: "token", Text: secret, By: input.ByFlag, Origin: "-i token", SecretSource: "env:TOKEN"}})
	if err != nil {
		return nil, nil, err.Error()
	}
	if found.HasErrors() {
		return nil, nil, ""
	}
	shown := look.Now(context.Background(), made.Plan, look.Options{At: time.Now(), AtOnce: 2})
	if _, err := e.Run(context.Background(), made, process(), runOptions); err != nil {
		return nil, nil, err.Error()
	}
	folder, err := e.Store().Open(journal.Latest)
	if err != nil {
		return nil, nil, err.Error()
	}
	var happened []event.Event
	if _, err := folder.Replay(func(r journal.Record) error {
		var e event.Event
		err := json.Unmarshal(r.Payload, &e)
		happened = append(happened, e)
		return err
	}); err != nil {
		return nil, nil, err.Error()
	}
	return shown, happened, ""
}

// prophecy is a plan, held against what happened.
type prophecy struct {
	*plan.Plan
	*rapid.T
	world    *foretold
	happened []event.Event
	told     tally.Tally
}

func (p prophecy) check() {
	over := map[string]bool{} // steps that have finished, as far as the journal was read
	closing := false
	for _, e := range p.happened {
		if e.Mode == event.Closing {
			closing = true
		}
		if e.Type == event.RunFinished {
			p.bindings(e.Result.Outputs)
			p.rollback(e.Result)
		}
		if e.Op == nil {
			continue
		}
		s, ok := p.Step(e.Op.Step)
		if !ok {
			p.Fatalf("%s is in the run and not in the plan\n%s", e.Op.Step, p.world.text)
		}
		if e.Type == event.AttemptFinished && e.Op.Part == event.Do && s.Seen != nil {
			p.seen(s, e)
		}
		switch {
		case e.Type == event.AttemptStarted && e.Op.Part == event.Do, e.Type == event.AskOpened && e.Op.Part == event.Do:
			p.begins(s, over, closing)
		case e.Type == event.AttemptStarted && e.Op.Part == event.Undo && (s.Rollback == nil || s.Rollback.None != ""):
			p.Fatalf("%s was taken back, and the plan names nothing that does\n%s", s.ID, p.world.text)
		case e.Type == event.AttemptFinished && e.Op.Part == event.Do && e.Failure == nil, e.Type == event.StepDecided && e.Status.Settled():
			over[s.ID] = true
		case e.Type == event.ConditionMet:
			p.judged(s, e, over, closing)
		}
	}
	for s := range p.All() {
		for _, name := range p.names(s) {
			p.was(name, s.Params)
			if s.Rollback != nil && s.Rollback.Own {
				p.was("-"+name, s.Params)
			}
			if s.Rollback != nil && s.Rollback.Use != nil {
				p.was("back-"+name, s.Rollback.Use.Params)
			}
		}
		for _, c := range slices.Concat(s.Gate, s.Verify) {
			if c.Observe != nil {
				name, _ := c.Observe.Params.Get("name")
				text, _ := name.AsString()
				p.was(text, c.Observe.Params)
			}
		}
	}
}

// names are those that the action of a step is given: of one that is done for many, of which
// the plan did not know how many they are, each that came up.
func (p prophecy) names(s *plan.Step) []string {
	switch {
	case s.Of != "":
		return []string{s.Of + "/" + s.Key}
	case s.Loop == nil:
		return []string{s.ID}
	}
	var all []string
	for name := range p.world.given {
		if strings.HasPrefix(name, s.ID+"/") {
			all = append(all, name)
		}
	}
	return all
}

// begins holds a step that does something now against what was said of it.
func (p prophecy) begins(s *plan.Step, over map[string]bool, closing bool) {
	p.told["step"]++
	if s.Of != "" {
		p.told["instance"]++
		if of, _ := p.Step(s.Of); of.Loop.Known() && !slices.ContainsFunc(of.Loop.Instances, func(one *plan.Step) bool { return one.ID == s.ID }) {
			p.Fatalf("%s was done, for which the plan did not have %s done\n%s", s.Key, s.Of, p.world.text)
		}
	}
	if s.When != nil && s.When.State.Truth == expr.False.String() {
		p.Fatalf("%s was to be skipped and was run\n%s", s.ID, p.world.text)
	}
	for _, edge := range s.Needs {
		if !over[edge.Step] {
			p.Fatalf("%s began before %s was over, for which it waits\n%s", s.ID, edge.Step, p.world.text)
		}
	}
	p.because(s, s.Params.Causes(), over, closing)
}

// because holds what becomes known now against what the plan said makes it known: the step
// waits for that, and it has happened. For `finally` all steps have become what they will be.
func (p prophecy) because(s *plan.Step, causes []value.Cause, over map[string]bool, closing bool) {
	for _, c := range causes {
		if c.Reason == "" {
			p.Fatalf("%s has something that is not known, and nobody knows why\n%s", s.ID, p.world.text)
		}
		if c.Step == "" {
			continue
		}
		if c.Step == s.Of {
			c.Step = s.ID // to itself an instance is the step
		}
		of, ok := p.Step(c.Step)
		waits := c.Step == s.ID || slices.ContainsFunc(s.Needs, func(e plan.Edge) bool { return e.Step == c.Step })
		switch happened := over[c.Step] || closing && ok && !of.Finally; {
		case !waits && !s.Finally:
			p.Fatalf("%s has something that is known after %q, and does not wait for that\n%s", s.ID, c.Step, p.world.text)
		case !happened:
			p.Fatalf("%s knows already what is known after %q\n%s", s.ID, c.Step, p.world.text)
		}
	}
}

// seen holds what a step returned against what it said at the time of the plan.
func (p prophecy) seen(s *plan.Step, e event.Event) {
	p.told["seen"]++
	if (s.Seen.Error != "") != (e.Failure != nil) {
		p.Fatalf("%s said %+v at the time of the plan, and failed in the run with %+v\n%s", s.ID, s.Seen, e.Failure, p.world.text)
	}
	if e.Failure == nil {
		p.same(s.ID+".outputs", *s.Seen.Outputs, *e.Outputs)
	}
}

// judged holds a verdict of the run against that of the plan.
func (p prophecy) judged(s *plan.Step, e event.Event, over map[string]bool, closing bool) {
	c := s.When
	switch e.Op.Part {
	case event.Gate:
		c = s.Gate[e.Op.Index]
	case event.Verify:
		c = s.Verify[e.Op.Index]
	case event.Between:
		p.told["between"]++
		c = s.Loop.Between[e.Op.Index]
		over = maps.Clone(over)
		over[s.ID] = true // it is about what has been done of it so far
	case event.When, event.Do, event.Retry, event.Undo:
	}
	if e.Op.Part == event.When && e.Verdict.Truth == expr.False.String() {
		p.told["skipped"]++
	}
	if c.Now != nil {
		p.told[c.Now.Truth+" now"]++
		if c.Now.Truth != e.Verdict.Truth && c.Now.Truth != expr.Unknown.String() {
			p.Fatalf("the %s of %s, %s, was %s at the time of the plan and %s (%s) in the run, and nothing has changed\n%s", e.Op.Part, s.ID, c.Expr, c.Now.Truth, e.Verdict.Truth, e.Verdict.Detail, p.world.text)
		}
	}
	switch truth := c.State.Truth; truth {
	case expr.True.String(), expr.False.String():
		p.told[truth]++
		missed := c.Observe != nil && e.Verdict.Truth == expr.Failed.String() // nothing was seen
		if e.Verdict.Truth != truth && !missed {
			p.Fatalf("the %s of %s, %s, was %s in the plan and %s (%s) in the run\n%s", e.Op.Part, s.ID, c.Expr, truth, e.Verdict.Truth, e.Verdict.Detail, p.world.text)
		}
	case expr.Unknown.String():
		p.told["undecided"]++
		if len(c.State.Causes) == 0 || c.State.Residual == "" {
			p.Fatalf("the %s of %s, %s, is unknown: why, and what is left of it? %+v\n%s", e.Op.Part, s.ID, c.Expr, c.State, p.world.text)
		}
		p.because(s, c.State.Causes, over, closing)
	default:
		p.Fatalf("a plan without errors has the condition %s, which is %s\n%s", c.Expr, truth, p.world.text)
	}
}

// was holds what an action was given, each time, against what the plan said.
func (p prophecy) was(name string, said value.Value) {
	for _, params := range p.world.given[name] {
		given, err := value.FromJSON(params)
		if err != nil {
			p.Fatal(err)
		}
		if strings.HasPrefix(name, "-") || strings.HasPrefix(name, "back-") {
			p.told["undone"]++
		}
		p.same(name, said, given)
	}
}

// same holds a value of the run against that of the plan: all of it that was known.
func (p prophecy) same(name string, said, is value.Value) {
	switch {
	case said.IsUnknown():
		p.told["unknown"]++
	case said.Kind() == value.KindObject && is.Kind() == value.KindObject && len(said.Members()) == len(is.Members()):
		if said.HasUnknown() {
			p.told["partly known"]++
		}
		for _, member := range said.Members() {
			now, _ := is.Get(member.Name)
			p.same(name+"."+member.Name, member.Value, now)
		}
	case said.Kind() == value.KindList && len(said.Items()) == len(is.Items()):
		for i, item := range said.Items() {
			p.same(name+"[]", item, is.Items()[i])
		}
	case said.Equal(is):
		p.told["known"]++
	default:
		p.Fatalf("%s was %s in the plan, and %s in the run\n%s", name, said, is, p.world.text)
	}
}

// bindings holds what the run gave back against the plan. What a run that failed cannot
// give is null.
func (p prophecy) bindings(outputs *value.Value) {
	for _, b := range p.Outputs {
		is, ok := outputs.Get(b.Name)
		if !ok {
			p.Fatalf("the run does not give back %s\n%s", b.Name, p.world.text)
		}
		if !is.IsNull() {
			p.told["output"]++
			p.same("outputs."+b.Name, b.Value, is)
		}
	}
}
