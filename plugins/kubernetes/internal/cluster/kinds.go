package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// Kind is a kind of objects, and how the API serves it.
type Kind struct {
	Name       string // "Deployment"
	Served     schema.GroupVersionResource
	Namespaced bool
}

// Named is an object of the kind as a person reads it: "Deployment shop/web".
func (k Kind) Named(namespace, name string) string {
	if !k.Namespaced {
		return k.Name + " " + name
	}
	return k.Name + " " + namespace + "/" + name
}

// Right is what an action on objects of the kind takes. Without a name it is about
// all of a namespace, and without a namespace about all of the cluster.
func (k Kind) Right(verb, namespace, name string) Right {
	if !k.Namespaced {
		namespace = ""
	}
	words := verb + " " + k.Served.Resource
	if name != "" {
		words = verb + " the " + k.Name + " " + name
	}
	return Right{
		Verb: verb, Group: k.Served.Group, Resource: k.Served.Resource, Namespace: namespace, Name: name, Words: words,
	}
}

// Kind asks how the API serves the kind of a manifest. Kinds that were defined since
// the last question are known too. Its errors are those of the fields kind and
// apiVersion.
func (c *Cluster) Kind(ctx context.Context, apiVersion, kind string) (Kind, error) {
	version, err := schema.ParseGroupVersion(apiVersion)
	if err == nil && version.Version == "" {
		err = fmt.Errorf("%q names no version", apiVersion)
	}
	if err != nil {
		return Kind{}, sdk.FieldErrorf("apiVersion", "%w", err)
	}
	if known, is := c.known.Load(version.WithKind(kind)); is {
		return known.(Kind), nil
	}
	if err := c.learn(ctx, version); err != nil {
		return Kind{}, err
	}
	if known, is := c.known.Load(version.WithKind(kind)); is {
		return known.(Kind), nil
	}
	advice := c.elsewhere(ctx, kind)
	if ctx.Err() != nil {
		return Kind{}, context.Cause(ctx)
	}
	return Kind{}, unserved{sdk.FieldErrorf("kind", "the cluster serves no %s in %s%s", kind, apiVersion, advice), version.Group}
}

// learn keeps the kinds of one version of an API group.
func (c *Cluster) learn(ctx context.Context, version schema.GroupVersion) error {
	kinds, err := c.KindsIn(ctx, version)
	for _, kind := range kinds {
		c.known.LoadOrStore(version.WithKind(kind.Name), kind)
	}
	return err
}

// KindsIn asks for the kinds of one version of an API group as it serves them now, and for no
// more than that: a group whose server is away is in nobody's way who does not need it.
// client-go's mapper asks for all groups, and takes no context.
func (c *Cluster) KindsIn(ctx context.Context, version schema.GroupVersion) ([]Kind, error) {
	path := []string{"/apis", version.Group, version.Version}
	if version.Group == "" {
		path = []string{"/api", version.Version}
	}
	var list metav1.APIResourceList
	err := c.Kube.Discovery().RESTClient().Get().AbsPath(path...).Do(ctx).Into(&list)
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, FaultIn(ctx, err, "ask what kinds the cluster serves in %s", version)
	}
	kinds := make([]Kind, 0, len(list.APIResources))
	for _, resource := range list.APIResources {
		if !strings.Contains(resource.Name, "/") { // which is a part of an object
			kinds = append(kinds, Kind{Name: resource.Kind, Served: version.WithResource(resource.Name), Namespaced: resource.Namespaced})
		}
	}
	return kinds, nil
}

// elsewhere says under which versions a kind is served that was looked for in another.
func (c *Cluster) elsewhere(ctx context.Context, kind string) string {
	// What cannot be asked is left out: this is advice.
	lists, _ := Within(ctx, func() ([]*metav1.APIResourceList, error) {
		_, lists, err := c.Kube.Discovery().ServerGroupsAndResources()
		return lists, err
	})
	var versions []string
	for _, list := range lists {
		for _, resource := range list.APIResources {
			if strings.EqualFold(resource.Kind, kind) && !strings.Contains(resource.Name, "/") {
				versions = append(versions, fmt.Sprintf("%s in %s", resource.Kind, list.GroupVersion))
			}
		}
	}
	if len(versions) == 0 {
		return ""
	}
	slices.Sort(versions)
	return "; it serves " + strings.Join(slices.Compact(versions), ", ")
}

// Within asks what takes no context, and waits no longer than its own lasts. The question
// that nobody waits for any more ends with the timeout of single requests.
func Within[T any](ctx context.Context, ask func() (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	answers := make(chan answer, 1) // so that the asking ends where nobody waits
	go func() {
		value, err := ask()
		answers <- answer{value, err}
	}()
	select {
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	case a := <-answers:
		return a.value, a.err
	}
}

// PageSize is how many objects one request for a list asks for.
const PageSize = 500

// Objects reads and changes objects of a kind. The namespace of a kind that has none
// is not looked at.
func (c *Cluster) Objects(of Kind, namespace string) dynamic.ResourceInterface {
	return scoped(c.objects, of, namespace)
}

// Watch opens watches of objects of a kind: of one, where it is named.
func (c *Cluster) Watch(of Kind, namespace, name string) Source {
	return func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
		if name != "" {
			options.FieldSelector = "metadata.name=" + name
		}
		return scoped(c.watched, of, namespace).Watch(ctx, options)
	}
}

func scoped(client dynamic.Interface, of Kind, namespace string) dynamic.ResourceInterface {
	if !of.Namespaced {
		return client.Resource(of.Served)
	}
	return client.Resource(of.Served).Namespace(namespace)
}
