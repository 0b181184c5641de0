package nodes_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
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
			outputs, err := handler.Apply(t.Context(), req, host)
			lab.Must(t, err)
			req.Key, req.Before, req.Outputs = key+"-undo", host.StateBefore(), outputs
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

// meddled is the host of an attempt in which somebody acts between its look and its change.
type meddled struct {
	sdktest.Host
	act func()
}

func (h *meddled) Before(ctx context.Context, state json.RawMessage) error {
	err := h.Host.Before(ctx, state)
	h.act()
	return err
}

// What somebody did in the moment between the look and the change is his, and there is
// nothing to take back.
func TestWhatSomebodyDidInTheMomentBetweenIsNotTakenBack(t *testing.T) {
	t.Parallel()
	c := shared.Connect(t)
	for name, to := range map[string]bool{"cordon": true, "drain": true, "uncordon": false} {
		handler, node := action(t, c, name), shared.Node(t)
		setCordon(t, node, !to, "kubectl")
		host, req := &meddled{act: func() { setCordon(t, node, to, "kubectl") }}, lab.Request(t, map[string]any{"node": node})
		outputs, err := handler.Apply(t.Context(), req, host)
		if err != nil || !strings.Contains(string(outputs), `ed":false`) {
			t.Errorf("%s: it says %s, %v", name, outputs, err)
		}
		req.Before, req.Outputs = host.StateBefore(), outputs
		lab.Must(t, handler.Undo(t.Context(), req, &sdktest.Host{}))
		if got, want := probe(t, node), fmt.Sprintf("unschedulable %t", to); got != want {
			t.Errorf("%s: after Undo the node is %s, want %s", name, got, want)
		}
	}
}

// Who opens a node, or closes it, once an attempt found it as it shall be, stops the step: the
// next attempt does not overrule him. Whoever asks for the step anew, whose notes are gone, does.
func TestTheNextAttemptOverrulesNobodyWhoChangedWhatTheFirstOneMet(t *testing.T) {
	t.Parallel()
	c := shared.Connect(t)
	for name, to := range map[string]bool{"cordon": true, "drain": true, "uncordon": false} {
		handler, node, host := action(t, c, name), shared.Node(t), &sdktest.Host{}
		is := func(want bool) {
			t.Helper()
			if got := probe(t, node); got != fmt.Sprintf("unschedulable %t", want) {
				t.Errorf("%s: the node is %s, want %t", name, got, want)
			}
		}
		setCordon(t, node, to, "kubectl")
		req := lab.Request(t, map[string]any{"node": node})
		_, err := handler.Apply(t.Context(), req, host)
		lab.Must(t, err)
		setCordon(t, node, !to, "kubectl")
		req.Attempt, req.Before, req.Notes = 2, host.StateBefore(), host.Notes()
		seen, err := handler.Observe(t.Context(), req, &sdktest.Host{})
		if err != nil || seen.State != sdk.NotDone {
			t.Errorf("%s: it is seen as %+v, %v", name, seen, err)
		}
		_, err = handler.Apply(t.Context(), req, &sdktest.Host{})
		lab.Fails(t, err, sdk.Conflict, "since this step saw it")
		lab.Must(t, handler.Undo(t.Context(), req, &sdktest.Host{}))
		is(!to)
		req.Attempt, req.Notes = 1, nil
		_, err = handler.Apply(t.Context(), req, &sdktest.Host{})
		lab.Must(t, err)
		is(to)
	}
}

// Nor does the first attempt overrule who did it in the moment between its looks.
func TestWhoChangesWhatTheStepMetInTheMomentBetweenIsNotOverruled(t *testing.T) {
	t.Parallel()
	c := shared.Connect(t)
	for name, to := range map[string]bool{"cordon": true, "drain": true, "uncordon": false} {
		handler, node := action(t, c, name), shared.Node(t)
		setCordon(t, node, to, "kubectl")
		host := &meddled{act: func() { setCordon(t, node, !to, "kubectl") }}
		_, err := handler.Apply(t.Context(), lab.Request(t, map[string]any{"node": node}), host)
		lab.Fails(t, err, sdk.Conflict, "since this step saw it")
		if got := probe(t, node); got != fmt.Sprintf("unschedulable %t", !to) {
			t.Errorf("%s: the node is %s", name, got)
		}
	}
}

// A step that failed has no outputs, and yet what somebody else cordoned before it could is
// known as his by the annotation.
func TestAStepThatFailedTakesBackNothingThatItNeverMarked(t *testing.T) {
	t.Parallel()
	handler, node := action(t, shared.Connect(t), "drain"), shared.Node(t)
	namespace := shared.Namespace(t)
	deployOn(t, namespace, "web", node, 1)
	shared.Budget(t, namespace, "web-budget", "web", 1, 0)
	host := &meddled{act: func() { setCordon(t, node, true, "kubectl") }}
	req := lab.Request(t, map[string]any{"node": node, "timeout": "1s"})
	_, err := handler.Apply(t.Context(), req, host)
	lab.Fails(t, err, sdk.Transient, "left")
	req.Before, req.Key = host.StateBefore(), req.Key+"-undo"
	lab.Must(t, handler.Undo(t.Context(), req, &sdktest.Host{}))
	if got := probe(t, node); got != "unschedulable true" {
		t.Errorf("after Undo the node is %s", got)
	}
}

// The plan shows all that is written, and so the mark that the undo goes by.
func TestThePlanOfACordonShowsItsMark(t *testing.T) {
	t.Parallel()
	c, node := shared.Connect(t), shared.Node(t)
	const mark = "+    gatebook.dev/cordoned-by: (this step)"
	for _, name := range []string{"cordon", "drain"} {
		preview, err := action(t, c, name).Plan(t.Context(), lab.Request(t, map[string]any{"node": node}))
		lab.Must(t, err)
		if len(preview.Changes) == 0 || !strings.Contains(preview.Changes[0].Diff, mark) {
			t.Errorf("%s: the plan says %+v, want it to have %q", name, preview, mark)
		}
	}
}
