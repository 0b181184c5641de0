package nodes

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// CordonInput is what cordon and uncordon are given.
type CordonInput struct {
	Node string `json:"node" required:"true" minLength:"1" example:"worker-3" doc:"Name of the node."`
}

// CordonOutput is what cordon and uncordon return.
type CordonOutput struct {
	Node    string `json:"node" required:"true" doc:"Name of the node."`
	Changed bool   `json:"changed" required:"true" doc:"Whether this step changed the node: false where it was so already."`
}

// before is the state that undoing restores.
type before struct {
	UID           types.UID `json:"uid"`
	Unschedulable bool      `json:"unschedulable"`
}

func (n nodes) cordon() sdk.Action[CordonInput, CordonOutput] {
	return n.setter(true, sdk.Action[CordonInput, CordonOutput]{
		Name:    "cordon",
		Summary: "Keep new pods off a node",
		Description: "Marks a node unschedulable: pods on it stay, new ones go elsewhere. Undo takes the mark away again, unless the node " +
			"was cordoned before the step, or somebody else cordoned it anew since.",
	})
}

func (n nodes) uncordon() sdk.Action[CordonInput, CordonOutput] {
	return n.setter(false, sdk.Action[CordonInput, CordonOutput]{
		Name:    "uncordon",
		Summary: "Let pods onto a node again",
		Description: "Takes away the mark that cordon or drain made. Undo cordons the node again, unless it was not cordoned " +
			"before the step.",
	})
}

// setter completes an action that makes nodes unschedulable, or schedulable.
func (n nodes) setter(to bool, a sdk.Action[CordonInput, CordonOutput]) sdk.Action[CordonInput, CordonOutput] {
	a.Effect, a.Idempotent = sdk.Change, true
	a.Examples = []schema.Example{{Title: "One node", With: map[string]any{"node": "worker-3"}}}
	a.Plan = func(ctx context.Context, call *sdk.Call[CordonInput]) (sdk.Preview, error) {
		if !call.Knows("node") {
			return sdk.Preview{Summary: "would " + a.Name + " a node that is not known yet"}, nil
		}
		return n.planMark(ctx, call.Input.Node, a.Name, to)
	}
	a.Apply = func(ctx context.Context, call *sdk.Call[CordonInput]) (CordonOutput, error) {
		node, err := n.get(ctx, call.Input.Node)
		if err != nil {
			return CordonOutput{}, err
		}
		if err := call.SaveBefore(ctx, before{node.UID, node.Spec.Unschedulable}); err != nil {
			return CordonOutput{}, err
		}
		return CordonOutput{node.Name, node.Spec.Unschedulable != to}, n.mark(ctx, node, to)
	}
	a.Observe = func(ctx context.Context, call *sdk.Call[CordonInput]) (sdk.Observed[CordonOutput], error) {
		return n.observeMark(ctx, call, to)
	}
	a.Undo = func(ctx context.Context, call *sdk.Call[CordonInput]) error {
		was, saved, err := sdk.LoadBefore[before](call)
		if err != nil || !saved {
			return err
		}
		return n.unmark(ctx, call.Input.Node, was, to)
	}
	return a
}

func (n nodes) get(ctx context.Context, name string) (*corev1.Node, error) {
	node, err := n.Kube.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, sdk.FieldErrorf("node", "there is no node %q", name)
	case err != nil:
		return nil, cluster.FaultIn(ctx, err, "read the node %s", name)
	default:
		return node, nil
	}
}

// mark sets whether the node is unschedulable, where it is not so already.
func (n nodes) mark(ctx context.Context, node *corev1.Node, to bool) error {
	if node.Spec.Unschedulable == to {
		return nil
	}
	_, err := n.patchMark(ctx, node, to, nil)
	return err
}

// patchMark names the node's UID, so that a new node of the same name is not taken for it.
func (n nodes) patchMark(ctx context.Context, node *corev1.Node, to bool, dryRun []string) (*corev1.Node, error) {
	patch, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"uid": node.UID}, "spec": map[string]any{"unschedulable": to},
	})
	if err != nil {
		return nil, err
	}
	changed, err := n.Kube.CoreV1().Nodes().Patch(ctx, node.Name, types.StrategicMergePatchType, patch,
		metav1.PatchOptions{FieldManager: cluster.Manager, DryRun: dryRun})
	return changed, cluster.FaultIn(ctx, err, "mark the node %s as unschedulable: %t", node.Name, to)
}

func (n nodes) planMark(ctx context.Context, name, verb string, to bool) (sdk.Preview, error) {
	node, err := n.get(ctx, name)
	if err != nil {
		return sdk.Preview{}, err
	}
	lacking, err := n.Lacking(ctx, cluster.Right{Verb: "patch", Resource: "nodes", Name: name, Words: verb + " " + name})
	if err != nil {
		return sdk.Preview{}, err
	}
	if node.Spec.Unschedulable == to {
		return sdk.Preview{Summary: fmt.Sprintf("nothing to do: %s is %s already", name, markWord(to)), Blockers: lacking}, nil
	}
	return sdk.Preview{
		Summary:  "would " + verb + " " + name,
		Changes:  []sdk.Delta{markDelta(name, to)},
		Blockers: lacking,
	}, nil
}

func markDelta(name string, to bool) sdk.Delta {
	return sdk.Delta{
		Target: "Node " + name, Kind: "Node", Op: "update",
		Diff: fmt.Sprintf("--- live\n+++ planned\n@@ -1,2 +1,2 @@\n spec:\n-  unschedulable: %t\n+  unschedulable: %t\n", !to, to),
	}
}

func markWord(unschedulable bool) string {
	if unschedulable {
		return "cordoned"
	}
	return "open to pods"
}

// unmark restores what the node was, as far as a step changed it to what it is.
func (n nodes) unmark(ctx context.Context, name string, was before, to bool) error {
	if was.Unschedulable == to {
		return nil // the step changed nothing
	}
	node, err := n.Kube.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil // there is nothing left to restore
	case err != nil:
		return cluster.FaultIn(ctx, err, "read the node %s", name)
	case node.UID != was.UID, node.Spec.Unschedulable != to:
		return nil // another node of that name, or somebody was faster
	}
	// Only true is kept as a field: with false the field is gone, and with it who set it.
	if owners := cluster.Owners(node.ManagedFields, "f:spec", "f:unschedulable"); to && len(owners) > 0 && !slices.Contains(owners, cluster.Manager) {
		return sdk.Errorf(sdk.Conflict, "%s was cordoned anew by %s, and stays cordoned", name, owners[0])
	}
	return n.mark(ctx, node, !to)
}

func (n nodes) observeMark(ctx context.Context, call *sdk.Call[CordonInput], to bool) (sdk.Observed[CordonOutput], error) {
	node, err := n.get(ctx, call.Input.Node)
	if err != nil {
		return sdk.Observed[CordonOutput]{}, err
	}
	was, saved, err := sdk.LoadBefore[before](call)
	if err != nil {
		return sdk.Observed[CordonOutput]{}, err
	}
	want := to
	if call.Undo {
		want = saved && was.Unschedulable
	}
	if node.Spec.Unschedulable != want || !saved {
		return sdk.Observed[CordonOutput]{State: sdk.NotDone, Detail: fmt.Sprintf("%s is %s.", node.Name, markWord(node.Spec.Unschedulable))}, nil
	}
	return sdk.Observed[CordonOutput]{
		State: sdk.Done, Outputs: CordonOutput{node.Name, was.Unschedulable != to},
		Detail: fmt.Sprintf("%s is %s.", node.Name, markWord(want)),
	}, nil
}
