package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
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
	if err != nil {
		return Kind{}, sdk.FieldErrorf("apiVersion", "%w", err)
	}
	asked := schema.GroupKind{Group: version.Group, Kind: kind}
	found, err := c.kinds.RESTMapping(asked, version.Version)
	if meta.IsNoMatchError(err) {
		c.kinds.Reset() // it believes what it has to be all there is
		found, err = c.kinds.RESTMapping(asked, version.Version)
	}
	// client-go knows each kind by its name in small letters too; the server does not.
	misspelt := err == nil && kind == strings.ToLower(kind)
	switch {
	case ctx.Err() != nil:
		return Kind{}, context.Cause(ctx)
	case meta.IsNoMatchError(err), misspelt:
		return Kind{}, sdk.FieldErrorf("kind", "the cluster serves no %s in %s%s", kind, apiVersion, c.elsewhere(kind))
	case err != nil:
		return Kind{}, Fault(err, "ask what kinds the cluster serves")
	}
	return Kind{Name: kind, Served: found.Resource, Namespaced: found.Scope.Name() == meta.RESTScopeNameNamespace}, nil
}

// elsewhere says under which versions a kind is served that was looked for in another.
func (c *Cluster) elsewhere(kind string) string {
	// What cannot be asked is left out: this is advice.
	_, lists, _ := c.Kube.Discovery().ServerGroupsAndResources()
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
