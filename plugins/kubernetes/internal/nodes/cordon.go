package nodes

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/fields"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/own"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// CordonInput is what cordon and uncordon are given.
type CordonInput struct {
	Node string `json:"node" required:"true" pattern:"^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$" maxLength:"253" example:"worker-3" doc:"Name of the node."`
}

// CordonOutput is what cordon and uncordon return.
type CordonOutput struct {
	Node    string `json:"node" required:"true" doc:"Name of the node."`
	Changed bool   `json:"changed" required:"true" doc:"Whether this step changed the node: false where it was so already."`
}

// cordonedBy holds, on a node, the key of the step that cordoned it: all runs of gatebook
// are one manager, so that managedFields do not tell them apart.
const cordonedBy = "gatebook.dev/cordoned-by"

// before is the state that undoing restores.
type before struct {
	UID           types.UID `json:"uid"`
	Unschedulable bool      `json:"unschedulable"`
	CordonedBy    string    `json:"cordonedBy,omitempty"`
	Key           string    `json:"key"` // of the step, since that of its undo is another one
}

func (n nodes) cordon() sdk.Action[CordonInput, CordonOutput] {
	return n.setter(true, sdk.Action[CordonInput, CordonOutput]{
		Name:    "cordon",
		Summary: "Keep new pods off a node",
		Description: "Marks a node unschedulable: pods on it stay, new ones go elsewhere. Undo takes the mark away again, unless the node " +
			"was cordoned before the step, or somebody else, or another run, cordoned it anew since. The annotation `" + cordonedBy + "` says which step did.",
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
	a.Plan = own.Planned(a.Plan)
	a.Apply = func(ctx context.Context, call *sdk.Call[CordonInput]) (CordonOutput, error) {
		node, err := n.get(ctx, call.Input.Node)
		if err != nil {
			return CordonOutput{}, err
		}
		was, err := stateBefore(ctx, call, node)
		if err != nil {
			return CordonOutput{}, err
		}
		changed, err := mark(ctx, n, call, node.Name, was, to)
		return CordonOutput{node.Name, changed}, err
	}
	a.Observe = func(ctx context.Context, call *sdk.Call[CordonInput]) (sdk.Observed[CordonOutput], error) {
		return observeMark(ctx, n, call, call.Input.Node, to, func(node *corev1.Node, was before) (CordonOutput, bool, string, error) {
			return CordonOutput{node.Name, was.changedTo(to, node)}, true, fmt.Sprintf("%s is %s.", node.Name, markWord(node.Spec.Unschedulable)), nil
		})
	}
	a.Undo = func(ctx context.Context, call *sdk.Call[CordonInput]) error {
		return unmark(ctx, n, call, call.Input.Node, to, func(out CordonOutput) bool { return out.Changed })
	}
	return a
}

// stateBefore is what the node was before the step. The first attempt saves it; a later
// one would see what the earlier ones left.
func stateBefore[I any](ctx context.Context, call *sdk.Call[I], node *corev1.Node) (before, error) {
	was, saved, err := sdk.LoadBefore[before](call)
	if err != nil {
		return before{}, err
	}
	if saved {
		return was, sameNode(node, was.UID)
	}
	was = before{node.UID, node.Spec.Unschedulable, node.Annotations[cordonedBy], call.Key}
	return was, call.SaveBefore(ctx, was)
}

// changedTo says whether the step made the node what it is.
func (was before) changedTo(to bool, node *corev1.Node) bool {
	return was.Unschedulable != to && was.cordoner(node) == ""
}

// cordoner names who else cordoned a node; empty: nobody did. Only true is kept as a field:
// with false the field is gone, and with it who set it.
func (was before) cordoner(node *corev1.Node) string {
	who := fields.SetSince(node.ManagedFields, metav1.ManagedFieldsOperationUpdate, "f:spec", "f:unschedulable")
	if who == "" && node.Spec.Unschedulable && node.Annotations[cordonedBy] != was.Key {
		return cluster.AnotherStep
	}
	return who
}

// marked is the note that a node was what the step makes it, and whether the step did that.
const marked = "marked"

// mark sets whether the node of a name is unschedulable, where it is not so already, and
// says whether the step changed it. Whoever sets the same meanwhile does no harm, and it
// stays his. Whoever took back what the step had set, or had met, is not overruled.
func mark[I any](ctx context.Context, n nodes, call *sdk.Call[I], name string, was before, to bool) (changed bool, err error) {
	made, noted, err := sdk.LoadNote[bool](call, marked)
	if err != nil {
		return false, err
	}
	lost := !noted && call.Request.Before != nil // of an earlier attempt, the note may be
	err = cluster.Again(func() error {
		node, err := n.get(ctx, name)
		if err != nil {
			return err
		}
		switch err := sameNode(node, was.UID); {
		case err != nil:
			return err
		case node.Spec.Unschedulable == to:
			changed = (made || lost) && was.changedTo(to, node)
			return nil
		case noted, !lost && was.Unschedulable == to: // a step that is asked for anew has no note
			return sdk.Errorf(sdk.Conflict, "somebody made %s %s since this step saw it %s", name, markWord(!to), markWord(to))
		}
		_, err = n.putMark(ctx, node, asRead(node), to, keyOf(was.Key, to), metav1.PatchOptions{})
		changed = err == nil
		return err
	})
	if err != nil {
		return false, err
	}
	return changed, call.Note(marked, made || changed)
}

// keyOf is the key to leave on a node; nil: none.
func keyOf(key string, cordoned bool) *string {
	if !cordoned || key == "" {
		return nil
	}
	return &key
}

// putMark marks the node, whose metadata must be as given, with the key of the step that
// cordoned it; nil: there is none.
func (n nodes) putMark(ctx context.Context, node *corev1.Node, same map[string]any, to bool, key *string, options metav1.PatchOptions) (*corev1.Node, error) {
	same["annotations"] = map[string]any{cordonedBy: key}
	changed, err := n.patch(ctx, node.Name, same, map[string]any{"unschedulable": to}, options)
	return changed, cluster.FaultIn(ctx, err, "mark the node %s as unschedulable: %t", node.Name, to)
}

func (n nodes) planMark(ctx context.Context, name, verb string, to bool) (sdk.Preview, error) {
	preview := sdk.Preview{Summary: "would " + verb + " " + name}
	lacking, err := n.Lacking(ctx, rightsTo(name, verb)...)
	if err != nil || len(lacking) > 0 {
		preview.Blockers = lacking
		return preview, err
	}
	node, err := n.get(ctx, name)
	if err != nil {
		return sdk.Preview{}, err
	}
	if node.Spec.Unschedulable == to {
		preview.Summary = fmt.Sprintf("nothing to do: %s is %s already", name, markWord(to))
		return preview, nil
	}
	delta, err := n.markDelta(ctx, node, to)
	preview.Changes = []sdk.Delta{delta}
	return preview, err
}

// markDelta is the change as the server would make it: what admission refuses, it
// refuses now.
func (n nodes) markDelta(ctx context.Context, node *corev1.Node, to bool) (sdk.Delta, error) {
	same, key := map[string]any{"uid": node.UID}, keyOf("(this step)", to) // the plan knows no key
	planned, err := n.putMark(ctx, node, same, to, key, metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}})
	if err != nil {
		return sdk.Delta{}, err
	}
	return nodeDelta(node, planned)
}

func markWord(unschedulable bool) string {
	if unschedulable {
		return "cordoned"
	}
	return "open to pods"
}

// unmark restores what the node was, as far as the step, by its outputs, changed it to what
// it is.
func unmark[O, I any](ctx context.Context, n nodes, call *sdk.Call[I], name string, to bool, changed func(O) bool) error {
	was, saved, err := sdk.LoadBefore[before](call)
	if err != nil || !saved || was.Unschedulable == to {
		return err
	}
	out, returned, err := sdk.LoadOutputs[O](call)
	if err != nil || returned && !changed(out) {
		return err
	}
	return cluster.Again(func() error {
		node, err := n.find(ctx, name)
		switch {
		case err != nil:
			return err
		case node == nil, node.UID != was.UID, node.Spec.Unschedulable != to, to && !returned && node.Annotations[cordonedBy] != was.Key:
			return nil // it is gone, or another of that name, or somebody was faster than the undo, or than the step
		}
		if who := was.cordoner(node); who != "" {
			return sdk.Errorf(sdk.Conflict, "%s was cordoned anew by %s, and stays cordoned", name, who)
		}
		// Whoever cordons it anew between the look and the change is not overwritten.
		_, err = n.putMark(ctx, node, asRead(node), !to, keyOf(was.CordonedBy, true), metav1.PatchOptions{})
		return err
	})
}

// seen is what else a step did that marks a node, and whether that is all.
type seen[O any] func(*corev1.Node, before) (out O, all bool, detail string, err error)

// observeMark answers for a lost attempt of a step that marks a node, or of its undo.
func observeMark[O, I any](ctx context.Context, n nodes, call *sdk.Call[I], name string, to bool, look seen[O]) (sdk.Observed[O], error) {
	var out O
	was, saved, err := sdk.LoadBefore[before](call)
	if err != nil || !saved {
		return notBegun[O](call), err
	}
	node, err := n.find(ctx, name)
	switch {
	case err != nil:
		return sdk.Observed[O]{}, err
	case node == nil || call.Undo && node.UID != was.UID:
		return observed(out, call.Undo, name+" is gone."), nil
	case call.Undo:
		done := was.Unschedulable == to || node.Spec.Unschedulable != to
		return observed(out, done, fmt.Sprintf("%s is %s.", name, markWord(node.Spec.Unschedulable))), nil
	}
	out, all, detail, err := look(node, was)
	return observed(out, all && node.UID == was.UID && node.Spec.Unschedulable == to, detail), err
}
