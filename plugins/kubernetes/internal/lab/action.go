package lab

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Action returns the action of a name among those of a room, as the plugin has it.
func Action(t testing.TB, room []sdk.Declaration, name string) sdk.Handler {
	t.Helper()
	for _, declared := range cluster.Truthful(room) {
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
	return sdk.Request{Params: text, Key: "run-step-0-do", Attempt: 1}
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
