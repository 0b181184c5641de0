package automation

import (
	"context"
	"encoding/json"
	"slices"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/setting"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// suspendedAnnotation keeps, on a suspended autoscaler, what resuming it restores.
const suspendedAnnotation = "gatebook.dev/suspended"

// policies say, for each direction, which of an autoscaler's policies counts: Max, Min
// or Disabled. Max is what counts where nothing is said.
type policies struct {
	Up   autoscalingv2.ScalingPolicySelect `json:"up"`
	Down autoscalingv2.ScalingPolicySelect `json:"down"`
}

// scaling is whether an autoscaler scales, and how it did before gatebook suspended it.
type scaling struct {
	policies
	Before *policies `json:"before,omitempty"`
}

// note is the text of the annotation.
type note struct {
	policies
	// Bare tells an autoscaler that had no behavior at all. The server fills one up
	// where there is the least of it.
	Bare bool `json:"bare,omitempty"`
}

// noteOf reads the annotation; nil: there is none.
func noteOf(hpa *autoscalingv2.HorizontalPodAutoscaler) (*note, error) {
	text, suspended := hpa.Annotations[suspendedAnnotation]
	if !suspended {
		return nil, nil
	}
	found := &note{}
	if err := json.Unmarshal([]byte(text), found); err != nil || found.Up == "" || found.Down == "" {
		return nil, sdk.FieldErrorf("name", "the annotation %s of the HorizontalPodAutoscaler %s is not one of gatebook's: %q",
			suspendedAnnotation, hpa.Name, text)
	}
	return found, nil
}

func scalingOf(_ AutoscalerInput, hpa *autoscalingv2.HorizontalPodAutoscaler) (scaling, error) {
	found := scaling{policies: policies{autoscalingv2.MaxChangePolicySelect, autoscalingv2.MaxChangePolicySelect}}
	if behavior := hpa.Spec.Behavior; behavior != nil {
		found.Up, found.Down = selected(behavior.ScaleUp), selected(behavior.ScaleDown)
	}
	kept, err := noteOf(hpa)
	if kept != nil {
		found.Before = &kept.policies
	}
	return found, err
}

func selected(rules *autoscalingv2.HPAScalingRules) autoscalingv2.ScalingPolicySelect {
	if rules == nil || rules.SelectPolicy == nil {
		return autoscalingv2.MaxChangePolicySelect
	}
	return *rules.SelectPolicy
}

// suspended is the scaling with only that direction suspended.
func (s scaling) suspended(direction string) scaling {
	before := s.policies
	if s.Before != nil {
		before = *s.Before
	}
	to := scaling{policies: before}
	if direction == "both" || direction == "up" {
		to.Up = autoscalingv2.DisabledPolicySelect
	}
	if direction == "both" || direction == "down" {
		to.Down = autoscalingv2.DisabledPolicySelect
	}
	if to.policies != before {
		to.Before = &before
	}
	return to
}

// direction is in which direction the autoscaler does not scale.
func (s scaling) direction() string {
	up, down := s.Up == autoscalingv2.DisabledPolicySelect, s.Down == autoscalingv2.DisabledPolicySelect
	switch {
	case up && down:
		return "both"
	case up:
		return "up"
	case down:
		return "down"
	default:
		return "none"
	}
}

// String is the direction as a predicate.
func (s scaling) String() string {
	switch s.direction() {
	case "both":
		return "does not scale"
	case "none":
		return "scales up and down"
	default:
		return "does not scale " + s.direction()
	}
}

// scalingFields are where it is kept who set the policies that differ.
func scalingFields(a, b scaling) [][]string {
	var paths [][]string
	if a.Up != b.Up {
		paths = append(paths, []string{"f:spec", "f:behavior", "f:scaleUp", "f:selectPolicy"})
	}
	if a.Down != b.Down {
		paths = append(paths, []string{"f:spec", "f:behavior", "f:scaleDown", "f:selectPolicy"})
	}
	return paths
}

// putScaling sets the policies and the note about those before.
func (a automation) putScaling(
	ctx context.Context, live *autoscalingv2.HorizontalPodAutoscaler, to scaling, dryRun []string,
) (*autoscalingv2.HorizontalPodAutoscaler, error) {
	kept, err := noteOf(live)
	if err != nil {
		return nil, err
	}
	bare := live.Spec.Behavior == nil || kept != nil && kept.Bare
	change := map[string]any{
		"metadata": map[string]any{"annotations": map[string]any{suspendedAnnotation: nil}},
		"spec": map[string]any{"behavior": map[string]any{
			"scaleUp": map[string]any{"selectPolicy": to.Up}, "scaleDown": map[string]any{"selectPolicy": to.Down},
		}},
	}
	switch {
	case to.Before != nil:
		text, err := json.Marshal(note{*to.Before, bare})
		if err != nil {
			return nil, err
		}
		change["metadata"] = map[string]any{"annotations": map[string]any{suspendedAnnotation: string(text)}}
	case bare && ours(live):
		change["spec"] = map[string]any{"behavior": nil}
	}
	patch, err := setting.Patch(live, change)
	if err != nil {
		return nil, err
	}
	return a.Kube.AutoscalingV2().HorizontalPodAutoscalers(live.Namespace).Patch(ctx, live.Name, types.MergePatchType, patch,
		metav1.PatchOptions{FieldManager: cluster.Manager, DryRun: dryRun})
}

// ours says whether nobody else has put anything into the behavior, so that it can go
// as a whole.
func ours(hpa *autoscalingv2.HorizontalPodAutoscaler) bool {
	return !slices.ContainsFunc(cluster.Owners(hpa.ManagedFields, "f:spec", "f:behavior"), func(owner string) bool {
		return owner != cluster.Manager
	})
}
