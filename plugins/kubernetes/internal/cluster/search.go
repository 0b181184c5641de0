package cluster

import (
	"context"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/metadata"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// Found is an object that a search found. No more than its metadata was read.
type Found struct {
	Kind Kind
	Meta metav1.ObjectMeta
}

// String is the object as a person reads it: "Deployment shop/web".
func (f Found) String() string { return f.Kind.Named(f.Meta.Namespace, f.Meta.Name) }

// SearchAll lists all objects of a namespace, but for events: they tell of objects and
// are no part of anything. What cannot be seen is returned by name: kinds that may not be
// listed, and the groups of kinds whose server does not answer.
func (c *Cluster) SearchAll(ctx context.Context, namespace string) (found []Found, unseen []string, err error) {
	lists, err := within(ctx, c.Kube.Discovery().ServerPreferredNamespacedResources)
	silent, partly := discovery.GroupDiscoveryFailedErrorGroups(err)
	if err != nil && !partly {
		return nil, nil, FaultIn(ctx, err, "ask what kinds the cluster serves")
	}
	var kinds []Kind
	for _, list := range lists {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			continue
		}
		for _, resource := range list.APIResources {
			if resource.Kind != "Event" && slices.Contains(resource.Verbs, "list") {
				kinds = append(kinds, Kind{Name: resource.Kind, Served: version.WithResource(resource.Name), Namespaced: true})
			}
		}
	}
	found, unseen, err = c.Search(ctx, namespace, kinds)
	for version := range silent {
		unseen = append(unseen, version.String())
	}
	slices.Sort(unseen)
	return found, unseen, err
}

// Search lists the objects of kinds in a namespace, or in all. Kinds that may not be
// listed are returned by the name of their resource.
func (c *Cluster) Search(ctx context.Context, namespace string, kinds []Kind) (found []Found, unseen []string, err error) {
	client, err := metadata.NewForConfig(c.Lasting)
	if err != nil {
		return nil, nil, sdk.Errorf(sdk.Permanent, "the connection: %w", err)
	}
	s := search{client: client, namespace: namespace}
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

// PageSize is how many objects one request asks for.
const PageSize = 500

func (s *search) list(ctx context.Context, kind Kind) error {
	options := metav1.ListOptions{Limit: PageSize}
	for {
		page, err := s.client.Resource(kind.Served).Namespace(s.namespace).List(ctx, options)
		switch {
		case apierrors.IsForbidden(err):
			s.add(nil, kind.Served.Resource)
			return nil
		case apierrors.IsNotFound(err), apierrors.IsMethodNotSupported(err):
			return nil // it is no longer served
		case err != nil:
			return FaultIn(ctx, err, "list %s", kind.Served.Resource)
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
