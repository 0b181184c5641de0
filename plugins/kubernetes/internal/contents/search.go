package contents

import (
	"context"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/metadata"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
)

// Found is an object that a search found. No more than its metadata was read.
type Found struct {
	Kind cluster.Kind
	Meta metav1.ObjectMeta
}

// String is the object as a person reads it: "Deployment shop/web".
func (f Found) String() string { return f.Kind.Named(f.Meta.Namespace, f.Meta.Name) }

// Holds says whether an object of a kind holds others, which go with it: a Namespace, and
// a CustomResourceDefinition.
func Holds(kind cluster.Kind) bool { return isNamespace(kind) || isDefinition(kind) }

func isNamespace(kind cluster.Kind) bool {
	return kind.Served.Group == "" && kind.Name == "Namespace"
}

func isDefinition(kind cluster.Kind) bool {
	return kind.Served.Group == "apiextensions.k8s.io" && kind.Name == "CustomResourceDefinition"
}

// held lists the objects that an object holds. What cannot be seen is returned by name.
func held(ctx context.Context, c *cluster.Cluster, kind cluster.Kind, holder *unstructured.Unstructured) (found []Found, unseen []string, err error) {
	switch {
	case isNamespace(kind):
		return OfNamespace(ctx, c, holder.GetName())
	case isDefinition(kind):
		if defined, served := cluster.Defined(holder); len(served) > 0 {
			defined.Served.Version = served[0]
			return list(ctx, c, metav1.NamespaceAll, []cluster.Kind{defined})
		}
	}
	return nil, nil, nil
}

// OfNamespace lists all objects of a namespace, but for events: they tell of objects and
// are no part of anything. What cannot be seen is returned by name: kinds that may not be
// listed, and the groups of kinds whose server does not answer.
func OfNamespace(ctx context.Context, c *cluster.Cluster, namespace string) (found []Found, unseen []string, err error) {
	lists, err := cluster.Within(ctx, c.Kube.Discovery().ServerPreferredNamespacedResources)
	silent, partly := discovery.GroupDiscoveryFailedErrorGroups(err)
	if err != nil && !partly {
		return nil, nil, cluster.FaultIn(ctx, err, "ask what kinds the cluster serves")
	}
	var kinds []cluster.Kind
	for _, list := range lists {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			continue
		}
		for _, resource := range list.APIResources {
			if resource.Kind != "Event" && slices.Contains(resource.Verbs, "list") {
				kinds = append(kinds, cluster.Kind{Name: resource.Kind, Served: version.WithResource(resource.Name), Namespaced: true})
			}
		}
	}
	found, unseen, err = list(ctx, c, namespace, kinds)
	for version := range silent {
		unseen = append(unseen, version.String())
	}
	slices.Sort(unseen)
	return found, unseen, err
}

// askedAtOnce bounds the lists in flight.
const askedAtOnce = 8

// list lists the objects of kinds in a namespace, or in all. Kinds that may not be listed
// are returned by the name of their resource.
func list(ctx context.Context, c *cluster.Cluster, namespace string, kinds []cluster.Kind) (found []Found, unseen []string, err error) {
	s := search{client: c.Metadata, namespace: namespace}
	group, searching := errgroup.WithContext(ctx)
	group.SetLimit(askedAtOnce)
	for _, kind := range kinds {
		group.Go(func() error { return s.list(searching, kind) })
	}
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	slices.Sort(s.unseen)
	return s.found, s.unseen, nil
}

type search struct {
	client    metadata.Interface
	namespace string

	mu     sync.Mutex
	found  []Found
	unseen []string
}

func (s *search) list(ctx context.Context, kind cluster.Kind) error {
	options := metav1.ListOptions{Limit: cluster.PageSize}
	for {
		page, err := s.client.Resource(kind.Served).Namespace(s.namespace).List(ctx, options)
		switch {
		case apierrors.IsForbidden(err):
			s.add(nil, kind.Served.Resource)
			return nil
		case apierrors.IsNotFound(err), apierrors.IsMethodNotSupported(err):
			return nil // it is no longer served
		case err != nil:
			return cluster.FaultIn(ctx, err, "list %s", kind.Served.Resource)
		}
		found := make([]Found, 0, len(page.Items))
		for _, object := range page.Items {
			found = append(found, Found{kind, object.ObjectMeta})
		}
		s.add(found)
		if options.Continue = page.Continue; options.Continue == "" {
			return nil
		}
	}
}

func (s *search) add(found []Found, unseen ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.found, s.unseen = append(s.found, found...), append(s.unseen, unseen...)
}
