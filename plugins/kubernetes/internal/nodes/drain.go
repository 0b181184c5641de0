package nodes

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/own"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// DrainInput is what drain is given.
type DrainInput struct {
	Node             string           `json:"node" required:"true" pattern:"^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$" maxLength:"253" example:"worker-3" doc:"Name of the node."`
	Grace            *schema.Duration `json:"grace" min:"0s" example:"60s" doc:"How long each pod may take to end, in whole seconds, rounded up; without it, what the pod itself says. 0s kills at once."`
	Timeout          schema.Duration  `json:"timeout" default:"10m" min:"1ms" doc:"How long it may take until all pods are gone."`
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

While a budget lets a pod not go, the progress names both, and the eviction is tried again until ` + "`timeout`" + `, which is a
*transient* error that says what is left. A node that somebody uncordons meanwhile is a *conflict*. Pods that would be lost (without a controller, or with an emptyDir volume) fail the step
before anything changes, unless it is told to evict them. Static pods stay, as do those of DaemonSets.

Undo lets pods onto the node again, unless it was cordoned before the step. Pods that went do not come back by themselves.`,
		Effect:     sdk.Change,
		Idempotent: true,
		Examples: []schema.Example{
			{Title: "One node", With: map[string]any{"node": "worker-3", "grace": "60s", "timeout": "15m"}},
			{Title: "With pods that keep a cache on the node", With: map[string]any{"node": "worker-3", "deleteEmptyDir": true}},
		},
		Plan:    own.Planned(n.planDrain),
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
		refusal := load.refusal(in.Node)
		if call.Attempt > 1 || call.Request.Before != nil { // an earlier attempt may have cordoned the node
			return DrainOutput{}, refusal
		}
		return DrainOutput{}, refusal.NothingChanged()
	}
	was, err := stateBefore(ctx, call, node)
	if err != nil {
		return DrainOutput{}, err
	}
	cordoned, err := mark(ctx, n, call, in.Node, was, true)
	if err != nil {
		return DrainOutput{}, err
	}
	e := &eviction{nodes: n, call: call, uid: node.UID, left: load, total: len(load.leave), evicted: []string{}, blocked: map[string]obstacle{}}
	err = e.run(ctx)
	return DrainOutput{Node: in.Node, Cordoned: cordoned, Evicted: e.evicted, Stayed: namesOf(e.left.stay)}, err
}

func (n nodes) undoDrain(ctx context.Context, call *sdk.Call[DrainInput]) error {
	return unmark(ctx, n, call, call.Input.Node, true, func(out DrainOutput) bool { return out.Cordoned })
}

func (n nodes) observeDrain(ctx context.Context, call *sdk.Call[DrainInput]) (sdk.Observed[DrainOutput], error) {
	return observeMark(ctx, n, call, call.Input.Node, true, func(node *corev1.Node, was before) (DrainOutput, bool, string, error) {
		load, err := n.load(ctx, call.Input)
		toGo := len(load.held) + len(load.leave)
		out := DrainOutput{Node: node.Name, Cordoned: was.changedTo(true, node), Evicted: []string{}, Stayed: namesOf(load.stay)}
		return out, toGo == 0, fmt.Sprintf("%s is %s, with %s to go.", node.Name, markWord(node.Spec.Unschedulable), cluster.Count(toGo, "pod")), err
	})
}

func (n nodes) planDrain(ctx context.Context, call *sdk.Call[DrainInput]) (sdk.Preview, error) {
	in := call.Input
	if !call.Knows("node", "grace", "timeout", "selector", "ignoreDaemonSets", "deleteEmptyDir", "force") {
		return sdk.Preview{Summary: "would drain a node, which or how is not known yet"}, nil
	}
	rights := append(rightsTo(in.Node, "cordon"), listPods())
	lacking, err := n.Lacking(ctx, rights...)
	if err != nil || len(lacking) > 0 {
		return sdk.Preview{Summary: "would drain " + in.Node, Blockers: lacking}, err
	}
	node, err := n.get(ctx, in.Node)
	if err != nil {
		return sdk.Preview{}, err
	}
	load, err := n.load(ctx, in)
	if err != nil {
		return sdk.Preview{}, err
	}
	preview := load.preview(in)
	if ready, why := cluster.Readiness(node); !ready && len(load.leave) > 0 {
		preview.Warnings = append(preview.Warnings, fmt.Sprintf("The node %s is not ready (%s), and so may not end its pods.", in.Node, why))
	}
	if !node.Spec.Unschedulable {
		delta, err := n.markDelta(ctx, node, true)
		if err != nil {
			return sdk.Preview{}, err
		}
		preview.Changes = append([]sdk.Delta{delta}, preview.Changes...)
	}
	if preview.Blockers, err = n.Lacking(ctx, load.rights()...); err != nil {
		return sdk.Preview{}, err
	}
	for _, pod := range load.held {
		preview.Blockers = append(preview.Blockers, "The pod "+pod.String()+".")
	}
	said := len(preview.Warnings)
	err = n.weighBudgets(ctx, load.leave, &preview)
	if len(preview.Blockers) == 0 && len(preview.Warnings) == said {
		preview.Estimate = load.longest(in) // how long a budget keeps a pod, nobody can tell
	}
	return preview, err
}
