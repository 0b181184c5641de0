package steps

import (
	"testing"

	"github.com/gatebook/gatebook/plugins/sdk"
)

func TestAssert(t *testing.T) {
	t.Parallel()
	both := func(a, b bool) []any {
		return []any{params{"that": a, "message": "a is so"}, params{"that": b}}
	}
	tests := []struct {
		with params
		want failure
	}{
		{params{"that": true}, failure{}},
		{params{"that": false}, failure{sdk.Permanent, "", "the assertion is false"}},
		{params{"that": false, "message": "too few nodes"}, failure{sdk.Permanent, "", "too few nodes"}},
		{params{"all": both(true, true)}, failure{}},
		{params{"all": both(false, true)}, failure{sdk.Permanent, "", "a is so"}},
		{params{"all": both(false, false)}, failure{sdk.Permanent, "", "a is so; all[1] is false"}},
	}
	for _, tt := range tests {
		action := assert(Options{})
		_, err := apply(t, action, tt.with)
		preview, planErr := handlerOf(t, action).Plan(t.Context(), request(t, action, tt.with))
		if planErr != nil {
			t.Fatal(planErr)
		}
		if tt.want.class == "" {
			if err != nil || len(preview.Blockers) > 0 {
				t.Errorf("%v: %v, plan %+v", tt.with, err, preview)
			}
			continue
		}
		tt.want.check(t, err)
		if len(preview.Blockers) != 1 || !sdk.AsError(err).Unchanged {
			t.Errorf("%v: the plan %+v does not say that it would stop", tt.with, preview)
		}
	}
}

func TestAssertPlansWhatIsNotKnownYet(t *testing.T) {
	t.Parallel()
	preview, err := handlerOf(t, assert(Options{})).Plan(t.Context(), sdk.Request{Params: []byte("{}"), Unknown: []string{"that"}})
	if err != nil || len(preview.Blockers) > 0 {
		t.Errorf("plan %+v, %v", preview, err)
	}
}
