package cluster

import (
	"encoding/json"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Owners names who manages a field, given as its path in managedFields
// ("f:spec", "f:replicas"), to tell a person whose change was met; the latest first.
func Owners(fields []metav1.ManagedFieldsEntry, path ...string) []string {
	var owners []string
	latest := slices.Clone(fields)
	slices.SortStableFunc(latest, func(a, b metav1.ManagedFieldsEntry) int { return timeOf(b).Compare(timeOf(a)) })
	for _, entry := range latest {
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

func timeOf(entry metav1.ManagedFieldsEntry) time.Time {
	if entry.Time == nil {
		return time.Time{}
	}
	return entry.Time.Time
}

// holds says whether a manager has a field, or something below it, or all around it: what
// is managed as a whole has nothing below it.
func holds(tree map[string]any, path []string) bool {
	for i, part := range path {
		if i > 0 && len(tree) == 0 {
			return true
		}
		below, found := tree[part].(map[string]any)
		if !found {
			return false
		}
		tree = below
	}
	return true
}

// Unknown is who is named where nobody manages a field.
const Unknown = "somebody"

// Somebody names, for a sentence, the latest manager of a field that is not gatebook.
func Somebody(fields []metav1.ManagedFieldsEntry, path ...string) string {
	return SomebodyOf(fields, path)
}

// SomebodyOf is Somebody for the first of the paths that has one.
func SomebodyOf(fields []metav1.ManagedFieldsEntry, paths ...[]string) string {
	for _, path := range paths {
		for _, owner := range Owners(fields, path...) {
			if owner != Manager {
				return owner
			}
		}
	}
	return Unknown
}
