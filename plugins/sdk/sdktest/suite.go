package sdktest

import (
	"context"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// Case is one use of an action.
type Case struct {
	Name string
	// World makes what the action acts on, fresh for each check; what it needs to
	// end goes to t.Cleanup.
	World func(t testing.TB) World
	// Fails is the class of the error that Apply must give; empty: it must succeed.
	Fails sdk.Class
	// Blocks marks a use whose Apply does not end by itself. It serves to see that
	// it ends when it is cancelled; nothing else is checked of it.
	Blocks bool
	// Moves names the outputs that say how far the world has come by itself, so that a
	// second attempt may return others: "phase".
	Moves []string
	// Answer is what people say to an action that asks them.
	Answer sdk.Answer
}

// World is what one use of an action acts on.
type World struct {
	Params map[string]any
	// Probe returns the state of all that the action could change, as text to be
	// compared. Nil where there is nothing, as for most actions that only read.
	Probe func() string
	// Secrets are those that the action knows beside its secret parameters, as from its
	// connection: they must be seen nowhere either.
	Secrets []any
}

const (
	blockedFor = 50 * time.Millisecond // how long a call that blocks is let go on
	caseRun    = "sdktest-run"
	caseKey    = caseRun + "-step-0-do"
)

// Run holds an action to the contract, in a subtest for each part of it.
func Run(t *testing.T, handler sdk.Handler, cases ...Case) {
	t.Helper()
	t.Run("description", func(t *testing.T) {
		t.Parallel()
		checkDescription(t, handler.Describe())
	})
	given := &params{}
	t.Cleanup(func() { // when all cases are over
		if untried := untriedSecrets(handler.Describe().Input, given.all()); len(untried) > 0 {
			t.Errorf("no case gives the secret parameters %v, so that nobody knows whether they are kept secret", untried)
		}
	})
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			for _, check := range checksOf(handler.Describe(), c) {
				t.Run(check.name, func(t *testing.T) {
					t.Parallel()
					trial := newTrial(t, handler, c)
					given.add(trial.world.Params)
					check.run(trial)
				})
			}
		})
	}
}

// check is one part of the contract.
type check struct {
	name string
	run  func(*trial)
}

// checksOf returns what can be checked of a case.
func checksOf(d sdk.Description, c Case) []check {
	var checks []check
	add := func(when bool, name string, run func(*trial)) {
		if when {
			checks = append(checks, check{name, run})
		}
	}
	if c.Blocks {
		add(true, "cancel is prompt", (*trial).cancelWhileBlocked)
		add(d.InPlan, "cancel in a plan is prompt", (*trial).cancelInPlan)
		return checks
	}
	add(true, "bad parameters are refused", (*trial).badParameters)
	add(true, "cancel is prompt", (*trial).cancelAtOnce)
	add(d.InPlan, "a plan may look", (*trial).looksInPlan)
	add(d.CanPlan, "plan has no effect", (*trial).planHasNoEffect)
	add(d.CanPlan && c.Fails == "", "plan bears what is not known yet", (*trial).planBearsUnknowns)
	add(c.Fails != "", "apply fails", (*trial).applyFails)
	if c.Fails != "" {
		return checks
	}
	add(d.Asks, "people's answer gives the outputs", (*trial).answerGivesOutputs)
	add(!d.Asks, "outputs satisfy the schema", (*trial).outputsSatisfySchema)
	add(d.Idempotent && !d.Asks, "twice is once", (*trial).twiceIsOnce)
	add(d.CanUndo, "undo restores", (*trial).undoRestores)
	add(d.CanUndo, "undo restores what has no outputs", (*trial).undoWithoutOutputs)
	add(d.CanUndo && d.Idempotent, "undo restores after two attempts", (*trial).undoAfterTwo)
	add(d.CanObserve, "observe tells the truth", (*trial).observeTellsTheTruth)
	return checks
}

// trial is one check of one case in its own world.
type trial struct {
	testing.TB
	handler     sdk.Handler
	description sdk.Description
	use         Case
	world       World
	host        *Host
	request     sdk.Request
	secrets     []string // their texts, which must be seen nowhere
}

func newTrial(t testing.TB, handler sdk.Handler, c Case) *trial {
	t.Helper()
	trial := &trial{TB: t, handler: handler, description: handler.Describe(), use: c, host: &Host{}}
	trial.world = c.World(t)
	if trial.world.Probe == nil {
		trial.world.Probe = func() string { return "" }
	}
	trial.secrets = append(secretsIn(trial.description.Input, trial.world.Params), texts(trial.world.Secrets)...)
	trial.request = sdk.Request{Params: trial.encode(trial.world.Params), Key: caseKey, Run: caseRun, Attempt: 1}
	return trial
}

func (t *trial) encode(params map[string]any) json.RawMessage {
	t.Helper()
	text, err := json.Marshal(params)
	if err != nil {
		t.Fatalf("the case's parameters are no JSON: %v", err)
	}
	return text
}

func (t *trial) apply() json.RawMessage {
	t.Helper()
	outputs, err := t.handler.Apply(t.Context(), t.request, t.host)
	if err != nil {
		t.Fatalf("Apply: %v", err)
	}
	t.hidesSecrets("the outputs", string(outputs))
	t.hidesSecrets("what the host was told", t.host.text())
	return outputs
}

func (t *trial) outputsSatisfySchema() {
	before := t.world.Probe()
	t.host.OnBefore = func() { t.unchangedSince(before, "Apply, before it saved the state before,") }
	t.seesItsPlan()
	t.satisfiesOutputs(t.apply())
	if t.description.Effect == sdk.Read {
		t.unchangedSince(before, "Apply of an action that only reads")
	}
}

func (t *trial) answerGivesOutputs() {
	question, err := t.handler.Ask(t.Context(), t.request)
	if err != nil {
		t.Fatalf("Ask: %v", err)
	}
	if question.Message == "" {
		t.Errorf("the question has no message")
	}
	t.hidesSecrets("the question", question.Message)
	outputs, err := t.handler.Answer(t.Context(), t.request, t.use.Answer)
	if err != nil {
		t.Fatalf("Answer: %v", err)
	}
	t.hidesSecrets("the outputs", string(outputs))
	t.satisfiesOutputs(outputs)
}

func (t *trial) twiceIsOnce() {
	first := t.apply()
	once := t.world.Probe()
	second := t.applyAgain()
	if twice := t.world.Probe(); twice != once {
		t.Errorf("applied twice with one key, the state is\n%s\nand after once it was\n%s", twice, once)
	}
	// The answer of the first may be lost, and later steps go by that of the second.
	if t.description.Effect != sdk.Read && !reflect.DeepEqual(t.unmoved(first), t.unmoved(second)) {
		t.Errorf("applied twice with one key, the outputs are\n%s\nand after once they were\n%s", second, first)
	}
}

// unmoved returns those outputs that no time changes.
func (t *trial) unmoved(outputs json.RawMessage) any {
	t.Helper()
	all := asJSON(t, outputs)
	if members, ok := all.(map[string]any); ok {
		for _, name := range t.use.Moves {
			delete(members, name)
		}
	}
	return all
}

// applyAgain is a later attempt, which is told what the first one kept.
func (t *trial) applyAgain() json.RawMessage {
	t.Helper()
	t.request.Attempt, t.request.Before, t.request.Notes = 2, t.host.StateBefore(), t.host.Notes()
	return t.apply()
}

func (t *trial) undoRestores() {
	before := t.world.Probe()
	t.request.Outputs = t.apply()
	t.undo(before)
}

// undoWithoutOutputs is the way back from an Apply whose answer was lost.
func (t *trial) undoWithoutOutputs() {
	before := t.world.Probe()
	t.apply()
	t.undo(before)
}

// undoAfterTwo sees what becomes of the state before, when a second attempt finds what
// the first one left.
func (t *trial) undoAfterTwo() {
	before := t.world.Probe()
	t.apply()
	t.request.Outputs = t.applyAgain()
	t.undo(before)
}

// undo takes back what was applied, twice, and wants the state before. It is told what its
// own attempts noted, as by an engine, and not what those of Apply did.
func (t *trial) undo(before string) {
	t.Helper()
	t.request.Before, t.host = t.host.StateBefore(), &Host{}
	for i, what := range []string{"Undo", "a second Undo"} {
		t.request.Attempt, t.request.Notes = i+1, t.host.Notes()
		if err := t.handler.Undo(t.Context(), t.request, t.host); err != nil {
			t.isTyped(err)
			t.Fatalf("%s: %v", what, err)
		}
		if after := t.world.Probe(); after != before {
			t.Errorf("after %s the state is\n%s\nand before Apply it was\n%s", what, after, before)
		}
	}
	t.hidesSecrets("what the host was told by Undo", t.host.text())
}

// observeTellsTheTruth lets an action say that it cannot tell. "Not done" after it
// was done is allowed where doing it again does no harm.
func (t *trial) observeTellsTheTruth() {
	before := t.world.Probe()
	if seen := t.observe(); seen.State == sdk.Done && t.description.Effect != sdk.Read {
		t.Errorf("Observe says done before Apply: %s", seen.Detail)
	}
	t.apply()
	t.request.Before, t.request.Notes = t.host.StateBefore(), t.host.Notes()
	state := t.world.Probe()
	seen := t.observe()
	t.unchangedSince(state, "Observe")
	switch seen.State {
	case sdk.Done:
		t.satisfiesOutputs(seen.Outputs)
	case sdk.NotDone:
		t.apply()
		t.unchangedSince(state, "Apply, which Observe had asked for after it was done,")
	case sdk.Untouched:
		if before != state {
			t.Errorf("Observe says that nothing was changed, and the state is\n%s\nwhere it was\n%s", state, before)
		}
	case sdk.CannotTell:
		if seen.Detail == "" {
			t.Errorf("Observe cannot tell, and does not say why")
		}
	}
}

func (t *trial) observe() sdk.Observation {
	t.Helper()
	seen, err := t.handler.Observe(t.Context(), t.request, t.host)
	if err != nil {
		t.Fatalf("Observe: %v", err)
	}
	switch seen.State {
	case sdk.Done, sdk.NotDone, sdk.Untouched, sdk.CannotTell:
	default:
		t.Errorf("Observe answers %q, which is no state", seen.State)
	}
	t.hidesSecrets("the observation", seen.Detail+string(seen.Outputs))
	t.hidesSecrets("what the host was told by Observe", t.host.text())
	return seen
}

func (t *trial) applyFails() {
	_, err := t.handler.Apply(t.Context(), t.request, t.host)
	if err == nil {
		t.Fatalf("Apply succeeded, want a %s error", t.use.Fails)
	}
	t.isTyped(err)
	if got := sdk.AsError(err).Class; got != t.use.Fails {
		t.Errorf("Apply failed with a %s error, want a %s one: %v", got, t.use.Fails, err)
	}
	t.hidesSecrets("what the host was told", t.host.text())
}

func (t *trial) cancelAtOnce() {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_ = t.endsPromptly(ctx) // an action that is done before it looks may succeed
}

func (t *trial) cancelWhileBlocked() {
	// Cancelled, and not by a deadline: a connection would know of that itself, and might end
	// before the context does.
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	defer time.AfterFunc(blockedFor, cancel).Stop()
	err := t.endsPromptly(ctx)
	switch {
	case ctx.Err() == nil:
		t.Errorf("the case says that it blocks, and it ended by itself: %v", err)
	case err == nil:
		t.Errorf("Apply succeeded although it was cancelled and the case says that it blocks")
	}
}

func (t *trial) endsPromptly(ctx context.Context) error {
	t.Helper()
	err := ends(t, func() (err error) {
		if t.description.Asks {
			_, err = t.handler.Ask(ctx, t.request)
		} else {
			_, err = t.handler.Apply(ctx, t.request, t.host)
		}
		return err
	})
	if err != nil {
		t.isTyped(err)
	}
	return err
}

func (t *trial) isTyped(err error) {
	t.Helper()
	isTyped(t, err)
	t.hidesSecrets("the error", err.Error())
}

func (t *trial) unchangedSince(before, what string) {
	t.Helper()
	if after := t.world.Probe(); after != before {
		t.Errorf("%s changed the state from\n%s\nto\n%s", what, before, after)
	}
}
