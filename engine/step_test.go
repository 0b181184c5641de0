package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/input"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/run"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/steps"
)

// stepper is a person at the terminal of a run that goes step by step: what they say to each
// question in turn.
type stepper struct {
	asker
	says  []event.Type // answered: go on
	skips bool         // answered: leave it out
	asked []string
}

var _ run.Stepper = (*stepper)(nil)

func (s *stepper) Step(_ context.Context, step *plan.Step, question sdk.Question) (event.Type, sdk.Answer, error) {
	s.asked = append(s.asked, step.ID+": "+question.Message)
	if len(s.says) == 0 {
		return "", sdk.Answer{}, errSilent
	}
	said := s.says[0]
	s.says = s.says[1:]
	return said, sdk.Answer{Approved: !s.skips, By: "alice", Comment: "I say so"}, nil
}

// stepwise starts a run that goes step by step.
func (p *play) stepwise(text string, given ...input.Given) <-chan end {
	p.tb.Helper()
	planned := plannedWhole(p.tb, p.engine, locking("")+text, given...)
	options := runOptions
	options.Stepwise = true
	return p.going(func() (event.Result, error) {
		return p.engine.Run(context.Background(), planned, p.process, options)
	})
}

func TestSteppingAtTheTerminal(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		person stepper
		ends   event.Outcome
		did    []string
		then   []string // done when it is resumed and all may begin
	}{
		"go on":                 {stepper{says: []event.Type{event.Answered, event.Answered}}, event.OutcomeSucceeded, []string{"a", "b"}, nil},
		"leave out":             {stepper{says: []event.Type{event.Answered, event.Answered}, skips: true}, event.OutcomeSucceeded, nil, nil},
		"pause":                 {stepper{says: []event.Type{event.Answered, event.PauseAsked}}, event.OutcomePaused, []string{"a"}, []string{"a", "b"}},
		"cancel":                {stepper{says: []event.Type{event.Answered, event.CancelAsked}}, event.OutcomeRolledBack, []string{"a", "-a"}, nil},
		"the terminal is gone":  {stepper{says: []event.Type{event.Answered}}, event.OutcomePaused, []string{"a"}, []string{"a", "b"}},
		"nobody was ever there": {stepper{}, event.OutcomePaused, nil, []string{"a", "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, p *play) {
				person := c.person
				p.process.Asker = &person
				p.ends(<-p.stepwise(twoSteps), c.ends, c.did...)
				if c.then != nil {
					p.process.Asker = &stepper{says: []event.Type{event.Answered, event.Answered}}
					p.ends(<-p.resume(event.ResumeAsked), event.OutcomeSucceeded, c.then...)
				}
				if c.person.skips {
					checkSkippedBy(t, p, "alice")
				}
			})
		})
	}
}

func checkSkippedBy(t *testing.T, p *play, who string) {
	t.Helper()
	skipped := slices.DeleteFunc(p.of(event.StepDecided), func(e event.Event) bool { return e.Status != event.Skipped })
	for _, e := range skipped {
		if e.LeftOut == nil || e.LeftOut.By != who || e.LeftOut.Reason != "I say so" || e.By != who {
			t.Errorf("skipped by %+v", e.LeftOut)
		}
	}
	if len(skipped) == 0 {
		t.Error("nothing was skipped")
	}
}

// Without a terminal the run pauses at the first change, and what others say while nobody drives
// it counts when it goes on, which it does step by step.
func TestSteppingFromAnotherProcess(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		got := <-p.stepwise(twoSteps)
		p.ends(got, event.OutcomePaused)
		if !slices.Equal(got.Asking, []string{"a"}) {
			t.Errorf("asking %q", got.Asking)
		}
		p.post(word("a", true, 0))
		p.ends(<-p.resume(event.ResumeAsked), event.OutcomePaused, "a")
		p.post(word("b", false, 0))
		p.ends(<-p.resume(event.ResumeAsked), event.OutcomeSucceeded, "a")
		if answers := p.of(event.Answered); len(answers) != 2 || answers[0].By != "carol" || answers[0].Op.Part != event.Begin {
			t.Errorf("answered %+v", answers)
		}
	})
}

// flaky is a change that is tried again at once where it fails.
const flaky = `
steps:
  - {id: a, uses: play.change, with: {name: a}, retry: {attempts: 3, delay: 1ms}}
`

// word is what a person says to the question whether a step may begin, which was answered so
// often before.
func word(step string, yes bool, before int) run.Request {
	return run.Request{Type: event.Answered, Step: step, Part: event.Begin, Answer: &sdk.Answer{Approved: yes, Comment: "I say so"}, Before: before}
}

// The question whether a change is tried again is put in another process as well, and a no to it
// is the end of the step.
func TestARetryIsAskedAboutFromAnotherProcess(t *testing.T) {
	for name, c := range map[string]struct {
		yes  bool
		ends event.Outcome
		did  []string
	}{
		"yes": {true, event.OutcomeSucceeded, []string{"a"}},
		"no":  {false, event.OutcomeFailed, nil},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, p *play) {
				p.on("a", times(1, sdk.Transient))
				p.ends(<-p.stepwise(flaky), event.OutcomePaused)
				p.post(word("a", true, 0))
				got := <-p.resume(event.ResumeAsked)
				p.ends(got, event.OutcomePaused)
				if !slices.Equal(got.Asking, []string{"a"}) {
					t.Errorf("asking %q", got.Asking)
				}
				p.post(word("a", c.yes, 1))
				p.ends(<-p.resume(event.ResumeAsked), c.ends, c.did...)
			})
		})
	}
}

// Who says twice that a change may begin has not said that it may be tried again: of that they
// have seen nothing.
func TestAWordBeginsOneAttempt(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.on("a", fail(sdk.Transient))
		p.ends(<-p.stepwise(flaky), event.OutcomePaused)
		p.post(word("a", true, 0))
		time.Sleep(time.Second)
		p.post(word("a", true, 0))
		p.ends(<-p.resume(event.ResumeAsked), event.OutcomePaused)
		if begun := p.of(event.AttemptStarted); len(begun) != 1 {
			t.Errorf("%d attempts were begun by one word", len(begun))
		}
		if refused := p.of(event.AnswerRefused); len(refused) != 1 || !strings.Contains(refused[0].Reason, "earlier") {
			t.Errorf("refused %+v", refused)
		}
	})
}

// Where answers are signed, that a change may begin is none of those: it is asked at the terminal
// all the same, and of others it is taken where they may start the run.
func TestSteppingUnderAPolicy(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.team()
		p.books.policy += "people: {ann: {accounts: [alice, bob]}}\nstart: {expr: \"person.name == 'ann'\", message: ann alone}\n"
		p.ends(<-p.stepwise(twoSteps), event.OutcomePaused)
		p.post(run.Request{Type: event.Answered, Step: "a", Part: event.Begin, Answer: &sdk.Answer{Approved: true}})
		p.ends(<-p.resume(event.ResumeAsked), event.OutcomePaused)
		if refused := p.of(event.AnswerRefused); len(refused) != 1 || refused[0].By != "carol" || !strings.Contains(refused[0].Reason, "ann alone") {
			t.Errorf("refused %+v", refused)
		}
		p.process.Asker = &stepper{says: []event.Type{event.Answered, event.Answered}}
		p.ends(<-p.resume(event.ResumeAsked), event.OutcomeSucceeded, "a", "b")
	})
}

func TestSecretsAreNotShownToWhoStepsThroughARun(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		person := &stepper{says: []event.Type{event.Answered}}
		p.process.Asker = person
		got := <-p.stepwise(`
inputs: {token: {type: string, secret: true}}
steps:
  - {id: a, uses: play.change, with: {name: a, with: shown, env: "${{ inputs.token }}"}}
`, input.Given{Name: "token", Text: secret, By: input.ByFlag, Origin: "-i token", SecretSource: "env:TOKEN"})
		p.ends(got, event.OutcomeSucceeded, "a")
		if len(person.asked) != 1 || !strings.HasPrefix(person.asked[0], "a: change by play.change") || !strings.Contains(person.asked[0], "with = shown") {
			t.Errorf("asked %q", person.asked)
		}
		text, err := json.Marshal(p.events())
		if err != nil || strings.Contains(string(text)+person.asked[0], secret) {
			t.Errorf("a secret is in %s\n%s, %v", person.asked, text, err)
		}
	})
}

// A pause at the question whether a change may begin ends there, whatever the terminal does.
func TestPauseAtAQuestionOfASteppedRun(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.process.Wait = true
		ends := p.stepwise(twoSteps)
		time.Sleep(time.Hour)
		p.controls <- event.Event{Type: event.PauseAsked, By: "alice"}
		p.ends(<-ends, event.OutcomePaused)
	})
}

// wipe is an engine with an action that destroys, whose runbooks go by a policy.
func wipe(t *testing.T, policy string, wiped *int) *engine.Engine {
	t.Helper()
	handlers, err := steps.Builtin(steps.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	destroys, err := sdk.Action[struct{}, struct{}]{
		Name: "test.wipe", Summary: "destroy", Effect: sdk.Destroy,
		Apply: func(context.Context, *sdk.Call[struct{}]) (struct{}, error) {
			*wiped++
			return struct{}{}, nil
		},
	}.Handler()
	if err != nil {
		t.Fatal(err)
	}
	made, err := engine.New(engine.Config{Handlers: append(handlers, destroys), Policies: &books{policy: policy}, State: t.TempDir(), Version: "0.1.0"})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestAnApprovalBeforeWhatDestroysIsLeftOutByWhoMayAlone(t *testing.T) {
	t.Parallel()
	const allows = "people: {ann@example.com: {accounts: [ann]}}\ngroups: {leads: [ann@example.com]}\n" +
		"override: {expr: \"step == 'sign_off' && 'leads' in person.groups\", message: leads alone}\n"
	for name, c := range map[string]struct {
		policy, by string
		choice     event.Choice
		why        string
	}{
		"no policy":                    {"", "ann", event.Choice{Skip: []string{"sign_off"}}, "may not leave out the approval sign_off, behind which wipe destroys"},
		"a policy without such a rule": {"people: {ann@example.com: {accounts: [ann]}}\n", "ann", event.Choice{From: "wipe"}, "there is no gatebook.policy.yaml whose rules under override speak of the step"},
		"a rule about windows":         {"override: {expr: \"window != 'freeze'\"}\n", "ann", event.Choice{From: "wipe"}, "speak of the step"},
		"who may not":                  {allows, "bob", event.Choice{Only: []string{"wipe"}}, "leads alone"},
		"who may":                      {allows, "ann", event.Choice{Skip: []string{"sign_off"}}, ""},
		"what destroys is left out":    {"", "bob", event.Choice{Skip: []string{"sign_off", "wipe"}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wiped := 0
			e := wipe(t, c.policy, &wiped)
			runbook, found := e.Check(source.NewFile("wipe.yaml", []byte(locking("")+`
steps:
  - {id: sign_off, uses: approve, with: {message: "Wipe?"}}
  - {id: wipe, uses: test.wipe, rollback: {none: it is gone}}
`)))
			if found.HasErrors() {
				t.Fatal(texts(found))
			}
			c.choice.By, c.choice.Reason = c.by, "it burns"
			planned, found, err := e.PlanPart(runbook, nil, &c.choice)
			if err != nil || found.HasErrors() {
				t.Fatal(err, texts(found))
			}
			result, err := e.Run(t.Context(), planned, process(), engine.RunOptions{By: c.by, Parallelism: 1})
			denied, is := errors.AsType[*engine.DeniedError](err)
			switch {
			case c.why == "" && (err != nil || result.Outcome != event.OutcomeSucceeded):
				t.Errorf("%+v, %v", result, err)
			case c.why != "" && (!is || !strings.Contains(denied.Error(), c.why) || wiped != 0):
				t.Errorf("wiped %d times, %v", wiped, err)
			}
		})
	}
}
