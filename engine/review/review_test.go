package review_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/review"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// step is one that changes something, can be taken back, and is needed for nothing else.
func step(id string, needs ...string) *plan.Step {
	s := &plan.Step{ID: id, OnFailure: plan.Rollback, Use: plan.Use{Effect: sdk.Change}, Rollback: &plan.Compensation{Own: true}}
	for _, need := range needs {
		s.Needs = append(s.Needs, plan.Edge{Step: need, Reason: plan.Needed})
	}
	return s
}

func with(s *plan.Step, change func(*plan.Step)) *plan.Step {
	change(s)
	return s
}

func reads(s *plan.Step)     { s.Effect, s.Rollback = sdk.Read, nil }
func noWayBack(s *plan.Step) { s.Rollback = nil }
func closes(s *plan.Step)    { s.Finally, s.Rollback = true, nil }
func isKept(s *plan.Step)    { s.Rollback = &plan.Compensation{None: "the data is gone"} }
func inOrder(s *plan.Step)   { s.Needs[0].Reason = plan.InOrder }
func isSkipped(s *plan.Step) { s.When = &plan.Condition{State: plan.State{Truth: "false"}} }

func leavesNoTrace(s *plan.Step) {
	s.Rollback, s.Describe.NothingToUndo = &plan.Compensation{None: "it was sent"}, "it was sent"
}

func takes(d time.Duration) func(*plan.Step) {
	return func(s *plan.Step) { s.Preview = &sdk.Preview{Estimate: d} }
}

func reviewed(t *testing.T, past map[string]review.Past, steps ...*plan.Step) *review.Review {
	t.Helper()
	p, err := plan.New(plan.Plan{Steps: steps, RTO: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	return review.Of(p, past)
}

func TestChainsSayWhatARollbackDoes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		steps []*plan.Step
		want  []string
	}{
		"the last first, and half of the one that failed": {
			[]*plan.Step{step("a"), step("b", "a"), with(step("c", "b"), reads), step("d", "c")},
			[]string{"a rollback [a] beside [] left [] stays []", "b rollback [b a] beside [] left [] stays []", "c rollback [b a] beside [] left [] stays []", "d rollback [d b a] beside [] left [] stays []"},
		},
		"what other branches may have done by then": {
			[]*plan.Step{step("a"), step("b", "a"), step("c", "a"), step("d", "b", "c")},
			[]string{"a rollback [a] beside [] left [] stays []", "b rollback [b a] beside [c] left [] stays []", "c rollback [c a] beside [b] left [] stays []", "d rollback [d c b a] beside [] left [] stays []"},
		},
		"what nothing takes back, and what it was built on": {
			[]*plan.Step{step("a"), with(step("b", "a"), inOrder), with(step("c", "b"), noWayBack), step("d", "c")},
			[]string{"a rollback [a] beside [] left [] stays []", "b rollback [b a] beside [] left [] stays []", "c rollback [a] beside [] left [c b] stays []", "d rollback [d a] beside [] left [c b] stays []"},
		},
		"what the runbook or an action says to stay": {
			[]*plan.Step{step("a"), with(step("b", "a"), isKept), with(step("c", "b"), leavesNoTrace), step("d", "c")},
			[]string{"a rollback [a] beside [] left [] stays []", "b rollback [a] beside [] left [] stays [b]", "c rollback [a] beside [] left [] stays [b c]", "d rollback [d a] beside [] left [] stays [b c]"},
		},
		"what stays, built upon by what is left": {
			[]*plan.Step{with(step("a"), isKept), with(step("b", "a"), noWayBack), step("c", "b")},
			[]string{"a rollback [] beside [] left [] stays [a]", "b rollback [] beside [] left [b] stays [a]", "c rollback [c] beside [] left [b] stays [a]"},
		},
		"steps that are skipped, and those of finally": {
			[]*plan.Step{step("a"), with(step("b", "a"), isSkipped), step("c", "b"), with(step("f"), closes)},
			[]string{"a rollback [a] beside [] left [] stays []", "c rollback [c a] beside [] left [] stays []"},
		},
		"another policy": {
			[]*plan.Step{step("a"), with(step("b", "a"), func(s *plan.Step) { s.OnFailure = plan.Pause })},
			[]string{"a rollback [a] beside [] left [] stays []", "b pause [] beside [] left [] stays []"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, c := range reviewed(t, nil, c.steps...).Chains {
				got = append(got, fmt.Sprintf("%s %s %v beside %v left %v stays %v", c.Step, c.Policy, c.Undo, c.Beside.Undo, c.Left, c.Stays))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// One answer to whether there is a way back, for all that say anything of it.
func TestTheWayBackOfAStep(t *testing.T) {
	t.Parallel()
	destroys := func(s *plan.Step) { s.Effect = sdk.Destroy }
	for name, c := range map[string]struct {
		of            *plan.Step
		way           review.Way
		sure, perhaps string // the point of no return
		problems      int
	}{
		"something does it":          {of: step("a"), way: review.TakenBack},
		"of what is destroyed":       {of: with(step("a"), destroys), way: review.TakenBack},
		"nothing does":               {of: with(step("a"), noWayBack), way: review.Lost, sure: "a", problems: 1},
		"the runbook says why not":   {of: with(step("a"), isKept), way: review.Kept, perhaps: "a"},
		"of what is gone":            {of: with(with(step("a"), isKept), destroys), way: review.Kept, sure: "a"},
		"the action leaves nothing":  {of: with(step("a"), leavesNoTrace), way: review.NoTrace},
		"but what destroys does not": {of: with(with(step("a"), leavesNoTrace), destroys), way: review.Kept, sure: "a"},
		"it only reads":              {of: with(step("a"), reads), way: review.NoNeed},
		"it is skipped":              {of: with(with(step("a"), noWayBack), isSkipped), way: review.NoNeed},
		"it is of finally":           {of: with(step("a"), closes), way: review.NoNeed},
	} {
		r := reviewed(t, nil, c.of)
		if way := review.WayBack(c.of); way != c.way {
			t.Errorf("%s: the way back is %d, not %d", name, way, c.way)
		}
		if r.NoReturn != c.sure || r.Perhaps != c.perhaps || len(r.Problems) != c.problems {
			t.Errorf("%s: no return from %q, perhaps from %q, problems %v", name, r.NoReturn, r.Perhaps, r.Problems)
		}
	}
}

// What the runbook says to stay may be a point of no return, and hides no later one.
func TestThePointOfNoReturn(t *testing.T) {
	t.Parallel()
	r := reviewed(t, nil, step("a"), with(step("b", "a"), isKept), with(step("c", "b"), isKept), with(step("d", "c"), noWayBack), with(step("e", "d"), noWayBack))
	if r.NoReturn != "d" || r.Perhaps != "b" {
		t.Errorf("no return from %q, perhaps from %q", r.NoReturn, r.Perhaps)
	}
}

func TestProblemsComeTheWorstFirst(t *testing.T) {
	t.Parallel()
	r := reviewed(t, nil,
		with(step("a"), func(s *plan.Step) {
			s.Preview = &sdk.Preview{Warnings: []string{"It is old."}, Blockers: []string{"You may not."}}
		}),
		with(step("b"), func(s *plan.Step) {
			s.PreviewError = "nobody answers"
			s.Gate = []*plan.Condition{{State: plan.State{Truth: "true"}}, {Message: "not healthy", State: plan.State{Truth: "false"}}}
		}),
		with(step("c"), noWayBack),
		with(with(step("d"), noWayBack), isSkipped),
	)
	var got []string
	for _, p := range r.Problems {
		got = append(got, fmt.Sprintf("%s %s %q %t", p.Kind, p.Step, p.Text, p.Kind.Stops()))
	}
	want := []string{`gate closed b "not healthy" true`, `blocked a "You may not." true`, `unseen b "nobody answers" false`, `no way back c "" false`, `warning a "It is old." false`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if r.NoReturn != "c" {
		t.Errorf("no return from %q", r.NoReturn)
	}
}

// A command that two steps run is run twice, and so is a message sent; to one step it is one.
func TestTheRadiusCountsActs(t *testing.T) {
	t.Parallel()
	does := func(deltas ...sdk.Delta) func(*plan.Step) {
		return func(s *plan.Step) { s.Preview = &sdk.Preview{Changes: deltas} }
	}
	migrate := sdk.Delta{Target: "./migrate.sh", Kind: "command", Op: "run"}
	message := sdk.Delta{Target: "webhook", Kind: "message", Op: "send"}
	r := reviewed(t, nil,
		with(step("a"), does(migrate, migrate)), with(step("b"), does(migrate)), with(step("c"), does(message)), with(step("d"), does(message)),
		with(with(step("e"), does(migrate)), isSkipped),
	)
	want := []review.Objects{
		{Kind: "command", Op: "run", Targets: []string{"./migrate.sh", "./migrate.sh"}},
		{Kind: "message", Op: "send", Targets: []string{"webhook", "webhook"}},
	}
	if diff := cmp.Diff(want, r.Radius); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestTheRadiusNamesEachThingOnce(t *testing.T) {
	t.Parallel()
	touches := func(deltas ...sdk.Delta) func(*plan.Step) {
		return func(s *plan.Step) { s.On, s.Preview = "prod", &sdk.Preview{Changes: deltas} }
	}
	web := sdk.Delta{Target: "Deployment shop/web", Kind: "Deployment", Op: "update"}
	r := reviewed(t, nil,
		with(step("a"), touches(web, sdk.Delta{Target: "Node n1", Kind: "Node", Op: "update"})),
		with(step("b"), touches(web, sdk.Delta{Target: "Deployment shop/api", Kind: "Deployment", Op: "update"})),
		step("c"),
		with(step("d"), func(s *plan.Step) { s.Preview = &sdk.Preview{Summary: "nothing to do: all is so already"} }),
		with(step("e"), func(s *plan.Step) {
			s.Preview = &sdk.Preview{Summary: "would run a program that is not known yet"}
		}),
	)
	want := []review.Objects{
		{Connection: "prod", Kind: "Deployment", Op: "update", Targets: []string{"Deployment shop/web", "Deployment shop/api"}},
		{Connection: "prod", Kind: "Node", Op: "update", Targets: []string{"Node n1"}},
	}
	if diff := cmp.Diff(want, r.Radius); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"c", "e"}, r.Silent); diff != "" {
		t.Errorf("silent (-want +got)\n%s", diff)
	}
}

// What an action says of how things are now may be otherwise behind a step that changes them.
func TestProblemsBehindAChangeSaySo(t *testing.T) {
	t.Parallel()
	warns := func(s *plan.Step) { s.Preview = &sdk.Preview{Warnings: []string{"there is no file yet"}} }
	var got []string
	for _, p := range reviewed(t, nil,
		with(with(step("look"), reads), warns), with(step("skipped"), isSkipped), with(step("make", "look", "skipped"), warns),
		with(with(step("use", "make"), reads), warns), with(step("again", "use"), warns), with(step("last", "again"), warns),
	).Problems {
		got = append(got, p.Step+" behind "+p.Behind)
	}
	want := []string{"look behind ", "make behind ", "use behind make", "again behind make", "last behind again"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
