package nodes_test

import (
	"testing"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// All runs are one field manager, and yet a node that another run cordoned since is that
// run's, and its own undo knows it.
func TestUndoLeavesWhatAnotherRunCordoned(t *testing.T) {
	t.Parallel()
	c := shared.Connect(t)
	for _, name := range []string{"cordon", "drain"} {
		handler, node := action(t, c, name), shared.Node(t)
		apply := func(key string) sdk.Request {
			req, host := lab.Request(t, map[string]any{"node": node}), &sdktest.Host{}
			req.Key = key
			_, err := handler.Apply(t.Context(), req, host)
			lab.Must(t, err)
			req.Key, req.Before = key+"-undo", host.StateBefore()
			return req
		}
		ours := apply("ours")
		setCordon(t, node, false, "kubectl-uncordon")
		theirs := apply("theirs")
		lab.Fails(t, handler.Undo(t.Context(), ours, &sdktest.Host{}), sdk.Conflict, "another step or run of gatebook")
		if got := probe(t, node); got != "unschedulable true" {
			t.Errorf("%s: after the undo of ours the node is %s", name, got)
		}
		lab.Must(t, handler.Undo(t.Context(), theirs, &sdktest.Host{}))
		if got := probe(t, node); got != "unschedulable false" {
			t.Errorf("%s: after the undo of theirs the node is %s", name, got)
		}
	}
}

// What uncordon opens, its undo closes for the step that had closed it, so that the undo
// of that one opens it.
func TestUndoOfAnUncordonGivesTheNodeBackToWhoCordonedIt(t *testing.T) {
	t.Parallel()
	c, node := shared.Connect(t), shared.Node(t)
	var undo []func() error
	for _, name := range []string{"cordon", "uncordon"} {
		handler, req, host := action(t, c, name), lab.Request(t, map[string]any{"node": node}), &sdktest.Host{}
		req.Key = name
		_, err := handler.Apply(t.Context(), req, host)
		lab.Must(t, err)
		undo = append(undo, func() error {
			req.Key, req.Before = name+"-undo", host.StateBefore()
			return handler.Undo(t.Context(), req, host)
		})
	}
	lab.Must(t, undo[1]())
	if got := probe(t, node); got != "unschedulable true" {
		t.Errorf("after the undo of uncordon the node is %s", got)
	}
	lab.Must(t, undo[0]())
	if got := probe(t, node); got != "unschedulable false" {
		t.Errorf("after the undo of cordon the node is %s", got)
	}
}
