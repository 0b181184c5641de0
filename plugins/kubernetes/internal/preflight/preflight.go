package preflight

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/pager"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// Input is what preflight is given.
type Input struct {
	TargetVersion string `json:"targetVersion" pattern:"^v?[0-9]+\\.[0-9]+(\\.[0-9]+)?$" example:"1.37" doc:"Version that the API server is to be upgraded to; with it, the way there is judged too."`
}

// Output is what preflight returns.
type Output struct {
	Ready          bool            `json:"ready" required:"true" doc:"Whether there are no problems, and nothing that is unknown."`
	Problems       []string        `json:"problems" required:"true" doc:"What stands in the way, as sentences."`
	Unknown        []string        `json:"unknown" required:"true" doc:"What could not be read, and so may be a problem, as sentences."`
	ServerVersion  string          `json:"serverVersion" required:"true" example:"v1.36.3" doc:"Version of the API server that answered."`
	Nodes          []Node          `json:"nodes" required:"true" doc:"All nodes."`
	NotReady       []string        `json:"notReady" required:"true" doc:"Names of the nodes that are not ready."`
	Cordoned       []string        `json:"cordoned" required:"true" doc:"Names of the nodes that take no new pods. By itself that is no problem."`
	Budgets        []Budget        `json:"budgets" required:"true" doc:"All PodDisruptionBudgets."`
	BlockedBudgets []string        `json:"blockedBudgets" required:"true" doc:"Those that have pods and let none go, as namespace/name."`
	DeprecatedAPIs []DeprecatedAPI `json:"deprecatedAPIs" required:"true" doc:"Deprecated APIs that were asked for since the API server that answered started. Empty also where that is unknown."`
}

// Node is what preflight says of a node.
type Node struct {
	Name         string `json:"name" required:"true" doc:"Name of the node."`
	Version      string `json:"version" required:"true" doc:"Version of its kubelet."`
	MinorsBehind int    `json:"minorsBehind" required:"true" unit:"minor versions" doc:"By how many its kubelet is older than the API server; negative where it is newer, 0 where its version is unknown."`
	Ready        bool   `json:"ready" required:"true" doc:"Whether it is ready."`
	Cordoned     bool   `json:"cordoned" required:"true" doc:"Whether it takes no new pods."`
}

// Budget is what preflight says of a PodDisruptionBudget.
type Budget struct {
	Namespace          string `json:"namespace" required:"true" doc:"Namespace of the budget."`
	Name               string `json:"name" required:"true" doc:"Name of the budget."`
	DisruptionsAllowed int32  `json:"disruptionsAllowed" required:"true" unit:"pods" doc:"How many pods may go now."`
	CurrentHealthy     int32  `json:"currentHealthy" required:"true" unit:"pods" doc:"How many are ready."`
	DesiredHealthy     int32  `json:"desiredHealthy" required:"true" unit:"pods" doc:"How many must be."`
	ExpectedPods       int32  `json:"expectedPods" required:"true" unit:"pods" doc:"How many it is about."`
}

func (p preflight) action() sdk.Action[Input, Output] {
	return sdk.Action[Input, Output]{
		Name:    "preflight",
		Summary: "Read whether a cluster is fit for maintenance or an upgrade",
		Description: `Reads the versions, the nodes, the headroom of PodDisruptionBudgets, and the deprecated APIs that are in use. It finds
problems and does not fail for them: a gate judges, as by ` + "`observed.problems.size() == 0`" + `, or by ` + "`observed.ready`" + `, which also wants
that nothing is unknown.

Problems are: nodes that are not ready; kubelets outside of Kubernetes' version skew policy (not newer than the API server, and at
most three minor versions older, or two below 1.25); budgets that have pods and let none go. With ` + "`targetVersion`" + ` also: a
way that is not one minor version up at a time; kubelets too old for the target; deprecated APIs in use that the target does not have.

Deprecated APIs are in the metrics of the API server that answers, since it started, which needs the right to get ` + "`/metrics`" + `.
Where they may not be read they are *unknown*, not none.`,
		Effect:     sdk.Read,
		Idempotent: true,
		InPlan:     true,
		Examples: []schema.Example{
			{Title: "Before maintenance", With: map[string]any{}},
			{Title: "Before an upgrade", With: map[string]any{"targetVersion": "1.37"}},
		},
		Plan: func(ctx context.Context, _ *sdk.Call[Input]) (sdk.Preview, error) {
			lacking, err := p.Lacking(ctx,
				cluster.Right{Verb: "list", Resource: "nodes"},
				cluster.Right{Verb: "list", Group: "policy", Resource: "poddisruptionbudgets", Words: "list the PodDisruptionBudgets of all namespaces"})
			return sdk.Preview{Summary: "would read whether the cluster is fit", Blockers: lacking}, err
		},
		Apply: p.apply,
	}
}

func (p preflight) apply(ctx context.Context, call *sdk.Call[Input]) (Output, error) {
	var out Output
	found, err := p.AskVersion(ctx)
	if err != nil {
		return out, err
	}
	out.ServerVersion = found.GitVersion
	skew, err := newSkew(found.GitVersion, call.Input.TargetVersion)
	if err != nil {
		return out, err
	}
	if err := p.readNodes(ctx, skew, &out); err != nil {
		return out, err
	}
	if err := p.readBudgets(ctx, &out); err != nil {
		return out, err
	}
	if err := p.readDeprecated(ctx, skew, &out); err != nil {
		return out, err
	}
	out.Problems = append(skew.problems(), out.Problems...)
	out.Ready = len(out.Problems)+len(out.Unknown) == 0
	return out, nil
}

func (p preflight) readNodes(ctx context.Context, skew *skew, out *Output) error {
	var why []string
	err := pager.New(func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		return p.Kube.CoreV1().Nodes().List(ctx, options)
	}).EachListItem(ctx, metav1.ListOptions{}, func(item runtime.Object) error {
		node, ok := item.(*corev1.Node)
		if !ok {
			return fmt.Errorf("among the nodes there is a %T", item)
		}
		state := Node{Name: node.Name, Version: node.Status.NodeInfo.KubeletVersion, Cordoned: node.Spec.Unschedulable}
		if ready, reason := cluster.Readiness(node); ready {
			state.Ready = true
		} else {
			out.NotReady = append(out.NotReady, node.Name)
			why = append(why, node.Name+" ("+reason+")")
		}
		if state.Cordoned {
			out.Cordoned = append(out.Cordoned, node.Name)
		}
		var known bool
		if state.MinorsBehind, known = skew.add(node.Name, state.Version); !known {
			out.Unknown = append(out.Unknown, fmt.Sprintf("The node %s does not tell its kubelet's version, but %q.", node.Name, state.Version))
		}
		out.Nodes = append(out.Nodes, state)
		return nil
	})
	if len(why) > 0 {
		out.Problems = append(out.Problems, "These nodes are not ready: "+strings.Join(cluster.Few(why), ", ")+".")
	}
	return cluster.FaultIn(ctx, err, "list the nodes")
}

func (p preflight) readBudgets(ctx context.Context, out *Output) error {
	var why []string
	err := pager.New(func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		return p.Kube.PolicyV1().PodDisruptionBudgets("").List(ctx, options)
	}).EachListItem(ctx, metav1.ListOptions{}, func(item runtime.Object) error {
		b, ok := item.(*policyv1.PodDisruptionBudget)
		if !ok {
			return fmt.Errorf("among the PodDisruptionBudgets there is a %T", item)
		}
		status := b.Status
		out.Budgets = append(out.Budgets, Budget{
			b.Namespace, b.Name, status.DisruptionsAllowed, status.CurrentHealthy, status.DesiredHealthy, status.ExpectedPods,
		})
		if status.DisruptionsAllowed == 0 && status.ExpectedPods > 0 {
			name := b.Namespace + "/" + b.Name
			out.BlockedBudgets = append(out.BlockedBudgets, name)
			why = append(why, fmt.Sprintf("%s (%d healthy, %d needed)", name, status.CurrentHealthy, status.DesiredHealthy))
		}
		return nil
	})
	if len(why) > 0 {
		out.Problems = append(out.Problems, "These PodDisruptionBudgets let no pod go now: "+strings.Join(cluster.Few(why), ", ")+".")
	}
	return cluster.FaultIn(ctx, err, "list the PodDisruptionBudgets")
}
