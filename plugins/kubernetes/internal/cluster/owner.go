package cluster

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Owners names who manages a field, given as its path in managedFields
// ("f:spec", "f:replicas"), to tell a person whose change was met; the latest first.
func Owners(fields []metav1.ManagedFieldsEntry, path ...string) []string {
	var owners []string
	for _, entry := range Holders(fields, path...) {
		owners = append(owners, entry.Manager)
	}
	return owners
}

// Holders are the entries of [Owners]: of who manages the field, or a part of it, or all
// around it, where nothing around it is managed in parts.
func Holders(fields []metav1.ManagedFieldsEntry, path ...string) []metav1.ManagedFieldsEntry {
	var holders []metav1.ManagedFieldsEntry
	deepest, inParts := 1, false
	for _, entry := range fields {
		var tree map[string]any
		if entry.FieldsV1 == nil || json.Unmarshal(entry.FieldsV1.GetRawBytes(), &tree) != nil {
			continue
		}
		depth, below := descend(tree, path)
		if depth > deepest {
			deepest, inParts, holders = depth, false, nil
		}
		if depth == deepest {
			inParts, holders = inParts || below > 0, append(holders, entry)
		}
	}
	if deepest < len(path) && inParts {
		return nil
	}
	slices.SortStableFunc(holders, func(a, b metav1.ManagedFieldsEntry) int {
		return cmp.Or(timeOf(b).Compare(timeOf(a)), cmp.Compare(oursLast(a), oursLast(b)))
	})
	return holders
}

// oursLast orders those of one second, than which the server knows no better: what somebody
// did matters more than what gatebook did.
func oursLast(entry metav1.ManagedFieldsEntry) int {
	if entry.Manager == Manager {
		return 1
	}
	return 0
}

func timeOf(entry metav1.ManagedFieldsEntry) time.Time {
	if entry.Time == nil {
		return time.Time{}
	}
	return entry.Time.Time
}

// descend says how far an entry leads on a path, and how much it has below.
func descend(tree map[string]any, path []string) (depth, below int) {
	for _, part := range path {
		next, found := tree[part].(map[string]any)
		if !found {
			break
		}
		tree, depth = next, depth+1
	}
	return depth, len(tree)
}

const (
	// Unknown is who is named where nobody manages a field.
	Unknown = "somebody"
	// AnotherStep is who is named where that is gatebook.
	AnotherStep = "another step or run of " + Manager
)

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

// ChangedBy names, for a sentence, who changed single fields: somebody, or where nobody else
// manages any of them, another step of gatebook.
func ChangedBy(fields []metav1.ManagedFieldsEntry, paths ...[]string) string {
	who := SomebodyOf(fields, paths...)
	ours := func(path []string) bool { return slices.Contains(Owners(fields, path...), Manager) }
	if who == Unknown && slices.ContainsFunc(paths, ours) {
		return AnotherStep
	}
	return who
}

// LatestOf names, for a sentence, the latest manager of what has many fields, with as many
// managers: who wrote one of them once need not have changed anything since.
func LatestOf(fields []metav1.ManagedFieldsEntry, path ...string) string {
	switch owners := Owners(fields, path...); {
	case len(owners) == 0:
		return Unknown
	case owners[0] == Manager:
		return AnotherStep
	default:
		return owners[0]
	}
}
