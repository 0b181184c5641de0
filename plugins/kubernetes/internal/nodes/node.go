package nodes

import (
	"context"
	"encoding/json"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/diff"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/own"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// get reads a node that must be there.
func (n nodes) get(ctx context.Context, name string) (*corev1.Node, error) {
	node, err := n.find(ctx, name)
	if err == nil && node == nil {
		return nil, own.Missing("node", "there is no node %q", name)
	}
	return node, err
}

// find reads a node; nil: there is none.
func (n nodes) find(ctx context.Context, name string) (*corev1.Node, error) {
	node, err := n.Kube.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, cluster.FaultIn(ctx, err, "read the node %s", name)
	default:
		return node, nil
	}
}

// sameNode refuses a new node that has the name of the one that a step began with.
func sameNode(node *corev1.Node, uid types.UID) error {
	if node.UID != uid {
		return sdk.Errorf(sdk.Conflict, "%s is not the node that the step began with, but a new one of that name", node.Name)
	}
	return nil
}

// asRead lets a patch meet the node only as it was read.
func asRead(node *corev1.Node) map[string]any {
	return map[string]any{"uid": node.UID, "resourceVersion": node.ResourceVersion}
}

// patch changes the spec of a node, whose metadata must be as given.
func (n nodes) patch(ctx context.Context, name string, same, spec map[string]any, options metav1.PatchOptions) (*corev1.Node, error) {
	body, err := json.Marshal(map[string]any{"metadata": same, "spec": spec})
	if err != nil {
		return nil, err
	}
	options.FieldManager = cluster.Manager
	return n.Kube.CoreV1().Nodes().Patch(ctx, name, types.MergePatchType, body, options)
}

// nodeDelta is the change from a node to what the server would make of it.
func nodeDelta(live, planned *corev1.Node) (sdk.Delta, error) {
	text, err := diff.Typed("Node", live, planned)
	return sdk.Delta{Target: "Node " + live.Name, Kind: "Node", Op: "update", Diff: text}, err
}

// rightsTo are what reading and changing a node takes.
func rightsTo(name, verb string) []cluster.Right {
	return []cluster.Right{
		{Verb: "get", Resource: "nodes", Name: name, Words: "read the node " + name},
		{Verb: "patch", Resource: "nodes", Name: name, Words: verb + " " + name},
	}
}

// listPods is what [nodes.podsOn] takes.
func listPods() cluster.Right {
	return cluster.Right{Verb: "list", Resource: "pods", Words: "list the pods of all namespaces"}
}

// podsOn lists the pods of a node. They come in one answer: a node has some hundreds at
// most, and the server takes longer for pages.
func (n nodes) podsOn(ctx context.Context, name string) ([]corev1.Pod, error) {
	pods, err := n.Kube.CoreV1().Pods("").List(ctx, metav1.ListOptions{FieldSelector: onNode(name)})
	if err != nil {
		return nil, cluster.FaultIn(ctx, err, "list the pods of the node %s", name)
	}
	return pods.Items, nil
}

func onNode(name string) string { return fields.OneTermEqualSelector("spec.nodeName", name).String() }

// observed answers whether something was done, with its outputs where it was.
func observed[O any](outputs O, done bool, detail string) sdk.Observed[O] {
	if !done {
		return sdk.Observed[O]{State: sdk.NotDone, Detail: detail}
	}
	return sdk.Observed[O]{State: sdk.Done, Outputs: outputs, Detail: detail}
}

// notBegun answers for a step that saved no state, which it does before any change. There
// is nothing to undo, either.
func notBegun[O, I any](call *sdk.Call[I]) sdk.Observed[O] {
	if call.Undo {
		return sdk.Observed[O]{State: sdk.Done, Detail: "The step changed nothing."}
	}
	return sdk.Observed[O]{State: sdk.Untouched, Detail: "The step changed nothing yet."}
}
