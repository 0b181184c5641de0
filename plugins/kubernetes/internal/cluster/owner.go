package cluster

import (
	"encoding/json"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Owners names who manages a field, given as its path in managedFields
// ("f:spec", "f:replicas"), to tell a person whose change was met.
func Owners(fields []metav1.ManagedFieldsEntry, path ...string) []string {
	var owners []string
	for _, entry := range fields {
		if entry.FieldsV1 == nil {
			continue
		}
		var tree map[string]any
		if json.Unmarshal(entry.FieldsV1.GetRawBytes(), &tree) == nil && holds(tree, path) {
			owners = append(owners, entry.Manager)
		}
	}
	return owners
}

func holds(tree map[string]any, path []string) bool {
	for _, part := range path {
		below, found := tree[part].(map[string]any)
		if !found {
			return false
		}
		tree = below
	}
	return true
}

// Somebody names the managers of a field for a sentence.
func Somebody(fields []metav1.ManagedFieldsEntry, path ...string) string {
	owners := Owners(fields, path...)
	for _, owner := range owners {
		if owner != Manager {
			return owner
		}
	}
	return "somebody"
}
