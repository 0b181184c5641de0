package nodes

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/own"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// TaintInput is what taint is given.
type TaintInput struct {
	Node   string        `json:"node" required:"true" pattern:"^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$" maxLength:"253" example:"worker-3" doc:"Name of the node."`
	Taints []TaintChange `json:"taints" required:"true" minItems:"1" doc:"The taints to set or to remove; the node keeps its others."`
}

// TaintChange is what happens to one taint.
type TaintChange struct {
	Key    string `json:"key" required:"true" minLength:"1" maxLength:"317" example:"maintenance" doc:"Key of the taint. With the effect it says which taint is meant."`
	Value  string `json:"value" maxLength:"63" example:"upgrade" doc:"Value of the taint. One that the node has with another value is changed."`
	Effect string `json:"effect" required:"true" enum:"NoSchedule,PreferNoSchedule,NoExecute" doc:"What becomes of pods that do not tolerate the taint: kept off, kept off where possible, or also deleted from the node."`
	Remove bool   `json:"remove" doc:"Removes the taint, whatever its value."`
}

// TaintOutput is what taint returns.
type TaintOutput struct {
	Node    string  `json:"node" required:"true" doc:"Name of the node."`
	Changed bool    `json:"changed" required:"true" doc:"Whether this step changed the node: false where it was so already."`
	Taints  []Taint `json:"taints" required:"true" doc:"All taints of the node after the step."`
}

// Taint is a taint of a node.
type Taint struct {
	Key    string `json:"key" required:"true" doc:"Key of the taint."`
	Value  string `json:"value" required:"true" doc:"Value of the taint; often empty."`
	Effect string `json:"effect" required:"true" doc:"What becomes of pods that do not tolerate it."`
}

// taintsBefore is the state that undoing restores.
type taintsBefore struct {
	UID    types.UID      `json:"uid"`
	Taints []corev1.Taint `json:"taints"` // those of the step that the node had
	// Added is written into the taints that the step sets, which tells them from such
	// that others set: a node remembers only who changed the whole list last.
	Added metav1.Time `json:"added"`
}

func (n nodes) taint() sdk.Action[TaintInput, TaintOutput] {
	return sdk.Action[TaintInput, TaintOutput]{
		Name:    "taint",
		Summary: "Set or remove taints of a node",
		Description: `Sets taints, which keep pods off a node that do not tolerate them, or removes them. With ` + "`NoExecute`" + ` Kubernetes also
deletes such pods from the node, *without* regard to PodDisruptionBudgets; the plan names them. ` + "`drain`" + ` is the kinder way.

Undo restores what this step changed: a taint that was there before stays, and one that somebody changed since is a *conflict*
which names who did. Pods that went do not come back by themselves.`,
		Effect:     sdk.Change,
		Idempotent: true,
		Rules: []schema.Rule{
			{Expr: "self.taints.all(t, !(has(t.remove) && t.remove && has(t.value)))", Message: "A taint that is removed is named by key and effect, without a value."},
			{Expr: "self.taints.all(t, self.taints.exists_one(other, other.key == t.key && other.effect == t.effect))", Message: "Each taint, which is its key and effect, is named once."},
		},
		Examples: []schema.Example{
			{Title: "Keep pods off during maintenance", With: map[string]any{
				"node": "worker-3", "taints": []any{map[string]any{"key": "maintenance", "value": "upgrade", "effect": "NoSchedule"}},
			}},
			{Title: "Remove a taint", With: map[string]any{
				"node": "worker-3", "taints": []any{map[string]any{"key": "maintenance", "effect": "NoSchedule", "remove": true}},
			}},
		},
		Plan:    own.Planned(n.planTaint),
		Apply:   n.applyTaint,
		Observe: n.observeTaint,
		Undo:    n.undoTaint,
	}
}

func (n nodes) applyTaint(ctx context.Context, call *sdk.Call[TaintInput]) (TaintOutput, error) {
	var was *taintsBefore
	var out TaintOutput
	err := cluster.Again(func() error {
		node, err := n.get(ctx, call.Input.Node)
		if err != nil {
			return err
		}
		if was == nil {
			if was, err = taintsBeforeOf(ctx, call, node); err != nil {
				return err
			}
		}
		if err := was.meets(node, call.Input); err != nil {
			return err
		}
		if wanted := was.wanted(node.Spec.Taints, call.Input); !sameTaints(wanted, node.Spec.Taints) {
			if node, err = n.setTaints(ctx, node, wanted, metav1.PatchOptions{}); err != nil {
				return err
			}
		}
		out = TaintOutput{node.Name, was.changed(node.Spec.Taints, call.Input), told(node.Spec.Taints)}
		return nil
	})
	return out, err
}

// setTaints replaces the list, which has no smaller part that could be changed alone. So
// the node must be as it was read.
func (n nodes) setTaints(ctx context.Context, node *corev1.Node, to []corev1.Taint, options metav1.PatchOptions) (*corev1.Node, error) {
	changed, err := n.patch(ctx, node.Name, asRead(node), map[string]any{"taints": to}, options)
	return changed, cluster.FaultIn(ctx, err, "change the taints of the node %s", node.Name)
}

func (n nodes) undoTaint(ctx context.Context, call *sdk.Call[TaintInput]) error {
	was, saved, err := sdk.LoadBefore[taintsBefore](call)
	if err != nil || !saved {
		return err
	}
	return cluster.Again(func() error {
		node, err := n.find(ctx, call.Input.Node)
		if err != nil || node == nil || node.UID != was.UID {
			return err // it is gone, and its taints with it
		}
		back, err := was.restored(node, call.Input)
		if err != nil || sameTaints(back, node.Spec.Taints) {
			return err
		}
		_, err = n.setTaints(ctx, node, back, metav1.PatchOptions{})
		return err
	})
}

func (n nodes) observeTaint(ctx context.Context, call *sdk.Call[TaintInput]) (sdk.Observed[TaintOutput], error) {
	was, saved, err := sdk.LoadBefore[taintsBefore](call)
	if err != nil || !saved {
		return notBegun[TaintOutput](call), err
	}
	node, err := n.find(ctx, call.Input.Node)
	switch {
	case err != nil:
		return sdk.Observed[TaintOutput]{}, err
	case node == nil || node.UID != was.UID:
		return observed(TaintOutput{}, call.Undo, call.Input.Node+" is gone."), nil
	}
	detail := fmt.Sprintf("%s has the taints %s.", node.Name, inWords(node.Spec.Taints))
	if call.Undo {
		back, err := was.restored(node, call.Input)
		return observed(TaintOutput{}, err == nil && sameTaints(back, node.Spec.Taints), detail), nil
	}
	done := sameTaints(was.wanted(node.Spec.Taints, call.Input), node.Spec.Taints)
	return observed(TaintOutput{node.Name, was.changed(node.Spec.Taints, call.Input), told(node.Spec.Taints)}, done, detail), nil
}

func (n nodes) planTaint(ctx context.Context, call *sdk.Call[TaintInput]) (sdk.Preview, error) {
	in := call.Input
	if !call.Knows("node", "taints") {
		return sdk.Preview{Summary: "would change taints of a node, which or how is not known yet"}, nil
	}
	preview := sdk.Preview{Summary: "would change taints of " + in.Node}
	lacking, err := n.Lacking(ctx, rightsTo(in.Node, "taint")...)
	if err != nil || len(lacking) > 0 {
		preview.Blockers = lacking
		return preview, err
	}
	err = cluster.Again(func() error {
		node, err := n.get(ctx, in.Node)
		if err != nil {
			return err
		}
		was := taintsBefore{UID: node.UID, Added: metav1.NewTime(time.Now().UTC())}
		wanted := was.wanted(node.Spec.Taints, in)
		if sameTaints(wanted, node.Spec.Taints) {
			preview.Summary = "nothing to do: the taints of " + in.Node + " are so already"
			return nil
		}
		// What admission would refuse, it refuses now.
		planned, err := n.setTaints(ctx, node, wanted, metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}})
		if err != nil {
			return err
		}
		delta, err := nodeDelta(node, planned)
		if err != nil {
			return err
		}
		preview.Changes = []sdk.Delta{delta}
		return n.foretell(ctx, node, wanted, &preview)
	})
	return preview, err
}

// told is the taints as the step returns them.
func told(taints []corev1.Taint) []Taint {
	all := make([]Taint, 0, len(taints))
	for _, t := range taints {
		all = append(all, Taint{t.Key, t.Value, string(t.Effect)})
	}
	return all
}

// sameTaints compares what taints mean: whoever set one when does not count.
func sameTaints(a, b []corev1.Taint) bool {
	return slices.EqualFunc(a, b, func(one, other corev1.Taint) bool { return one.ToString() == other.ToString() })
}
