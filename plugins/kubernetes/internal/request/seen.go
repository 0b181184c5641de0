package request

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Object is an object that was read, in the version that it had then.
type Object struct {
	Kind            string // where only metadata was read, which does not say it: the resource
	Namespace, Name string // no namespace: its kind has none
	UID             string
	// Version is its generation where it has one, which moves with what is wanted of it and
	// not with how it does; else a hash of what is neither status nor the server's bookkeeping.
	Version string
}

// resourceOf is what the API serves at a path: "deployments" of the group "apps" at
// /apis/apps/v1/namespaces/shop/deployments/web. The whole API may be below a path that
// looks alike, as behind a proxy to many clusters, so that what comes last counts. It is
// empty at other paths.
func resourceOf(path string) schema.GroupResource {
	parts := strings.Split(path, "/")
	for i, part := range slices.Backward(parts) {
		group, rest := "", parts[i+1:]
		switch {
		case part == "apis" && len(rest) > 0:
			group, rest = rest[0], rest[1:]
		case part != "api":
			continue
		}
		if len(rest) < 2 || !isVersion(rest[0]) {
			continue
		}
		if rest = rest[1:]; rest[0] == "namespaces" && len(rest) > 2 {
			rest = rest[2:]
		}
		return schema.GroupResource{Group: group, Resource: rest[0]}
	}
	return schema.GroupResource{}
}

// isVersion tells the version of an API, as v1beta1, from the name of an object.
func isVersion(part string) bool {
	number, is := strings.CutPrefix(part, "v")
	return is && number != "" && number[0] >= '0' && number[0] <= '9'
}

// onlyMetadata is the kind of what was read where no more than the metadata was asked for.
// What it is the metadata of, only the resource says.
const onlyMetadata = "PartialObjectMetadata"

// seen is an object that was read, and whether a controller of another one made it.
type seen struct {
	Object
	controlled bool
}

// seenIn is the object in a text that was read of a resource, unless there is none, or it is
// written by itself. kind is that of an item that does not say it, as its list does.
func seenIn(of schema.GroupResource, kind string, text []byte) (found seen, is bool) {
	var object struct {
		Kind     string `json:"kind"`
		Metadata struct {
			Namespace  string                  `json:"namespace"`
			Name       string                  `json:"name"`
			UID        string                  `json:"uid"`
			Generation int64                   `json:"generation"`
			Revision   string                  `json:"resourceVersion"`
			Owners     []metav1.OwnerReference `json:"ownerReferences"`
		} `json:"metadata"`
	}
	meta := &object.Metadata
	if json.Unmarshal(text, &object) != nil || meta.UID == "" || meta.Name == "" || isRestless(of) {
		return seen{}, false
	}
	kind = cmp.Or(object.Kind, kind)
	found = seen{Object{Kind: kind, Namespace: meta.Namespace, Name: meta.Name, UID: meta.UID}, slices.ContainsFunc(meta.Owners, isController)}
	if kind == onlyMetadata {
		found.Kind = cmp.Or(of.Resource, kind)
	}
	found.Version = "revision " + meta.Revision
	switch {
	case meta.Generation > 0:
		found.Version = fmt.Sprintf("generation %d", meta.Generation)
	case !isSecret(of, kind):
		found.Version = cmp.Or(hashOf(text, kind == onlyMetadata), found.Version)
	}
	return found, true
}

func isController(owner metav1.OwnerReference) bool {
	return owner.Controller != nil && *owner.Controller
}

// isRestless says of a resource that its objects are written while nothing changes but the
// time.
func isRestless(of schema.GroupResource) bool {
	return slices.Contains([]schema.GroupResource{
		{Resource: "endpoints"},
		{Resource: "events"},
		{Group: "events.k8s.io", Resource: "events"},
		{Group: "coordination.k8s.io", Resource: "leases"},
	}, of)
}

// isSecret says of what no hash leaves the cluster, by which somebody could try what is in
// it: the metadata of a Secret has its values too, where it was applied with kubectl.
// Whatever calls itself a Secret is taken for one, wherever it was read.
func isSecret(of schema.GroupResource, kind string) bool {
	return of == schema.GroupResource{Resource: "secrets"} || kind == "Secret"
}

// hashOf is a hash of what is wanted of an object; empty: that cannot be told.
func hashOf(text []byte, onlyMetadata bool) string {
	var object map[string]any
	whole := json.NewDecoder(bytes.NewReader(text))
	whole.UseNumber() // of which none may be rounded to another
	if whole.Decode(&object) != nil {
		return ""
	}
	// An item of a list does not say what it is, and is the same.
	for _, name := range []string{"status", "kind", "apiVersion"} {
		delete(object, name)
	}
	if of, is := object["metadata"].(map[string]any); is {
		delete(of, "resourceVersion")
		if onlyMetadata {
			of["managedFields"] = settings(of["managedFields"])
		} else {
			delete(of, "managedFields")
		}
	}
	bare, err := json.Marshal(object) // in one order
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(bare)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// settings are those entries of who set what, and when, that are not about the status. They
// stand for what only the whole object has: the data of a ConfigMap, say.
func settings(managed any) []any {
	entries, _ := managed.([]any)
	return slices.DeleteFunc(slices.Clone(entries), func(entry any) bool {
		fields, _ := entry.(map[string]any)
		return fields["subresource"] == "status"
	})
}
