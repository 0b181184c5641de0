package nodes_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// errKilled stands for a process that is no more.
var errKilled = errors.New("killed")

// deadAt is the host of an attempt that dies when it has saved the state before, or when
// it is to note that it made the change.
type deadAt struct {
	sdktest.Host
	save, note bool
}

func (h *deadAt) Before(ctx context.Context, state json.RawMessage) error {
	if err := h.Host.Before(ctx, state); err != nil || !h.save {
		return err
	}
	return errKilled
}

func (h *deadAt) Note(name string, fact json.RawMessage) error {
	if h.note {
		return errKilled
	}
	return h.Host.Note(name, fact)
}

// killed makes an attempt that dies, and returns the request of what follows it.
func killed(t testing.TB, handler sdk.Handler, node string, host *deadAt) sdk.Request {
	t.Helper()
	req := lab.Request(t, map[string]any{"node": node})
	if _, err := handler.Apply(t.Context(), req, host); !errors.Is(err, errKilled) {
		t.Fatalf("it was not killed, but: %v", err)
	}
	req.Attempt, req.Before = 2, host.StateBefore()
	return req
}

// A step that was killed right after it cordoned knows that it did, and takes it back.
func TestKilledBetweenTheCordonAndItsNote(t *testing.T) {
	t.Parallel()
	c := shared.Connect(t)
	for _, name := range []string{"cordon", "drain"} {
		handler, node := action(t, c, name), shared.Node(t)
		req := killed(t, handler, node, &deadAt{note: true})
		if got := probe(t, node); got != "unschedulable true" {
			t.Fatalf("%s: the node is %s", name, got)
		}
		seen, err := handler.Observe(t.Context(), req, &sdktest.Host{})
		if err != nil || seen.State != sdk.Done || !strings.Contains(string(seen.Outputs), `ed":true`) {
			t.Errorf("%s: seen as %+v, %s, %v", name, seen, seen.Outputs, err)
		}
		outputs, err := handler.Apply(t.Context(), req, &sdktest.Host{})
		if err != nil || !strings.Contains(string(outputs), `ed":true`) {
			t.Errorf("%s: the next attempt says %s, %v", name, outputs, err)
		}
		lab.Must(t, handler.Undo(t.Context(), req, &sdktest.Host{}))
		if got := probe(t, node); got != "unschedulable false" {
			t.Errorf("%s: after Undo the node is %s", name, got)
		}
	}
}

// Where it was killed before it cordoned, whoever did so since wants the node cordoned, and
// there is nothing to take back.
func TestKilledBeforeTheCordonThatSomebodyElseMade(t *testing.T) {
	t.Parallel()
	c := shared.Connect(t)
	for _, name := range []string{"cordon", "drain"} {
		handler, node := action(t, c, name), shared.Node(t)
		req := killed(t, handler, node, &deadAt{save: true})
		setCordon(t, node, true, "kubectl-cordon")
		outputs, err := handler.Apply(t.Context(), req, &sdktest.Host{})
		if err != nil || !strings.Contains(string(outputs), `ed":false`) {
			t.Errorf("%s: the next attempt says %s, %v", name, outputs, err)
		}
		lab.Must(t, handler.Undo(t.Context(), req, &sdktest.Host{}))
		if got := probe(t, node); got != "unschedulable true" {
			t.Errorf("%s: after Undo the node is %s", name, got)
		}
	}
}
