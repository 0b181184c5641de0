package sdktest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
	"github.com/gatebook/gatebook/schema"
)

// shop is a small world: a service with replicas, and the keys it has seen.
type shop struct {
	mu       sync.Mutex
	replicas int
	keys     map[string]bool
}

func (s *shop) state() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprintf("replicas=%d", s.replicas)
}

type addInput struct {
	More  int    `json:"more" required:"true" min:"1" doc:"How many replicas to add."`
	Token string `json:"token" secret:"true" doc:"What lets one in."`
}

type addOutput struct {
	Replicas int `json:"replicas" required:"true" doc:"How many there are."`
}

// add adds replicas; it shows all that an action can do.
func add(s *shop) sdk.Action[addInput, addOutput] {
	return sdk.Action[addInput, addOutput]{
		Name: "shop.add", Summary: "Add replicas", Description: "Adds replicas.", Effect: sdk.Change, Idempotent: true,
		Examples: []schema.Example{{Title: "One more", With: map[string]any{"more": 1}}},
		Plan: func(_ context.Context, call *sdk.Call[addInput]) (sdk.Preview, error) {
			return sdk.Preview{Summary: fmt.Sprintf("would add %d", call.Input.More)}, nil
		},
		Apply: func(ctx context.Context, call *sdk.Call[addInput]) (addOutput, error) {
			s.mu.Lock()
			before, seen := s.replicas, s.keys[call.Key]
			s.mu.Unlock()
			if seen {
				return addOutput{before}, nil
			}
			if err := call.SaveBefore(ctx, before); err != nil {
				return addOutput{}, err
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			s.replicas += call.Input.More
			s.keys[call.Key] = true
			return addOutput{s.replicas}, nil
		},
		Observe: func(_ context.Context, call *sdk.Call[addInput]) (sdk.Observed[addOutput], error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.keys[call.Key] {
				return sdk.Observed[addOutput]{State: sdk.Done, Outputs: addOutput{s.replicas}}, nil
			}
			return sdk.Observed[addOutput]{State: sdk.NotDone}, nil
		},
		Undo: func(_ context.Context, call *sdk.Call[addInput]) error {
			before, _, err := sdk.LoadBefore[int](call)
			s.mu.Lock()
			defer s.mu.Unlock()
			s.replicas = before
			return err
		},
	}
}

// suite makes a shop and its action, with a change to make it worse.
func suite(t *testing.T, change func(*shop, *sdk.Action[addInput, addOutput])) (sdk.Handler, *shop) {
	t.Helper()
	s := &shop{replicas: 2, keys: map[string]bool{}}
	action := add(s)
	if change != nil {
		change(s, &action)
	}
	handler, err := action.Handler()
	if err != nil {
		t.Fatal(err)
	}
	return handler, s
}

// double is an action without a world, so that all checks may share its handler.
func double() sdk.Action[addInput, addOutput] {
	return sdk.Action[addInput, addOutput]{
		Name: "double", Summary: "Double a number", Description: "Doubles a number.", Effect: sdk.Read, Idempotent: true,
		Examples: []schema.Example{{Title: "One", With: map[string]any{"more": 1}}},
		Apply: func(_ context.Context, call *sdk.Call[addInput]) (addOutput, error) {
			if call.Input.Token == "wrong token" {
				return addOutput{}, sdk.Errorf(sdk.Denied, "the token is refused")
			}
			return addOutput{2 * call.Input.More}, nil
		},
	}
}

func TestAnActionThatKeepsTheContractPasses(t *testing.T) {
	t.Parallel()
	world := func(token string) func(testing.TB) sdktest.World {
		return func(testing.TB) sdktest.World {
			return sdktest.World{Params: map[string]any{"more": 3, "token": token}}
		}
	}
	handler, err := double().Handler()
	if err != nil {
		t.Fatal(err)
	}
	sdktest.Run(t, handler,
		sdktest.Case{Name: "doubled", World: world("opensesame")},
		sdktest.Case{Name: "refused", World: world("wrong token"), Fails: sdk.Denied},
	)
}

// TestEachBreachIsFound runs one check at a time on an action with one fault.
func TestEachBreachIsFound(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*shop, *sdk.Action[addInput, addOutput])
		check  string
	}{
		"plan changes": {func(s *shop, a *sdk.Action[addInput, addOutput]) {
			a.Plan = func(context.Context, *sdk.Call[addInput]) (sdk.Preview, error) {
				s.replicas++
				return sdk.Preview{}, nil
			}
		}, "plan has no effect"},
		"plan shows the secret": {func(_ *shop, a *sdk.Action[addInput, addOutput]) {
			a.Plan = func(_ context.Context, call *sdk.Call[addInput]) (sdk.Preview, error) {
				return sdk.Preview{Summary: "would use " + call.Input.Token}, nil
			}
		}, "plan has no effect"},
		"key is not heeded": {func(s *shop, a *sdk.Action[addInput, addOutput]) {
			a.Apply = func(_ context.Context, call *sdk.Call[addInput]) (addOutput, error) {
				s.replicas += call.Input.More
				return addOutput{s.replicas}, nil
			}
		}, "twice is once"},
		"a second attempt takes the first one's work for what was there": {func(s *shop, a *sdk.Action[addInput, addOutput]) {
			apply := a.Apply
			a.Apply = func(ctx context.Context, call *sdk.Call[addInput]) (addOutput, error) {
				if s.keys[call.Key] {
					return addOutput{}, nil
				}
				return apply(ctx, call)
			}
		}, "twice is once"},
		"state is saved too late": {func(s *shop, a *sdk.Action[addInput, addOutput]) {
			a.Apply = func(ctx context.Context, call *sdk.Call[addInput]) (addOutput, error) {
				before := s.replicas
				s.replicas += call.Input.More
				return addOutput{s.replicas}, call.SaveBefore(ctx, before)
			}
		}, "outputs satisfy the schema"},
		"what its own plan saw is taken for another": {func(s *shop, a *sdk.Action[addInput, addOutput]) {
			apply := a.Apply
			a.Plan = func(context.Context, *sdk.Call[addInput]) (sdk.Preview, error) {
				return sdk.Preview{Observed: []sdk.Seen{{Kind: "shop", Name: "web", Version: "2 replicas"}}}, nil
			}
			a.Apply = func(ctx context.Context, call *sdk.Call[addInput]) (addOutput, error) {
				if seen, saw := call.Saw("shop", "web"); saw && seen.Version != s.state() {
					return addOutput{}, sdk.Errorf(sdk.Conflict, "it was %s, and is %s", seen.Version, s.state())
				}
				return apply(ctx, call)
			}
		}, "outputs satisfy the schema"},
		"progress shows the secret": {func(_ *shop, a *sdk.Action[addInput, addOutput]) {
			a.Apply = func(_ context.Context, call *sdk.Call[addInput]) (addOutput, error) {
				call.Progressf("with %s", call.Input.Token)
				return addOutput{}, nil
			}
		}, "outputs satisfy the schema"},
		"undo does nothing": {func(_ *shop, a *sdk.Action[addInput, addOutput]) {
			a.Undo = func(context.Context, *sdk.Call[addInput]) error { return nil }
		}, "undo restores"},
		"undo needs what Apply noted": {func(_ *shop, a *sdk.Action[addInput, addOutput]) {
			apply, undo := a.Apply, a.Undo
			a.Apply = func(ctx context.Context, call *sdk.Call[addInput]) (addOutput, error) {
				if err := call.Note("added", true); err != nil {
					return addOutput{}, err
				}
				return apply(ctx, call)
			}
			a.Undo = func(ctx context.Context, call *sdk.Call[addInput]) error {
				if _, noted, _ := sdk.LoadNote[bool](call, "added"); !noted {
					return nil
				}
				return undo(ctx, call)
			}
		}, "undo restores"},
		"undo needs the outputs": {func(_ *shop, a *sdk.Action[addInput, addOutput]) {
			undo := a.Undo
			a.Undo = func(ctx context.Context, call *sdk.Call[addInput]) error {
				if _, returned, _ := sdk.LoadOutputs[addOutput](call); !returned {
					return sdk.Errorf(sdk.Permanent, "nothing is known of it")
				}
				return undo(ctx, call)
			}
		}, "undo restores what has no outputs"},
		"a later attempt puts its state over the first": {func(s *shop, a *sdk.Action[addInput, addOutput]) {
			var kept int
			apply := a.Apply
			a.Apply = func(ctx context.Context, call *sdk.Call[addInput]) (addOutput, error) {
				kept = s.replicas
				return apply(ctx, call)
			}
			a.Undo = func(context.Context, *sdk.Call[addInput]) error {
				s.replicas = kept
				return nil
			}
		}, "undo restores after two attempts"},
		"undo logs the secret": {func(_ *shop, a *sdk.Action[addInput, addOutput]) {
			undo := a.Undo
			a.Undo = func(ctx context.Context, call *sdk.Call[addInput]) error {
				call.Progressf("with %s", call.Input.Token)
				return undo(ctx, call)
			}
		}, "undo restores"},
		"plan needs what is not known yet": {func(_ *shop, a *sdk.Action[addInput, addOutput]) {
			a.Plan = func(_ context.Context, call *sdk.Call[addInput]) (sdk.Preview, error) {
				if call.Input.More == 0 {
					return sdk.Preview{}, sdk.FieldErrorf("more", "must be given")
				}
				return sdk.Preview{}, nil
			}
		}, "plan bears what is not known yet"},
		"observe always says done": {func(_ *shop, a *sdk.Action[addInput, addOutput]) {
			a.Observe = func(context.Context, *sdk.Call[addInput]) (sdk.Observed[addOutput], error) {
				return sdk.Observed[addOutput]{State: sdk.Done}, nil
			}
		}, "observe tells the truth"},
		"observe says that nothing was changed": {func(_ *shop, a *sdk.Action[addInput, addOutput]) {
			a.Observe = func(context.Context, *sdk.Call[addInput]) (sdk.Observed[addOutput], error) {
				return sdk.Observed[addOutput]{State: sdk.Untouched}, nil
			}
		}, "observe tells the truth"},
		"observe asks for a second effect": {func(s *shop, a *sdk.Action[addInput, addOutput]) {
			a.Observe = func(_ context.Context, call *sdk.Call[addInput]) (sdk.Observed[addOutput], error) {
				delete(s.keys, call.Key)
				return sdk.Observed[addOutput]{State: sdk.NotDone}, nil
			}
		}, "observe tells the truth"},
		"error without a class": {func(_ *shop, a *sdk.Action[addInput, addOutput]) {
			a.Apply = func(ctx context.Context, _ *sdk.Call[addInput]) (addOutput, error) {
				return addOutput{}, errors.New("no")
			}
		}, "cancel is prompt"},
		"no description":               {func(_ *shop, a *sdk.Action[addInput, addOutput]) { a.Description = "" }, "description"},
		"nothing to undo, and an undo": {func(_ *shop, a *sdk.Action[addInput, addOutput]) { a.NothingToUndo = "it is gone" }, "description"},
		"nothing to undo of a read": {func(_ *shop, a *sdk.Action[addInput, addOutput]) {
			a.Effect, a.Undo, a.NothingToUndo = sdk.Read, nil, "it only looks"
		}, "description"},
		"nothing to undo of a destroyer": {func(_ *shop, a *sdk.Action[addInput, addOutput]) {
			a.Effect, a.Undo, a.NothingToUndo = sdk.Destroy, nil, "it is gone"
		}, "description"},
		"nothing to undo, with a full stop": {func(_ *shop, a *sdk.Action[addInput, addOutput]) {
			a.Undo, a.NothingToUndo = nil, "it is gone."
		}, "description"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			handler, s := suite(t, test.change)
			c := sdktest.Case{Name: name, World: func(testing.TB) sdktest.World {
				return sdktest.World{Params: map[string]any{"more": 3, "token": "opensesame"}, Probe: s.state}
			}}
			if faults := sdktest.CheckOne(t, test.check, handler, c); len(faults) == 0 {
				t.Errorf("%q finds nothing", test.check)
			}
		})
	}
}

// An engine tells a later attempt what the earlier ones noted, and an undo what those of
// it did.
func TestLaterAttemptsAreToldWhatEarlierOnesNoted(t *testing.T) {
	t.Parallel()
	for _, check := range []string{"twice is once", "undo restores after two attempts"} {
		handler, s := suite(t, func(s *shop, a *sdk.Action[addInput, addOutput]) {
			apply, undo := a.Apply, a.Undo
			a.Apply = func(ctx context.Context, call *sdk.Call[addInput]) (addOutput, error) {
				was, noted, err := sdk.LoadNote[addOutput](call, "made")
				if err != nil || noted {
					return was, err
				}
				made, err := apply(ctx, call)
				if err != nil {
					return made, err
				}
				s.keys[call.Key] = false
				return made, call.Note("made", made)
			}
			a.Undo = func(ctx context.Context, call *sdk.Call[addInput]) error {
				if _, noted, err := sdk.LoadNote[bool](call, "undone"); err != nil || noted {
					return err
				}
				if err := undo(ctx, call); err != nil {
					return err
				}
				return call.Note("undone", true)
			}
		})
		c := sdktest.Case{Name: "noted", World: func(testing.TB) sdktest.World {
			return sdktest.World{Params: map[string]any{"more": 3, "token": "opensesame"}, Probe: s.state}
		}}
		if faults := sdktest.CheckOne(t, check, handler, c); len(faults) > 0 {
			t.Errorf("%s: %q", check, faults)
		}
	}
}

// What an action knows from its connection is not for anybody to see either.
func TestASecretOfTheConnectionIsFound(t *testing.T) {
	t.Parallel()
	handler, s := suite(t, func(_ *shop, a *sdk.Action[addInput, addOutput]) {
		a.Apply = func(_ context.Context, call *sdk.Call[addInput]) (addOutput, error) {
			call.Log.Info("let in", "by", "the password")
			return addOutput{}, nil
		}
	})
	c := sdktest.Case{World: func(testing.TB) sdktest.World {
		return sdktest.World{Params: map[string]any{"more": 3}, Probe: s.state, Secrets: []any{"the password"}}
	}}
	if faults := sdktest.CheckOne(t, "outputs satisfy the schema", handler, c); len(faults) != 1 {
		t.Errorf("got %q", faults)
	}
}

// described is an action that was made without the sdk, and says of itself what it likes.
type described struct {
	sdk.Handler
	says sdk.Description
}

func (d described) Describe() sdk.Description { return d.says }

// What the world does by itself between two attempts is no fault of the second.
func TestOutputsThatMoveMayDiffer(t *testing.T) {
	t.Parallel()
	handler, s := suite(t, func(s *shop, a *sdk.Action[addInput, addOutput]) {
		apply := a.Apply
		a.Apply = func(ctx context.Context, call *sdk.Call[addInput]) (addOutput, error) {
			out, err := apply(ctx, call)
			return addOutput{out.Replicas + call.Attempt}, err
		}
	})
	c := sdktest.Case{World: func(testing.TB) sdktest.World {
		return sdktest.World{Params: map[string]any{"more": 3}, Probe: s.state}
	}}
	if faults := sdktest.CheckOne(t, "twice is once", handler, c); len(faults) != 1 || !strings.Contains(faults[0], "the outputs are") {
		t.Errorf("got %q", faults)
	}
	c.Moves = []string{"replicas"}
	if faults := sdktest.CheckOne(t, "twice is once", handler, c); len(faults) != 0 {
		t.Errorf("got %q", faults)
	}
}

func TestABadExampleIsFound(t *testing.T) {
	t.Parallel()
	handler, _ := suite(t, nil)
	says := handler.Describe()
	says.Examples = []schema.Example{{Title: "None", With: map[string]any{"more": 0}}}
	faults := sdktest.CheckOne(t, "description", described{handler, says}, sdktest.Case{})
	if len(faults) != 1 || !strings.Contains(faults[0], `the example "None" breaks the schema: more must be`) {
		t.Errorf("got %q", faults)
	}
}

func TestAGoodActionHasNoFaultInAnyCheck(t *testing.T) {
	t.Parallel()
	for _, check := range []string{
		"description", "bad parameters are refused", "cancel is prompt", "plan has no effect",
		"plan bears what is not known yet", "outputs satisfy the schema", "twice is once", "undo restores",
		"undo restores what has no outputs", "undo restores after two attempts", "observe tells the truth",
	} {
		handler, s := suite(t, nil)
		c := sdktest.Case{World: func(testing.TB) sdktest.World {
			return sdktest.World{Params: map[string]any{"more": 3, "token": "opensesame"}, Probe: s.state}
		}}
		if faults := sdktest.CheckOne(t, check, handler, c); len(faults) > 0 {
			t.Errorf("%s: %q", check, faults)
		}
	}
}

func TestAUseThatDoesNotBlockIsFound(t *testing.T) {
	t.Parallel()
	handler, s := suite(t, func(_ *shop, a *sdk.Action[addInput, addOutput]) {
		a.Apply = func(context.Context, *sdk.Call[addInput]) (addOutput, error) {
			return addOutput{}, sdk.Errorf(sdk.Permanent, "no")
		}
	})
	c := sdktest.Case{Blocks: true, World: func(testing.TB) sdktest.World {
		return sdktest.World{Params: map[string]any{"more": 3}, Probe: s.state}
	}}
	if faults := sdktest.CheckOne(t, "cancel is prompt", handler, c); len(faults) == 0 {
		t.Error("an Apply that fails at once is taken for one that blocks")
	}
}

// A secret is found however it is written, and it is said where none was tried.
func TestSecretsAreTriedAndFound(t *testing.T) {
	t.Parallel()
	handler, s := suite(t, func(_ *shop, a *sdk.Action[addInput, addOutput]) {
		a.Plan = func(_ context.Context, call *sdk.Call[addInput]) (sdk.Preview, error) {
			return sdk.Preview{Summary: "would use " + call.Input.Token}, nil
		}
	})
	c := sdktest.Case{World: func(testing.TB) sdktest.World {
		return sdktest.World{Params: map[string]any{"more": 3, "token": `a"b<c&d`}, Probe: s.state}
	}}
	if faults := sdktest.CheckOne(t, "plan has no effect", handler, c); len(faults) == 0 {
		t.Error("a secret with quotes is not found in JSON")
	}
	input := handler.Describe().Input
	if got := sdktest.UntriedSecrets(input, []map[string]any{{"more": 3}}); len(got) != 1 || got[0] != "token" {
		t.Errorf("got %v, want the token", got)
	}
	if got := sdktest.UntriedSecrets(input, []map[string]any{{"more": 3}, {"token": "x"}}); len(got) != 0 {
		t.Errorf("got %v, want none", got)
	}
}

// A limit on what a run costs holds only where costs can be added.
func TestACostThatIsNoneIsFound(t *testing.T) {
	t.Parallel()
	handler, s := suite(t, func(_ *shop, a *sdk.Action[addInput, addOutput]) {
		a.Plan = func(context.Context, *sdk.Call[addInput]) (sdk.Preview, error) {
			return sdk.Preview{Summary: "would add", Cost: sdk.Cost{"usd": -1}}, nil
		}
	})
	c := sdktest.Case{World: func(testing.TB) sdktest.World {
		return sdktest.World{Params: map[string]any{"more": 3}, Probe: s.state}
	}}
	if faults := sdktest.CheckOne(t, "plan has no effect", handler, c); len(faults) != 1 || !strings.Contains(faults[0], "-1 usd") {
		t.Errorf("got %q", faults)
	}
}
