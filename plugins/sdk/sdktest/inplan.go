package sdktest

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// looksInPlan holds an action to what lets an engine apply it while a plan is made: it
// ends by itself, soon, and leaves nothing behind, neither where it acts nor with the host.
func (t *trial) looksInPlan() {
	before := t.world.Probe()
	outputs, err := t.lookInPlan(t.Context())
	t.unchangedSince(before, "Apply for a plan")
	switch {
	case errors.Is(err, sdk.ErrUnsupported): // not with these parameters, which the plan says
	case err != nil && t.use.Fails == "":
		t.Errorf("Apply for a plan: %v", err)
	case err != nil:
		t.isTyped(err)
	default:
		t.hidesSecrets("the outputs", string(outputs))
		t.satisfiesOutputs(outputs)
	}
}

// cancelInPlan wants that a look which would take long ends when a person does not want to
// wait for it.
func (t *trial) cancelInPlan() {
	ctx, cancel := context.WithTimeout(t.Context(), blockedFor)
	defer cancel()
	if _, err := t.lookInPlan(ctx); err != nil {
		t.isTyped(err)
	}
}

// lookInPlan applies the action for a plan, which keeps nothing.
func (t *trial) lookInPlan(ctx context.Context) (outputs json.RawMessage, err error) {
	t.Helper()
	request := t.request
	request.InPlan, request.Key = true, "" // a plan is no run
	err = ends(t, func() (err error) {
		outputs, err = t.handler.Apply(ctx, request, t.host)
		return err
	})
	if t.host.StateBefore() != nil || len(t.host.Notes()) > 0 {
		t.Errorf("Apply for a plan keeps something, as what changes things does: %s%s", t.host.StateBefore(), notesText(t.host.Notes()))
	}
	t.hidesSecrets("what the host was told", t.host.text())
	return outputs, err
}
