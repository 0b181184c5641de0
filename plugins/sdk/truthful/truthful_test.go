package truthful_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
	"github.com/gatebook/gatebook/plugins/sdk/truthful"
)

// attempt notes what actions of these tests ask for, by what they say of it themselves.
type attempt struct {
	tell    func(string)
	changed bool
}

// attemptKey is where a context holds an attempt.
type attemptKey struct{}

func (a *attempt) In(ctx context.Context) context.Context {
	return context.WithValue(ctx, attemptKey{}, a)
}
func (a *attempt) Changed() bool { return a.changed }

// running is an attempt that has had a program run.
type running struct{ *attempt }

func (running) Ran() bool { return true }

var _ truthful.Runner = running{}

// change asks for a change in the attempt of a context.
func change(ctx context.Context) {
	a := ctx.Value(attemptKey{}).(*attempt)
	a.tell("waits for a login")
	a.changed = true
}

// noting notes attempts, and says of them that they run programs.
func noting(runs bool) truthful.Noting {
	return truthful.Noting{Attempt: func(tell func(string)) truthful.Attempt {
		if runs {
			return running{&attempt{tell: tell}}
		}
		return &attempt{tell: tell}
	}}
}

// handler is an action of a plugin, as an engine calls it.
func handler(t *testing.T, declared sdk.Declaration, by truthful.Noting) sdk.Handler {
	t.Helper()
	made, err := truthful.All([]sdk.Declaration{declared}, by)[0].Handler()
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// making is an action that may change something, and then finds fault.
func making(changes bool, fault error) sdk.Declaration {
	return sdk.Action[struct{}, struct{}]{
		Name: "make", Summary: "Make a thing", Description: "It makes a thing.", Effect: sdk.Change, Idempotent: true,
		Apply: func(ctx context.Context, _ *sdk.Call[struct{}]) (struct{}, error) {
			if changes {
				change(ctx)
			}
			return struct{}{}, fault
		},
		Undo: func(ctx context.Context, _ *sdk.Call[struct{}]) error {
			change(ctx)
			return nil
		},
	}
}

// An action may find out after a change that it was asked for what cannot be. To say that
// nothing was changed would keep the step from being taken back, and not to say it where it
// is so would have it taken back for nothing.
func TestAnErrorSaysThatNothingWasChangedWhereItIsSo(t *testing.T) {
	t.Parallel()
	no := sdk.Errorf(sdk.Permanent, "it is no good after all")
	for name, test := range map[string]struct {
		changes, runs bool
		before        string // saved by an earlier attempt
		says          error
		want          bool
	}{
		"a change that is denied":            {changes: true, says: no.NothingChanged()},
		"a change":                           {changes: true, says: no},
		"no change":                          {says: no, want: true},
		"no change, and it says so":          {says: no.NothingChanged(), want: true},
		"an error without a class":           {says: errors.New("it is no good after all"), want: true},
		"no change, after an earlier one":    {before: "{}", says: no},
		"a program of somebody's":            {runs: true, says: no},
		"a program that did nothing":         {runs: true, says: no.NothingChanged(), want: true},
		"a change beside a harmless program": {changes: true, runs: true, says: no.NothingChanged()},
	} {
		made := handler(t, making(test.changes, test.says), noting(test.runs))
		_, err := made.Apply(t.Context(), sdk.Request{Params: json.RawMessage("{}"), Attempt: 1, Before: json.RawMessage(test.before)}, &sdktest.Host{})
		if err == nil || !strings.Contains(err.Error(), "no good") {
			t.Errorf("%s: got %v", name, err)
		} else if said := sdk.AsError(err); said.Unchanged != test.want {
			t.Errorf("%s: got %v, which says that nothing was changed: %t", name, err, said.Unchanged)
		}
	}
}

// What an action cannot do at all it has not tried.
func TestWhatIsNotSupportedIsNoError(t *testing.T) {
	t.Parallel()
	_, err := handler(t, making(false, sdk.ErrUnsupported), noting(false)).Apply(t.Context(), sdk.Request{Params: json.RawMessage("{}")}, &sdktest.Host{})
	if err == nil || sdk.AsError(err).Unchanged || !errors.Is(err, sdk.ErrUnsupported) {
		t.Errorf("got %v", err)
	}
}

// What requests wait for is told whoever makes them, and whether anybody listens.
func TestWhatRequestsWaitForIsTold(t *testing.T) {
	t.Parallel()
	made := handler(t, making(true, nil), noting(false))
	for _, host := range []*sdktest.Host{{}, nil} {
		var listening sdk.Host
		if host != nil {
			listening = host
		}
		if _, err := made.Apply(t.Context(), sdk.Request{Params: json.RawMessage("{}")}, listening); err != nil {
			t.Fatal(err)
		}
		if err := made.Undo(t.Context(), sdk.Request{Params: json.RawMessage("{}")}, listening); err != nil {
			t.Fatal(err)
		}
		if host != nil && len(host.ProgressTold()) != 2 {
			t.Errorf("of an attempt to do and one to undo was told: %v", host.ProgressTold())
		}
	}
}

// reading has read what it was made with, once it was used.
type reading struct {
	things []sdk.Seen
	used   bool
}

func (r *reading) In(ctx context.Context) context.Context {
	r.used = true
	return ctx
}

func (r *reading) Seen() []sdk.Seen {
	if !r.used {
		return nil
	}
	return r.things
}

// previewed is what a preview names that reads these things.
func previewed(t *testing.T, things ...sdk.Seen) []sdk.Seen {
	t.Helper()
	by := noting(false)
	if things != nil {
		by.Reading = func() truthful.Reading { return &reading{things: things} }
	}
	preview, err := handler(t, sdk.Action[struct{}, struct{}]{
		Name: "look", Summary: "Look at things", Description: "It looks at things.", Effect: sdk.Read,
		Plan: func(context.Context, *sdk.Call[struct{}]) (sdk.Preview, error) {
			return sdk.Preview{Observed: []sdk.Seen{{Kind: "own", Name: "of the action", Version: "1"}}}, nil
		},
		Apply: func(context.Context, *sdk.Call[struct{}]) (struct{}, error) { return struct{}{}, nil },
	}, by).Plan(t.Context(), sdk.Request{Params: json.RawMessage("{}")})
	if err != nil {
		t.Fatal(err)
	}
	return preview.Observed
}

// A preview names what it was made from: what the action names, and what was read for it, each
// thing once and in one order, whatever order it was read in.
func TestPreviewsNameWhatWasRead(t *testing.T) {
	t.Parallel()
	web, db := sdk.Seen{Kind: "service", Name: "web", Version: "7"}, sdk.Seen{Kind: "service", Name: "db", Version: "3"}
	node := sdk.Seen{Kind: "node", Name: "n1", Version: "2", ID: "4711"}
	own := sdk.Seen{Kind: "own", Name: "of the action", Version: "1"}
	if got, want := previewed(t, web, node, db, web), []sdk.Seen{own, node, db, web}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := previewed(t); !slices.Equal(got, []sdk.Seen{own}) {
		t.Errorf("where nothing is noted, got %v", got)
	}
}

// Of very many things a preview says that they are these, and not each.
func TestPreviewsSumUpVeryMany(t *testing.T) {
	t.Parallel()
	var many []sdk.Seen
	for i := range 501 {
		many = append(many, sdk.Seen{Kind: "task", Name: fmt.Sprint(i), Version: "1"})
	}
	got := previewed(t, append([]sdk.Seen{{Kind: "service", Name: "web", Version: "7"}}, many...)...)
	if len(got) != 3 || got[2].Name != "(all of them)" || !strings.HasPrefix(got[2].Version, "501, sha256:") {
		t.Fatalf("got %v", got)
	}
	slices.Reverse(many)
	if again := previewed(t, many...); again[1] != got[2] {
		t.Errorf("in another order they are %v, and were %v", again[1], got[2])
	}
	many[200].Version = "2"
	if another := previewed(t, many...); another[1] == got[2] {
		t.Error("that one has another version is not noticed")
	}
}
