package nodes

import (
	"context"
	"fmt"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// DrainInput is what drain is given.
type DrainInput struct {
	Node             string           `json:"node" required:"true" minLength:"1" example:"worker-3" doc:"Name of the node."`
	Grace            *schema.Duration `json:"grace" example:"60s" doc:"How long each pod may take to end; without it, what the pod itself says."`
	Timeout          schema.Duration  `json:"timeout" default:"10m" doc:"How long it may take until all pods are gone."`
	Selector         string           `json:"selector" example:"tier!=cache" doc:"Label selector of the pods that must go; others stay."`
	IgnoreDaemonSets bool             `json:"ignoreDaemonSets" default:"true" doc:"Leaves the pods of DaemonSets where they are, since their controller would put them there again."`
	DeleteEmptyDir   bool             `json:"deleteEmptyDir" doc:"Evicts pods with emptyDir volumes too, whose data is lost."`
	Force            bool             `json:"force" doc:"Evicts pods without a controller too, which nobody makes anew."`
}

// DrainOutput is what drain returns.
type DrainOutput struct {
	Node     string   `json:"node" required:"true" doc:"Name of the node."`
	Cordoned bool     `json:"cordoned" required:"true" doc:"Whether this step cordoned the node: false where it was so already."`
	Evicted  []string `json:"evicted" required:"true" doc:"Pods that this attempt evicted, as namespace/name."`
	Stayed   []string `json:"stayed" required:"true" doc:"Pods that stay on the node, as namespace/name."`
}

func (n nodes) drain() sdk.Action[DrainInput, DrainOutput] {
	return sdk.Action[DrainInput, DrainOutput]{
		Name:    "drain",
		Summary: "Move all pods off a node",
		Description: `Cordons the node, evicts its pods, which honours PodDisruptionBudgets, and waits until they are gone.

While a budget lets a pod not go, the progress names both, and the eviction is tried again until ` + "`timeout`" + `. That is a
*transient* error which says what is left. Pods that would be lost (without a controller, or with an emptyDir volume) fail the step
before anything changes, unless it is told to evict them. Static pods stay, as do those of DaemonSets.

Undo lets pods onto the node again, unless it was cordoned before the step. Pods that went do not come back by themselves.`,
		Effect:     sdk.Change,
		Idempotent: true,
		Examples: []schema.Example{
			{Title: "One node", With: map[string]any{"node": "worker-3", "grace": "60s", "timeout": "15m"}},
			{Title: "With pods that keep a cache on the node", With: map[string]any{"node": "worker-3", "deleteEmptyDir": true}},
		},
		Plan:    n.planDrain,
		Apply:   n.applyDrain,
		Observe: n.observeDrain,
		Undo:    n.undoDrain,
	}
}

func (n nodes) applyDrain(ctx context.Context, call *sdk.Call[DrainInput]) (DrainOutput, error) {
	in := call.Input
	node, err := n.get(ctx, in.Node)
	if err != nil {
		return DrainOutput{}, err
	}
	load, err := n.load(ctx, in)
	if err != nil {
		return DrainOutput{}, err
	}
	if len(load.held) > 0 {
		return DrainOutput{}, sdk.Errorf(sdk.Permanent, "%s cannot be drained: %s", in.Node, listed(load.held)).NothingChanged()
	}
	if err := call.SaveBefore(ctx, before{node.UID, node.Spec.Unschedulable}); err != nil {
		return DrainOutput{}, err
	}
	if err := n.mark(ctx, node, true); err != nil {
		return DrainOutput{}, err
	}
	e := &eviction{nodes: n, call: call, evicted: []string{}}
	left, err := e.run(ctx)
	return DrainOutput{
		Node: in.Node, Cordoned: !node.Spec.Unschedulable, Evicted: e.evicted, Stayed: namesOf(left.stay),
	}, err
}

func (n nodes) undoDrain(ctx context.Context, call *sdk.Call[DrainInput]) error {
	was, saved, err := sdk.LoadBefore[before](call)
	if err != nil || !saved {
		return err
	}
	return n.unmark(ctx, call.Input.Node, was, true)
}

func (n nodes) observeDrain(ctx context.Context, call *sdk.Call[DrainInput]) (sdk.Observed[DrainOutput], error) {
	var seen sdk.Observed[DrainOutput]
	was, saved, err := sdk.LoadBefore[before](call)
	if err != nil {
		return seen, err
	}
	node, err := n.get(ctx, call.Input.Node)
	if err != nil {
		return seen, err
	}
	if call.Undo {
		if saved && node.Spec.Unschedulable != was.Unschedulable {
			return sdk.Observed[DrainOutput]{State: sdk.NotDone, Detail: node.Name + " is still cordoned."}, nil
		}
		return sdk.Observed[DrainOutput]{State: sdk.Done, Detail: node.Name + " is as it was."}, nil
	}
	load, err := n.load(ctx, call.Input)
	switch {
	case err != nil:
		return seen, err
	case !saved || !node.Spec.Unschedulable || len(load.held)+len(load.leave) > 0:
		return sdk.Observed[DrainOutput]{
			State:  sdk.NotDone,
			Detail: fmt.Sprintf("%s is %s, and %d pods are to go.", node.Name, markWord(node.Spec.Unschedulable), len(load.leave)),
		}, nil
	}
	return sdk.Observed[DrainOutput]{
		State:   sdk.Done,
		Outputs: DrainOutput{Node: node.Name, Cordoned: !was.Unschedulable, Evicted: []string{}, Stayed: namesOf(load.stay)},
		Detail:  node.Name + " is cordoned, and all pods that were to go are gone.",
	}, nil
}

func (n nodes) planDrain(ctx context.Context, call *sdk.Call[DrainInput]) (sdk.Preview, error) {
	in := call.Input
	if !call.Knows("node") {
		return sdk.Preview{Summary: "would drain a node that is not known yet"}, nil
	}
	lacking, err := n.Lacking(ctx,
		cluster.Right{Verb: "get", Resource: "nodes", Name: in.Node},
		cluster.Right{Verb: "patch", Resource: "nodes", Name: in.Node, Words: "cordon " + in.Node},
		cluster.Right{Verb: "list", Resource: "pods", Words: "list the pods of all namespaces"})
	if err != nil {
		return sdk.Preview{}, err
	}
	if len(lacking) > 0 {
		return sdk.Preview{Summary: "would drain " + in.Node, Blockers: lacking}, nil
	}
	node, err := n.get(ctx, in.Node)
	if err != nil {
		return sdk.Preview{}, err
	}
	load, err := n.load(ctx, in)
	if err != nil {
		return sdk.Preview{}, err
	}
	preview := load.preview(in.Node)
	if !node.Spec.Unschedulable {
		preview.Changes = append([]sdk.Delta{markDelta(in.Node, true)}, preview.Changes...)
	}
	if preview.Blockers, err = n.Lacking(ctx, load.rights()...); err != nil {
		return sdk.Preview{}, err
	}
	for _, pod := range load.held {
		preview.Blockers = append(preview.Blockers, "The pod "+pod.String()+".")
	}
	return preview, n.weighBudgets(ctx, load.leave, &preview)
}
