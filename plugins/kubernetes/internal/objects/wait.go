package objects

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/own"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// WaitInput is what wait is given.
type WaitInput struct {
	Ref
	Condition *WantedCondition `json:"condition" doc:"Waits until the object has this condition."`
	Expr      string           `json:"expr" format:"cel" minLength:"1" example:"object.status.readyReplicas == object.spec.replicas" doc:"Waits until this CEL expression is true of the object, which it calls object. A field that is not there yet is waited for."`
	State     string           `json:"state" enum:"exists,gone" doc:"Waits until there is such an object, or none any more."`
	Timeout   schema.Duration  `json:"timeout" default:"5m" min:"1ms" doc:"How long it may take."`
}

// WantedCondition is a condition that an object shall have.
type WantedCondition struct {
	Type   string `json:"type" required:"true" minLength:"1" example:"Available" doc:"What the condition is about."`
	Status string `json:"status" default:"True" enum:"True,False,Unknown" doc:"What it shall say."`
}

// WaitOutput is what wait returns: the object as it was seen last.
type WaitOutput struct {
	Exists             bool        `json:"exists" required:"true" doc:"Whether there is such an object."`
	UID                string      `json:"uid" required:"true" doc:"What tells the object from others of its name; empty where there is none."`
	Generation         int64       `json:"generation" required:"true" doc:"How often what it shall be was changed; 0 for kinds that do not count."`
	ObservedGeneration int64       `json:"observedGeneration" required:"true" doc:"The generation that its controller has seen; 0 where it does not say."`
	Conditions         []Condition `json:"conditions" required:"true" doc:"Conditions of the object."`
}

func (o objects) wait() sdk.Action[WaitInput, WaitOutput] {
	return sdk.Action[WaitInput, WaitOutput]{
		Name:    "wait",
		Summary: "Wait until an object is as it should be",
		Description: `Watches one object until it has a condition, until a CEL expression is true of it, or until it is there or gone. An
object that is not there yet is waited for, as is a kind that something is still to define, and a condition counts only when it is about the object as it is now, not about an
earlier generation. What a kind that is not served would have is gone, but where the cluster serves the kind in another version of its group: that is an error.

The progress says what is seen. After ` + "`timeout`" + ` that is part of a *transient* error. For the pods of a workload,
` + "`rollout`" + ` says more.`,
		Effect:     sdk.Read,
		Idempotent: true,
		Rules: []schema.Rule{{
			Expr:    "[has(self.condition), has(self.expr), has(self.state)].filter(given, given).size() == 1",
			Message: "Give one of condition, expr and state.",
		}},
		Examples: []schema.Example{
			{Title: "A condition", With: map[string]any{
				"apiVersion": "batch/v1", "kind": "Job", "name": "load", "condition": map[string]any{"type": "Complete"}, "timeout": "30m",
			}},
			{Title: "What an expression says", With: map[string]any{
				"apiVersion": "v1", "kind": "PersistentVolumeClaim", "name": "data", "namespace": "shop", "expr": `object.status.phase == "Bound"`,
			}},
			{Title: "That it is gone", With: map[string]any{"apiVersion": "v1", "kind": "Namespace", "name": "old", "state": "gone"}},
		},
		Plan:  own.Planned(o.planWait),
		Apply: o.applyWait,
	}
}

func (o objects) applyWait(ctx context.Context, call *sdk.Call[WaitInput]) (WaitOutput, error) {
	asked, err := call.Input.question()
	if err != nil {
		return WaitOutput{}, err
	}
	s, err := o.sight(ctx, call.Input.Ref)
	if err != nil {
		return WaitOutput{}, err
	}
	err = cluster.Await(ctx, cluster.Awaited{
		What: fmt.Sprintf("the %s %s", s.named, asked.what), Timeout: call.Input.Timeout,
		Tell:    func(seen string) { call.Progressf("%s", seen) },
		Look:    func(ctx context.Context) (string, bool, error) { return s.answer(ctx, asked) },
		Sources: []cluster.Source{s.watch},
	})
	if err != nil {
		return WaitOutput{}, err
	}
	return waited(s.last), nil
}

// sight is what is seen of an object whose kind may come and go.
type sight struct {
	objects
	ref      Ref
	named    place                      // for sentences
	unserved error                      // why there can be no such object; nil: its kind is served
	at       atomic.Pointer[place]      // nil: its kind is not served yet
	last     *unstructured.Unstructured // nil: there was none
}

// sight asks for an object whose kind is served, or may come.
func (o objects) sight(ctx context.Context, ref Ref) (*sight, error) {
	s := &sight{objects: o, ref: ref, named: place{Kind: cluster.Kind{Name: ref.Kind}, name: ref.Name}}
	at, err := o.find(ctx, ref)
	switch {
	case err == nil:
		s.named = at
	case !cluster.MayCome(err):
		return nil, err
	}
	s.unserved = err
	return s, nil
}

// answer looks at the object, and whether it is as asked for. One whose kind is not served
// is not there, and gone only where it is not there by another version either.
func (s *sight) answer(ctx context.Context, asked question) (seen string, done bool, err error) {
	at, err := s.find(ctx, s.ref)
	switch {
	case cluster.MayCome(err):
		at, s.last, s.unserved = s.named, nil, err
	case err != nil:
		return "", false, err
	default:
		s.at.Store(&at)
		if s.last, err = s.look(ctx, at); err != nil {
			return "", false, err
		}
		s.unserved = nil
	}
	seen, done, err = asked.answer(ctx, at, s.last)
	if err == nil && done && s.last == nil {
		err = own.Nowhere(ctx, s.Cluster, s.ref.APIVersion, s.ref.Kind)
	}
	if s.unserved != nil {
		seen += ": " + sdk.AsError(s.unserved).Message
	}
	return seen, done, err
}

// watch watches the object, as soon as its kind is served.
func (s *sight) watch(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
	at := s.at.Load()
	if at == nil {
		return nil, errUnserved
	}
	return s.Watch(at.Kind, at.namespace, at.name)(ctx, options)
}

// errUnserved lets a watch be opened later.
var errUnserved = errors.New("the kind is not served")

func waited(object *unstructured.Unstructured) WaitOutput {
	if object == nil {
		return WaitOutput{}
	}
	seen, _, _ := unstructured.NestedInt64(object.Object, "status", "observedGeneration")
	return WaitOutput{
		Exists: true, UID: string(object.GetUID()), Generation: object.GetGeneration(),
		ObservedGeneration: seen, Conditions: conditionsOf(object),
	}
}

func (o objects) planWait(ctx context.Context, call *sdk.Call[WaitInput]) (sdk.Preview, error) {
	if !call.Knows("condition", "expr", "state") {
		return sdk.Preview{Summary: "would wait for what is not known yet"}, nil
	}
	asked, err := call.Input.question()
	if err != nil {
		return sdk.Preview{}, err
	}
	if !call.Knows(refFields()...) {
		return sdk.Preview{Summary: "would wait until an object that is not known yet " + asked.what}, nil
	}
	s, err := o.sight(ctx, call.Input.Ref)
	if err != nil {
		return sdk.Preview{}, err
	}
	preview := sdk.Preview{Summary: fmt.Sprintf("would wait until the %s %s", s.named, asked.what)}
	if s.unserved == nil {
		if preview.Blockers, err = o.Lacking(ctx, s.named.right("get")); err != nil || len(preview.Blockers) > 0 {
			return preview, err
		}
	}
	seen, done, err := s.answer(ctx, asked)
	switch {
	case err != nil:
		return preview, err
	case done && s.unserved != nil:
		seen = "it is so already: " + sdk.AsError(s.unserved).Message
	case done:
		seen = "it is so already"
	case s.unserved != nil:
		return preview, s.unserved // an earlier step may bring the kind
	}
	preview.Summary += "; now, " + seen
	return preview, nil
}
