package edit

import (
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// namesVersion says whether a patch itself says which change of the object it is for. Of
// the operations of a JSON patch the last one counts that sets that, or takes it out.
func namesVersion(body any) bool {
	switch patch := body.(type) {
	case map[string]any:
		return isVersion(within(patch, "metadata", "resourceVersion"))
	case []any:
		named := false
		for _, one := range patch {
			operation, _ := one.(map[string]any)
			if operation["op"] == "test" {
				continue
			}
			switch operation["path"] {
			case "/metadata/resourceVersion":
				named = isVersion(operation["value"])
			case "/metadata":
				named = isVersion(within(operation["value"], "resourceVersion"))
			case "":
				named = isVersion(within(operation["value"], "metadata", "resourceVersion"))
			}
		}
		return named
	}
	return false
}

// isVersion says whether a value is more than none, which to the server is any version.
func isVersion(value any) bool { return value != nil && value != "" }

// within is what an object holds at a path; nil where it holds nothing.
func within(value any, path ...string) any {
	for _, name := range path {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value
}

// guarded is a patch that applies to an object only as it was read, unless it says itself
// which version it is for. Nothing that is in the patch takes that away.
func guarded(body any, live *unstructured.Unstructured) any {
	if namesVersion(body) {
		return body
	}
	switch patch := body.(type) {
	case []any:
		last := map[string]any{"op": "add", "path": "/metadata/resourceVersion", "value": live.GetResourceVersion()}
		return append(slices.Clip(patch), last)
	case map[string]any:
		meta, is := patch["metadata"].(map[string]any)
		if _, given := patch["metadata"]; given && !is {
			return body // which the server refuses
		}
		patch, meta = maps.Clone(patch), maps.Clone(meta)
		if meta == nil {
			meta = map[string]any{}
		}
		meta["resourceVersion"], patch["metadata"] = live.GetResourceVersion(), meta
		return patch
	}
	return body
}
