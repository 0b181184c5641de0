// Package velero holds the actions on backups of a cluster by Velero: velero_backup and
// velero_restore. They speak to Velero by its custom resources.
package velero

import (
	"context"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/own"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// Actions declares the actions on the backups of a cluster.
func Actions(c *cluster.Cluster) []sdk.Declaration {
	v := velero{c}
	return []sdk.Declaration{v.backup(), v.restore()}
}

// velero acts by the Velero of a cluster.
type velero struct{ *cluster.Cluster }

// Where names the Velero that an action speaks to, and what it makes there.
type Where struct {
	Velero string `json:"velero" default:"velero" pattern:"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$" maxLength:"63" doc:"Namespace that Velero runs in."`
	Name   string `json:"name" pattern:"^([a-z0-9]([-.a-z0-9]*[a-z0-9])?)?$" maxLength:"253" example:"shop-before-upgrade" doc:"Name of the object that is made; without it, one is made of the step's key."`
}

// Selection is what of the cluster is meant. Without any of it, all is.
type Selection struct {
	IncludedNamespaces []string          `json:"includedNamespaces" example:"[\"shop\"]" doc:"Namespaces that are meant; without them, all."`
	ExcludedNamespaces []string          `json:"excludedNamespaces" doc:"Namespaces that are not meant."`
	IncludedResources  []string          `json:"includedResources" example:"[\"deployments\"]" doc:"Resources that are meant; without them, all."`
	ExcludedResources  []string          `json:"excludedResources" doc:"Resources that are not meant."`
	Labels             map[string]string `json:"labels" example:"{\"app\":\"web\"}" doc:"Labels that an object must have."`
}

// Patience is how an action waits for Velero.
type Patience struct {
	AllowPartial bool            `json:"allowPartial" doc:"Succeeds where Velero is done with all but some items (PartiallyFailed). The output errors says how many."`
	Timeout      schema.Duration `json:"timeout" default:"1h" min:"1ms" doc:"How long it may take. What Velero has begun by then, it goes on with."`
}

// selected are the fields of a selection that there are.
func (s Selection) selected() map[string]any {
	spec := map[string]any{}
	for name, list := range map[string][]string{
		"includedNamespaces": s.IncludedNamespaces, "excludedNamespaces": s.ExcludedNamespaces,
		"includedResources": s.IncludedResources, "excludedResources": s.ExcludedResources,
	} {
		if len(list) > 0 {
			spec[name] = listOf(list)
		}
	}
	if len(s.Labels) > 0 {
		spec["labelSelector"] = map[string]any{"matchLabels": mapOf(s.Labels)}
	}
	return spec
}

// selection are the parameters of a [Selection] and of [Where].
func selection(more ...string) []string {
	return append(more, "velero", "name", "includedNamespaces", "excludedNamespaces", "includedResources", "excludedResources", "labels")
}

func listOf(texts []string) []any {
	list := make([]any, len(texts))
	for i, text := range texts {
		list[i] = text
	}
	return list
}

func mapOf(texts map[string]string) map[string]any {
	object := map[string]any{}
	for name, text := range texts {
		object[name] = text
	}
	return object
}

// put adds a switch that was given.
func put(spec map[string]any, name string, on *bool) {
	if on != nil {
		spec[name] = *on
	}
}

// kind asks how a kind of Velero's is served. missing is the sentence that says so,
// where it is not.
func (v velero) kind(ctx context.Context, name string) (kind cluster.Kind, missing []string, err error) {
	return own.Needed(ctx, v.Cluster, "velero.io/v1", name, "Velero")
}

// object is what a step with a key makes.
func (v velero) object(ctx context.Context, kind string, in Where, key string) (own.Object, []string, error) {
	found, missing, err := v.kind(ctx, kind)
	name := in.Name
	if name == "" {
		name = own.Name("gatebook", key)
	}
	return own.Object{Cluster: v.Cluster, Kind: found, Namespace: in.Velero, Name: name}, missing, err
}
