package lab

import (
	"encoding/json"
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
