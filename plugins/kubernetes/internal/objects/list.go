package objects

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/own"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// ListInput is what list is given.
type ListInput struct {
	APIVersion    string            `json:"apiVersion" required:"true" minLength:"1" example:"v1" doc:"Group and version of the objects' kind."`
	Kind          string            `json:"kind" required:"true" minLength:"1" example:"Pod" doc:"Kind of the objects."`
	Namespace     string            `json:"namespace" pattern:"^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$" maxLength:"63" example:"shop" doc:"Namespace of the objects; without it, the connection's."`
	AllNamespaces bool              `json:"allNamespaces" doc:"Lists the objects of all namespaces."`
	Selector      string            `json:"selector" example:"app=web,tier!=cache" doc:"Label selector of the objects; without it, all."`
	FieldSelector string            `json:"fieldSelector" example:"status.phase=Running" doc:"Field selector of the objects, of the fields that their kind can be selected by."`
	Limit         int64             `json:"limit" default:"500" min:"1" max:"10000" unit:"objects" doc:"How many objects are returned at most."`
	Fields        map[string]string `json:"fields" example:"{\"node\":\"spec.nodeName\"}" doc:"Returns of each object only these, by a name of your choice and the path in the object, such as metadata.labels.app. What an object does not have is left out."`
}

// ListOutput is what list returns.
type ListOutput struct {
	Items     []map[string]any `json:"items" required:"true" doc:"The objects, without managedFields, or what fields takes of each. Of Secrets, (secret) stands for each value."`
	Names     []string         `json:"names" required:"true" doc:"Their names; with allNamespaces, of kinds that have one, as namespace/name."`
	Count     int64            `json:"count" required:"true" unit:"objects" doc:"How many they are."`
	Truncated bool             `json:"truncated" required:"true" doc:"Whether there are more, which the limit or their size left out."`
}

func (o objects) list() sdk.Action[ListInput, ListOutput] {
	return sdk.Action[ListInput, ListOutput]{
		Name:    "list",
		Summary: "Read all objects of a kind, or those that selectors choose",
		Description: `Reads the objects page by page, up to ` + "`limit`" + `, and to 4 MiB of JSON in all; ` + "`truncated`" + ` says whether there
were more. With ` + "`fields`" + ` only what is needed is returned, so that more fit. The values of Secrets are never read out: ` + "`(secret)`" + `
stands for each.`,
		Effect:     sdk.Read,
		Idempotent: true,
		InPlan:     true,
		Examples: []schema.Example{
			{Title: "Pods of an app", With: map[string]any{"apiVersion": "v1", "kind": "Pod", "namespace": "shop", "selector": "app=web"}},
			{Title: "Where all pods are", With: map[string]any{
				"apiVersion": "v1", "kind": "Pod", "allNamespaces": true, "limit": 5000, "fields": map[string]any{"node": "spec.nodeName"},
			}},
		},
		Plan:  own.Planned(o.planList),
		Apply: o.applyList,
	}
}

// mostListed bounds the bytes of all objects: a journal keeps them.
const mostListed = 4 << 20

// where returns the place of the objects, which has no name, and how they are chosen.
func (o objects) where(ctx context.Context, in ListInput) (place, metav1.ListOptions, error) {
	var options metav1.ListOptions
	if _, err := labels.Parse(in.Selector); err != nil {
		return place{}, options, sdk.FieldErrorf("selector", "%w", err)
	}
	if _, err := fields.ParseSelector(in.FieldSelector); err != nil {
		return place{}, options, sdk.FieldErrorf("fieldSelector", "%w", err)
	}
	at, err := o.find(ctx, Ref{APIVersion: in.APIVersion, Kind: in.Kind, Namespace: in.Namespace})
	if in.AllNamespaces {
		at.namespace = metav1.NamespaceAll
	}
	options.LabelSelector, options.FieldSelector = in.Selector, in.FieldSelector
	return at, options, err
}

func (o objects) applyList(ctx context.Context, call *sdk.Call[ListInput]) (ListOutput, error) {
	in := call.Input
	at, options, err := o.where(ctx, in)
	if err != nil {
		return ListOutput{}, err
	}
	found := listing{in: in, out: ListOutput{Items: []map[string]any{}, Names: []string{}}}
	for {
		options.Limit = min(cluster.PageSize, in.Limit-found.out.Count)
		page, err := o.Objects(at.Kind, at.namespace).List(ctx, options)
		if err != nil {
			return ListOutput{}, cluster.FaultIn(ctx, err, "list %s", at.Served.Resource)
		}
		fits, err := found.add(page.Items)
		if err != nil {
			return ListOutput{}, err
		}
		options.Continue = page.GetContinue()
		found.out.Truncated = !fits || options.Continue != ""
		if !fits || options.Continue == "" || found.out.Count >= in.Limit {
			return found.out, nil
		}
		call.Progressf("%d read", found.out.Count)
	}
}

// listing is what was listed so far.
type listing struct {
	in   ListInput
	out  ListOutput
	size int
}

// add takes in a page, and says whether all of it fits.
func (l *listing) add(page []unstructured.Unstructured) (bool, error) {
	for _, object := range page {
		item := shown(&object)
		if len(l.in.Fields) > 0 {
			item = project(item, l.in.Fields)
		}
		text, err := json.Marshal(item)
		if err != nil {
			return false, err
		}
		if l.size += len(text); l.size > mostListed {
			return false, nil
		}
		name := object.GetName()
		if l.in.AllNamespaces && object.GetNamespace() != "" {
			name = object.GetNamespace() + "/" + name
		}
		l.out.Items, l.out.Names = append(l.out.Items, item), append(l.out.Names, name)
		l.out.Count++
	}
	return true, nil
}

// project takes single fields out of an object.
func project(object map[string]any, paths map[string]string) map[string]any {
	taken := map[string]any{}
	for name, path := range paths {
		if value, found := walk(object, strings.Split(path, ".")); found {
			taken[name] = value
		}
	}
	return taken
}

// walk follows a path. Names may have dots, as those of labels do: the shortest one that
// is there and has the rest of the path below it is taken.
func walk(object any, path []string) (any, bool) {
	if len(path) == 0 {
		return object, true
	}
	below, is := object.(map[string]any)
	if !is {
		return nil, false
	}
	for i := range path {
		value, has := below[strings.Join(path[:i+1], ".")]
		if !has {
			continue
		}
		if found, ok := walk(value, path[i+1:]); ok {
			return found, true
		}
	}
	return nil, false
}

func (o objects) planList(ctx context.Context, call *sdk.Call[ListInput]) (sdk.Preview, error) {
	if !call.Knows("apiVersion", "kind", "namespace", "allNamespaces", "selector", "fieldSelector") {
		return sdk.Preview{Summary: "would list objects of which it is not known yet what they are"}, nil
	}
	at, _, err := o.where(ctx, call.Input)
	if err != nil {
		return sdk.Preview{}, err
	}
	in := "of the cluster"
	if at.Namespaced {
		in = "of all namespaces"
		if at.namespace != "" {
			in = "in " + at.namespace
		}
	}
	lacking, err := o.Lacking(ctx, at.right("list"))
	return sdk.Preview{Summary: fmt.Sprintf("would list the %s %s", at.Served.Resource, in), Blockers: lacking}, err
}
