package host_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// What a connection reaches is told before each use, and what may not be used is not. The
// next use looks anew, in a process of its own.
func TestAConnectionIsUsedOnlyWhereItMayBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	plugin, err := w.host.Open(t.Context(), "shop", nil, w.locked("shop", "1.2.0"))
	if err != nil {
		t.Fatal(err)
	}
	var told []sdk.Target
	var refusal error
	actions := plugin.Connect("prod", json.RawMessage(`{"address":"corner"}`), nil, w.keep, func(_ context.Context, target sdk.Target) error {
		told = append(told, target)
		return refusal
	})
	use := func() error {
		_, err := actions["order"].Apply(t.Context(), apple(), &recorder{})
		return err
	}
	if err := use(); err != nil {
		t.Fatal(err)
	}
	refusal = errors.New("it is another")
	if got := failure(t, use()); got.Connection != "prod" || got.Message != "it is another" || !got.Unchanged || !errors.Is(got, refusal) {
		t.Errorf("got %+v", got)
	}
	refusal = nil
	if err := use(); err != nil {
		t.Fatal(err)
	}
	corner := sdk.Target{ID: "corner", Title: "the shop corner"}
	if want := []sdk.Target{corner, corner, corner}; !reflect.DeepEqual(told, want) {
		t.Errorf("told %+v, want %+v", told, want)
	}
}
