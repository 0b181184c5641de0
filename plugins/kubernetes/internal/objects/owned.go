package objects

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/metadata"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// foreseeOwned adds to the plan what goes with an object.
func (o objects) foreseeOwned(ctx context.Context, at place, object *unstructured.Unstructured, preview *sdk.Preview) error {
	s := search{objects: o, all: true}
	var err error
	switch {
	case at.Served.Group == "" && at.Name == "Namespace":
		err = s.run(ctx, at.name, s.namespaced())
	case at.Served.Group == "apiextensions.k8s.io" && at.Name == "CustomResourceDefinition":
		err = s.run(ctx, metav1.NamespaceAll, definedBy(object))
	case at.Namespaced:
		s.all = false
		err = s.run(ctx, at.namespace, s.namespaced())
	default:
		preview.Warnings = append(preview.Warnings, "Whether it owns other objects, which would go with it, was not looked for.")
	}
	if err != nil {
		return err
	}
	for _, found := range s.going(object.GetUID()) {
		preview.Changes = append(preview.Changes, sdk.Delta{Target: found.String(), Kind: found.Name, Op: "delete"})
	}
	if others := len(preview.Changes) - 1; others > 0 {
		preview.Summary += fmt.Sprintf(", and with it %d objects", others)
	}
	if len(s.unseen) > 0 {
		slices.Sort(s.unseen)
		preview.Warnings = append(preview.Warnings, "You may not list these, of which some may go too: "+strings.Join(s.unseen, ", ")+".")
	}
	return nil
}

// search looks for objects of all kinds, and reads no more of them than their metadata.
type search struct {
	objects
	all bool // all of them go, whoever owns them

	mu     sync.Mutex
	found  []relative
	unseen []string
}

// relative is an object that was found.
type relative struct {
	place
	uid    types.UID
	owners []types.UID
}

// namespaced is how the kinds with a namespace are served. What cannot be asked is left out.
func (s *search) namespaced() []cluster.Kind {
	lists, _ := s.Kube.Discovery().ServerPreferredNamespacedResources()
	var kinds []cluster.Kind
	for _, list := range lists {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			continue
		}
		for _, resource := range list.APIResources {
			// Events tell of objects and are no part of them.
			if resource.Kind != "Event" && slices.Contains(resource.Verbs, "list") {
				kinds = append(kinds, cluster.Kind{Name: resource.Kind, Served: version.WithResource(resource.Name), Namespaced: true})
			}
		}
	}
	return kinds
}

// definedBy is the kind of a CustomResourceDefinition.
func definedBy(definition *unstructured.Unstructured) []cluster.Kind {
	group, _, _ := unstructured.NestedString(definition.Object, "spec", "group")
	kind, _, _ := unstructured.NestedString(definition.Object, "spec", "names", "kind")
	plural, _, _ := unstructured.NestedString(definition.Object, "spec", "names", "plural")
	scope, _, _ := unstructured.NestedString(definition.Object, "spec", "scope")
	versions, _, _ := unstructured.NestedSlice(definition.Object, "spec", "versions")
	for _, version := range versions {
		if v, _ := version.(map[string]any); v["served"] == true {
			name, _ := v["name"].(string)
			served := schema.GroupVersionResource{Group: group, Version: name, Resource: plural}
			return []cluster.Kind{{Name: kind, Served: served, Namespaced: scope == "Namespaced"}}
		}
	}
	return nil
}

// searchedAtOnce bounds the kinds that are listed at the same time.
const searchedAtOnce = 8

func (s *search) run(ctx context.Context, namespace string, kinds []cluster.Kind) error {
	client, err := metadata.NewForConfig(s.Lasting)
	if err != nil {
		return sdk.Errorf(sdk.Permanent, "the connection: %w", err)
	}
	group, searching := errgroup.WithContext(ctx)
	group.SetLimit(searchedAtOnce)
	for _, kind := range kinds {
		group.Go(func() error { return s.list(searching, client, kind, namespace) })
	}
	return group.Wait()
}

func (s *search) list(ctx context.Context, client metadata.Interface, kind cluster.Kind, namespace string) error {
	options := metav1.ListOptions{Limit: listedAtOnce}
	for {
		page, err := client.Resource(kind.Served).Namespace(namespace).List(ctx, options)
		if apierrors.IsForbidden(err) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.unseen = append(s.unseen, kind.Served.Resource)
			return nil
		}
		if apierrors.IsNotFound(err) || apierrors.IsMethodNotSupported(err) {
			return nil // it is no longer served
		}
		if err != nil {
			return cluster.FaultIn(ctx, err, "list %s", kind.Served.Resource)
		}
		s.add(kind, page.Items)
		if options.Continue = page.Continue; options.Continue == "" {
			return nil
		}
	}
}

func (s *search) add(kind cluster.Kind, page []metav1.PartialObjectMetadata) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, object := range page {
		r := relative{place: place{kind, object.Namespace, object.Name}, uid: object.UID}
		for _, owner := range object.OwnerReferences {
			r.owners = append(r.owners, owner.UID)
		}
		s.found = append(s.found, r)
	}
}

// going are the objects that go with one: those all of whose owners go.
func (s *search) going(uid types.UID) []place {
	gone := map[types.UID]bool{uid: true}
	var going []place
	for more := true; more; {
		more = false
		for _, r := range s.found {
			goes := s.all || len(r.owners) > 0 && !slices.ContainsFunc(r.owners, func(owner types.UID) bool { return !gone[owner] })
			if goes && !gone[r.uid] {
				gone[r.uid], more = true, true
				going = append(going, r.place)
			}
		}
	}
	slices.SortFunc(going, func(a, b place) int { return strings.Compare(a.String(), b.String()) })
	return going
}
