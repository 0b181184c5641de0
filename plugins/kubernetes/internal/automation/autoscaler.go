package automation

import (
	"context"
	"fmt"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/setting"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// AutoscalerInput is what hpa_suspend is given.
type AutoscalerInput struct {
	Name      string `json:"name" required:"true" pattern:"^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$" maxLength:"253" example:"web" doc:"Name of the HorizontalPodAutoscaler."`
	Namespace string `json:"namespace" pattern:"^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$" maxLength:"63" example:"shop" doc:"Namespace of the autoscaler; without it, the connection's."`
	Suspend   string `json:"suspend" default:"both" enum:"both,up,down,none" doc:"In which direction it no longer scales: up to more pods, down to fewer, both; none lets it scale again as it did before it was suspended."`
}

// AutoscalerOutput is what hpa_suspend returns.
type AutoscalerOutput struct {
	Suspended   string `json:"suspended" required:"true" enum:"both,up,down,none" doc:"In which direction it does not scale, after the change."`
	Before      string `json:"before" required:"true" enum:"both,up,down,none" doc:"In which direction it did not scale before."`
	Changed     bool   `json:"changed" required:"true" doc:"Whether there was anything to change."`
	Replicas    int32  `json:"replicas" required:"true" unit:"pods" doc:"How many pods the autoscaler counted last."`
	MinReplicas int32  `json:"minReplicas" required:"true" unit:"pods" doc:"How many it keeps at least, also while it is suspended."`
	MaxReplicas int32  `json:"maxReplicas" required:"true" unit:"pods" doc:"How many it keeps at most, also while it is suspended."`
}

// suspending is a change of an autoscaler.
type suspending = setting.Change[*autoscalingv2.HorizontalPodAutoscaler, scaling]

func (a automation) autoscaler() sdk.Action[AutoscalerInput, AutoscalerOutput] {
	ref := func(in AutoscalerInput) reference {
		return reference{"HorizontalPodAutoscaler", "autoscaling", "horizontalpodautoscalers", a.In(in.Namespace), in.Name}
	}
	return setting.Setting[AutoscalerInput, AutoscalerOutput, *autoscalingv2.HorizontalPodAutoscaler, scaling]{
		Cluster: a.Cluster,
		Names:   []string{"name", "namespace"},
		Params:  []string{"suspend"},
		Verb:    "suspend or resume",
		Name:    func(in AutoscalerInput) string { return ref(in).String() },
		Rights:  func(in AutoscalerInput) []cluster.Right { return ref(in).patchRights() },
		Get: func(ctx context.Context, in AutoscalerInput) (*autoscalingv2.HorizontalPodAutoscaler, error) {
			return a.Kube.AutoscalingV2().HorizontalPodAutoscalers(a.In(in.Namespace)).Get(ctx, in.Name, metav1.GetOptions{})
		},
		Value:  scalingOf,
		Want:   func(in AutoscalerInput, was scaling) scaling { return was.suspended(in.Suspend) },
		Put:    a.putScaling,
		Fields: scalingFields,
		State:  scaling.String,
		Summary: func(in AutoscalerInput, c suspending) string {
			return fmt.Sprintf("would change the %s, which %s, so that it %s", ref(in), c.Was, c.Want)
		},
		Outputs: func(_ AutoscalerInput, c suspending) AutoscalerOutput {
			out := AutoscalerOutput{
				Suspended: c.Want.direction(), Before: c.Was.direction(), Changed: c.Changed(),
				Replicas: c.Live.Status.CurrentReplicas, MinReplicas: 1, MaxReplicas: c.Live.Spec.MaxReplicas,
			}
			if least := c.Live.Spec.MinReplicas; least != nil {
				out.MinReplicas = *least
			}
			return out
		},
	}.Action(sdk.Action[AutoscalerInput, AutoscalerOutput]{
		Name:    "hpa_suspend",
		Summary: "Let a HorizontalPodAutoscaler not scale, or scale again",
		Description: `Sets *behavior.scaleUp.selectPolicy* and *behavior.scaleDown.selectPolicy* to *Disabled*, so that nothing else of the autoscaler
changes and its status goes on telling what it would do. The policies that were there are kept in the annotation
` + "`" + suspendedAnnotation + "`" + ` until ` + "`suspend: none`" + ` puts them back; an autoscaler that gatebook did not suspend stays as it is then.

A suspended autoscaler still moves a number of pods that is below *minReplicas* or above *maxReplicas* to that bound: ` + "`scale`" + ` within them.

Undo restores what was there before the step, unless somebody else changed it since, which is a *conflict* that names who.`,
		Examples: []schema.Example{
			{Title: "Before an upgrade", With: map[string]any{"name": "web", "namespace": "shop"}},
			{Title: "Only keep it from taking pods away", With: map[string]any{"name": "web", "namespace": "shop", "suspend": "down"}},
			{Title: "After it", With: map[string]any{"name": "web", "namespace": "shop", "suspend": "none"}},
		},
	})
}
