package host_test

import (
	"context"
	"testing"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// latin has what is no UTF-8 in everything that it says, as one has that tells the names of
// old files.
func latin() sdk.Plugin[struct{}] {
	const name = "caf\xe9"
	return sdk.Plugin[struct{}]{
		Name: "latin", Version: "1.0.0", Summary: "Old files",
		Actions: []sdk.Declaration{sdk.Action[orderInput, orderOutput]{
			Name: "copy", Summary: "Copies", Effect: sdk.Change,
			Plan: func(context.Context, *sdk.Call[orderInput]) (sdk.Preview, error) {
				return sdk.Preview{
					Summary: name, Warnings: []string{name}, Blockers: []string{name},
					Changes: []sdk.Delta{{Target: name, Op: "create", Diff: name}},
				}, nil
			},
			Apply: func(_ context.Context, call *sdk.Call[orderInput]) (orderOutput, error) {
				call.Progressf("copying %s", name)
				if call.Input.Item == "missing" {
					return orderOutput{}, sdk.FieldErrorf(name, "%s is not there", name)
				}
				return orderOutput{Item: name}, nil
			},
			Observe: func(context.Context, *sdk.Call[orderInput]) (sdk.Observed[orderOutput], error) {
				return sdk.Observed[orderOutput]{State: sdk.Done, Detail: name}, nil
			},
		}},
	}
}

// A name that is no UTF-8 ends nothing: the bytes that are none are shown as such.
func TestTextThatIsNoUTF8IsShownAsFarAsItIs(t *testing.T) {
	t.Parallel()
	const name = "caf\uFFFD"
	w := newWorld(t, nil)
	action := w.connect("latin", "1.0.0", `{}`)["copy"]
	foreseen, err := action.Plan(t.Context(), apple())
	if err != nil || foreseen.Summary != name || foreseen.Warnings[0] != name || foreseen.Blockers[0] != name || foreseen.Changes[0].Diff != name {
		t.Errorf("plan: %+v, %v", foreseen, err)
	}
	var heard recorder
	outputs, err := action.Apply(t.Context(), apple(), &heard)
	if err != nil || len(heard.progress) != 1 || heard.progress[0].Message != "copying "+name {
		t.Errorf("apply: %s, %+v, %v", outputs, heard.progress, err)
	}
	seen, err := action.Observe(t.Context(), apple(), &recorder{})
	if err != nil || seen.State != sdk.Done || seen.Detail != name {
		t.Errorf("observe: %+v, %v", seen, err)
	}
	request := apple()
	request.Params = []byte(`{"item":"missing"}`)
	_, err = action.Apply(t.Context(), request, &recorder{})
	if failed := sdk.AsError(err); failed == nil || failed.Class != sdk.Permanent || failed.Field != name {
		t.Errorf("apply that fails: %#v", failed)
	}
}
