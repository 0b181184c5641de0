package lab

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// Action returns the action of a name among those of a room.
func Action(t testing.TB, room []sdk.Declaration, name string) sdk.Handler {
	t.Helper()
	for _, declared := range room {
		handler, err := declared.Handler()
		Must(t, err)
		if handler.Describe().Name == name {
			return handler
		}
	}
	t.Fatalf("there is no action %s", name)
	return nil
}

// Request is the first attempt of a step with parameters.
func Request(t testing.TB, params map[string]any) sdk.Request {
	t.Helper()
	text, err := json.Marshal(params)
	Must(t, err)
	return sdk.Request{Params: text, Key: "run-step-0-do", Run: "run", Attempt: 1}
}

// Between is the host of an attempt in which something happens between its first look and its change.
type Between struct {
	sdktest.Host
	Does func()
}

// Before is told what leads back, right before the change.
func (b *Between) Before(ctx context.Context, state json.RawMessage) error {
	b.Does()
	return b.Host.Before(ctx, state)
}

// Fails ends the test unless an error is of a class, and tells what it does not say.
func Fails(t testing.TB, err error, class sdk.Class, says ...string) {
	t.Helper()
	if err == nil || sdk.AsError(err).Class != class {
		t.Fatalf("got %v, want a %s error that says %q", err, class, says)
	}
	for _, text := range says {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("got %v, want it to say %q", err, text)
		}
	}
}

// Outdated wants the conflict with what the plan saw: one that says so to gatebook, which has people look at
// a new plan then, and that nothing was changed.
func Outdated(t testing.TB, err error, says ...string) {
	t.Helper()
	Fails(t, err, sdk.Conflict, says...)
	if said := sdk.AsError(err); !said.Outdated || !said.Unchanged {
		t.Errorf("%v does not say that the plan is outdated (%t), or not that nothing was changed (%t)", err, said.Outdated, said.Unchanged)
	}
}

// Must ends the test on an error.
func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// patience bounds what a test waits for. It is long, since a loaded machine is slow, and only a
// test that fails waits for it.
const patience = 3 * time.Minute

// Eventually looks until check has no complaint, for minutes at most.
func Eventually(t testing.TB, what string, check func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		complaint := check(ctx)
		if complaint == nil {
			return
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			t.Fatalf("%s: not within %s: %v", what, patience, complaint)
		}
	}
}
