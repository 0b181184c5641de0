package traffic

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/setting"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// SelectorInput is what service_selector is given.
type SelectorInput struct {
	Name      string            `json:"name" required:"true" pattern:"^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$" maxLength:"253" example:"web" doc:"Name of the Service."`
	Namespace string            `json:"namespace" pattern:"^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$" maxLength:"63" example:"shop" doc:"Namespace of the Service; without it, the connection's."`
	Selector  map[string]string `json:"selector" required:"true" example:"{\"app\":\"web\",\"color\":\"green\"}" doc:"All labels that a pod must have for the Service to send clients to it, in place of those that it must have now."`
	MinReady  int32             `json:"minReady" default:"1" min:"0" unit:"pods" doc:"How many pods must be ready behind the new selector. With 0, a switch to none is allowed."`
	Wait      schema.Duration   `json:"wait" default:"1m" min:"0s" doc:"How long it may take until the EndpointSlices of the Service have followed. With 0s, that is not waited for."`
}

// SelectorOutput is what service_selector returns.
type SelectorOutput struct {
	Selector  map[string]string `json:"selector" required:"true" doc:"Labels that pods must have now."`
	Before    map[string]string `json:"before" required:"true" doc:"Labels that they had to have before."`
	Changed   bool              `json:"changed" required:"true" doc:"Whether there was anything to change."`
	Endpoints int               `json:"endpoints" required:"true" unit:"pods" doc:"How many pods are ready behind the Service."`
}

// selecting is a change of a selector.
type selecting = setting.Change[*corev1.Service, map[string]string]

// selection is the selector of a Service, as a setting.
type selection = setting.Setting[SelectorInput, SelectorOutput, *corev1.Service, map[string]string]

func (t traffic) selection() selection {
	return selection{
		Cluster: t.Cluster,
		Names:   []string{"name", "namespace"},
		Params:  []string{"selector", "minReady", "wait"},
		Verb:    "switch the selector of",
		Name:    func(in SelectorInput) string { return "Service " + t.In(in.Namespace) + "/" + in.Name },
		Rights:  t.rights,
		Get: func(ctx context.Context, in SelectorInput) (*corev1.Service, error) {
			return t.Kube.CoreV1().Services(t.In(in.Namespace)).Get(ctx, in.Name, metav1.GetOptions{})
		},
		Value:  selectorOf,
		Want:   func(in SelectorInput, _ map[string]string) map[string]string { return in.Selector },
		Put:    t.put,
		Fields: func(_, _ map[string]string) [][]string { return [][]string{{"f:spec", "f:selector"}} },
		State:  func(selector map[string]string) string { return "selects " + labels.FormatLabels(selector) },
		Summary: func(in SelectorInput, c selecting) string {
			return fmt.Sprintf("would switch the Service %s/%s from %s to %s",
				t.In(in.Namespace), in.Name, labels.FormatLabels(c.Was), labels.FormatLabels(c.Want))
		},
		Outputs: func(_ SelectorInput, c selecting) SelectorOutput {
			return SelectorOutput{Selector: c.Want, Before: c.Was, Changed: c.Changed()}
		},
		Guard:   t.guard,
		Foresee: t.foresee,
	}
}

func (t traffic) selector() sdk.Action[SelectorInput, SelectorOutput] {
	return t.following(t.selection().Action(sdk.Action[SelectorInput, SelectorOutput]{
		Name:    "service_selector",
		Summary: "Switch a Service to other pods",
		Description: `For blue-green: replaces the selector of a Service, so that its clients reach other pods, all at once. Then it waits until the
EndpointSlices hold the new pods, and the old ones no more. Connections that are open stay with the old pods.

A switch to fewer than ` + "`minReady`" + ` pods that are ready, and have the ports that the Service names, is a *transient* error before anything
changes. A Service without a selector, as of the type ExternalName, has nothing to switch. Whoever switches it elsewhere while the
step waits is a *conflict* which names them.

Undo switches back in the same way, unless no pod is ready there: then it fails, and the Service stays as it is. A selector that somebody changed since is
a *conflict* which names who did.`,
		Examples: []schema.Example{{Title: "From blue to green", With: map[string]any{
			"name": "web", "namespace": "shop", "selector": map[string]any{"app": "web", "color": "green"}, "minReady": 3,
		}}},
	}))
}

// rights are what a switch takes.
func (t traffic) rights(in SelectorInput) []cluster.Right {
	namespace := t.In(in.Namespace)
	rights := []cluster.Right{
		{Verb: "get", Resource: "services", Namespace: namespace, Name: in.Name, Words: "read the Service " + in.Name},
		{Verb: "patch", Resource: "services", Namespace: namespace, Name: in.Name, Words: "change the Service " + in.Name},
		{Verb: "list", Resource: "pods", Namespace: namespace},
	}
	if in.Wait > 0 {
		rights = append(rights, cluster.Right{
			Verb: "list", Group: "discovery.k8s.io", Resource: "endpointslices", Namespace: namespace,
		})
	}
	return rights
}

// selectorOf is the selector of a Service that has one.
func selectorOf(in SelectorInput, service *corev1.Service) (map[string]string, error) {
	switch {
	case len(in.Selector) == 0:
		return nil, sdk.FieldErrorf("selector", "must name a label: without one, nobody keeps the endpoints of the Service")
	case service.Spec.Type == corev1.ServiceTypeExternalName:
		return nil, sdk.FieldErrorf("name", "the Service %s stands for the name %s and selects no pods", in.Name, service.Spec.ExternalName)
	case len(service.Spec.Selector) == 0:
		return nil, sdk.FieldErrorf("name", "the Service %s has no selector: its endpoints are kept by somebody else", in.Name)
	default:
		return service.Spec.Selector, nil
	}
}

// put replaces the selector as a whole.
func (t traffic) put(ctx context.Context, live *corev1.Service, to map[string]string, dryRun []string) (*corev1.Service, error) {
	selector := map[string]any{}
	for label := range live.Spec.Selector {
		selector[label] = nil // a patch keeps what it does not name
	}
	for label, value := range to {
		selector[label] = value
	}
	patch, err := setting.Patch(live, map[string]any{"spec": map[string]any{"selector": selector}})
	if err != nil {
		return nil, err
	}
	return t.Kube.CoreV1().Services(live.Namespace).Patch(ctx, live.Name, types.StrategicMergePatchType, patch,
		metav1.PatchOptions{FieldManager: cluster.Manager, DryRun: dryRun})
}

// guard refuses a switch to too few pods: forward, as many as the step wants; back, any.
func (t traffic) guard(ctx context.Context, in SelectorInput, service *corev1.Service, to map[string]string) error {
	least := in.MinReady
	if labels.FormatLabels(to) != labels.FormatLabels(in.Selector) {
		least = min(least, 1)
	}
	pods, err := t.behind(ctx, service, to)
	if err != nil {
		return err
	}
	if len(pods.ready) < int(least) {
		return sdk.Errorf(sdk.Transient, "%s, and %d must be: the Service %s/%s is not switched",
			pods.sentence(to), least, service.Namespace, service.Name).NothingChanged()
	}
	return nil
}

// foresee tells how many pods a switch would lead to, and from how many.
func (t traffic) foresee(ctx context.Context, call *sdk.Call[SelectorInput], c selecting, plan *sdk.Preview) error {
	if !c.Changed() {
		return nil
	}
	now, err := t.behind(ctx, c.Live, c.Was)
	if err != nil {
		return err
	}
	then, err := t.behind(ctx, c.Live, c.Want)
	if err != nil {
		return err
	}
	plan.Summary += fmt.Sprintf(", from %d pods that are ready to %d", len(now.ready), len(then.ready))
	if least := call.Input.MinReady; len(then.ready) < int(least) {
		plan.Blockers = append(plan.Blockers, fmt.Sprintf("As it is now, %s, and %d must be.", then.sentence(c.Want), least))
	}
	return nil
}
