package sdktest

import (
	"maps"

	"github.com/gatebook/gatebook/plugins/sdk"
)

func (t *trial) planHasNoEffect() {
	before := t.world.Probe()
	preview, err := t.handler.Plan(t.Context(), t.request)
	switch {
	case err != nil && t.use.Fails == "":
		t.Fatalf("Plan: %v", err)
	case err != nil:
		t.isTyped(err)
	}
	if err := preview.Cost.Validate(); err != nil {
		t.Errorf("the plan: %v", err)
	}
	t.unchangedSince(before, "Plan")
	t.hidesSecrets("the plan", string(t.encode(map[string]any{"preview": preview})))
}

// planBearsUnknowns leaves out one parameter after the other, as a plan does whose
// value comes from a step that has not run.
func (t *trial) planBearsUnknowns() {
	before := t.world.Probe()
	for name := range t.world.Params {
		params := maps.Clone(t.world.Params)
		delete(params, name)
		request := t.request
		request.Params, request.Unknown = t.encode(params), []string{name}
		if _, err := t.handler.Plan(t.Context(), request); err != nil {
			t.Errorf("Plan, where %s is not known yet: %v", name, err)
		}
	}
	t.unchangedSince(before, "Plan")
}

// seesItsPlan has Apply go by what Plan looked at, as in a run that people agreed to: where
// nothing has changed since, that is no reason to refuse anything.
func (t *trial) seesItsPlan() {
	t.Helper()
	if !t.description.CanPlan || t.description.Effect == sdk.Read {
		return
	}
	preview, err := t.handler.Plan(t.Context(), t.request)
	if err != nil {
		t.Fatalf("Plan: %v", err)
	}
	t.request.Seen = preview.Observed
}
