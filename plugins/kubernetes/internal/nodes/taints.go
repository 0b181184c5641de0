package nodes

import (
	"context"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// taintsBeforeOf is what the node had of the step's taints before. The first attempt
// saves it; a later one would see what the earlier ones left.
func taintsBeforeOf(ctx context.Context, call *sdk.Call[TaintInput], node *corev1.Node) (*taintsBefore, error) {
	was, saved, err := sdk.LoadBefore[taintsBefore](call)
	if err != nil || saved {
		return &was, err
	}
	// The API counts in seconds.
	was = taintsBefore{UID: node.UID, Taints: []corev1.Taint{}, Added: metav1.NewTime(time.Now().UTC().Truncate(time.Second))}
	for _, change := range call.Input.Taints {
		if found := change.in(node.Spec.Taints); found != nil {
			was.Taints = append(was.Taints, *found)
		}
	}
	return &was, call.SaveBefore(ctx, was)
}

// in finds the taint that the change is about; nil: it is not there.
func (c TaintChange) in(taints []corev1.Taint) *corev1.Taint {
	for i, t := range taints {
		if t.Key == c.Key && string(t.Effect) == c.Effect {
			return &taints[i]
		}
	}
	return nil
}

// made says whether the taint is as the change wants it.
func (c TaintChange) made(taint *corev1.Taint) bool {
	if c.Remove {
		return taint == nil
	}
	return taint != nil && taint.Value == c.Value
}

// wanted is the node's taints with the changes made, in the order that they have.
func (was taintsBefore) wanted(taints []corev1.Taint, in TaintInput) []corev1.Taint {
	taints = slices.Clone(taints)
	for _, change := range in.Taints {
		if !change.made(change.in(taints)) {
			taints = put(taints, change, was.make(change))
		}
	}
	return taints
}

// make is the taint that a change sets; nil: it removes one.
func (was taintsBefore) make(change TaintChange) *corev1.Taint {
	if change.Remove {
		return nil
	}
	return &corev1.Taint{Key: change.Key, Value: change.Value, Effect: corev1.TaintEffect(change.Effect), TimeAdded: &was.Added}
}

// put puts a taint in the place of the one that the change is about, or removes that.
func put(taints []corev1.Taint, change TaintChange, taint *corev1.Taint) []corev1.Taint {
	switch old := change.in(taints); {
	case taint != nil && old != nil:
		*old = *taint
		return taints
	case taint != nil:
		return append(taints, *taint)
	default:
		return slices.DeleteFunc(taints, func(t corev1.Taint) bool { return t.Key == change.Key && string(t.Effect) == change.Effect })
	}
}

// meets refuses a node whose taints are neither as they were before the step, nor as the
// step wants them: somebody changed them since.
func (was taintsBefore) meets(node *corev1.Node, in TaintInput) error {
	if err := sameNode(node, was.UID); err != nil {
		return err
	}
	for _, change := range in.Taints {
		if now := change.in(node.Spec.Taints); !change.made(now) && !same(now, change.in(was.Taints)) {
			return conflictOver(node, change, now)
		}
	}
	return nil
}

// restored is the node's taints with the step's own changes taken back.
func (was taintsBefore) restored(node *corev1.Node, in TaintInput) ([]corev1.Taint, error) {
	taints := slices.Clone(node.Spec.Taints)
	for _, change := range in.Taints {
		now, then := change.in(taints), change.in(was.Taints)
		switch {
		case change.made(then), same(now, then): // the step changed nothing, or it is taken back already
		case was.isOwn(change, now):
			taints = put(taints, change, then)
		default:
			return nil, conflictOver(node, change, now)
		}
	}
	return taints, nil
}

// isOwn says whether a taint, or that it is missing, is the work of the step.
func (was taintsBefore) isOwn(change TaintChange, now *corev1.Taint) bool {
	return change.made(now) && (now == nil || now.TimeAdded != nil && now.TimeAdded.Equal(&was.Added))
}

// changed says whether any of the taints is the step's own work.
func (was taintsBefore) changed(taints []corev1.Taint, in TaintInput) bool {
	return slices.ContainsFunc(in.Taints, func(change TaintChange) bool {
		now := change.in(taints)
		return !same(now, change.in(was.Taints)) && was.isOwn(change, now)
	})
}

func same(a, b *corev1.Taint) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Value == b.Value
}

func conflictOver(node *corev1.Node, change TaintChange, now *corev1.Taint) error {
	what := "removed the taint " + change.Key + ":" + change.Effect
	if now != nil {
		what = "set the taint " + now.ToString()
	}
	who := cluster.Somebody(node.ManagedFields, "f:spec", "f:taints")
	return sdk.Errorf(sdk.Conflict, "%s %s of %s meanwhile", who, what, node.Name)
}

func inWords(taints []corev1.Taint) string {
	texts := make([]string, 0, len(taints))
	for _, t := range taints {
		texts = append(texts, t.ToString())
	}
	if len(texts) == 0 {
		return "(none)"
	}
	return strings.Join(texts, ", ")
}
