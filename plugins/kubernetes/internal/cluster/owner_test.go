package cluster_test

import (
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
)

// Who manages all around a field manages the field, unless others manage parts of that:
// then he only made what is around it.
func TestOwnersOfAField(t *testing.T) {
	t.Parallel()
	entry := func(manager, fields string) metav1.ManagedFieldsEntry {
		return metav1.ManagedFieldsEntry{Manager: manager, FieldsV1: metav1.NewFieldsV1(fields)}
	}
	managed := []metav1.ManagedFieldsEntry{
		entry("ann", `{"f:data":{},"f:spec":{"f:selector":{},"f:replicas":{}}}`),
		entry("bob", `{"f:data":{".":{},"f:a":{}},"f:spec":{"f:replicas":{}}}`),
	}
	for path, want := range map[string][]string{
		"f:spec f:replicas":         {"ann", "bob"},
		"f:spec":                    {"ann", "bob"}, // parts of it
		"f:spec f:selector f:app":   {"ann"},        // all around it
		"f:data f:a":                {"bob"},
		"f:data f:b":                nil,
		"f:status":                  nil,
		"f:spec f:replicas f:none":  {"ann", "bob"},
		"f:spec f:strategy f:type":  nil,
		"f:metadata f:labels f:app": nil,
	} {
		if got := cluster.Owners(managed, strings.Fields(path)...); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
	}
}

// A person hears who changed a field, and that it was not he himself by another run.
func TestWhoChangedFields(t *testing.T) {
	t.Parallel()
	entry := func(manager string, second int64, fields string) metav1.ManagedFieldsEntry {
		at := metav1.Unix(second, 0)
		return metav1.ManagedFieldsEntry{Manager: manager, Time: &at, FieldsV1: metav1.NewFieldsV1(fields)}
	}
	managed := []metav1.ManagedFieldsEntry{
		entry("maker", 1, `{"f:template":{"f:env":{}},"f:both":{"f:a":{}},"f:older":{"f:a":{}}}`),
		entry(cluster.Manager, 2, `{"f:template":{"f:image":{}},"f:both":{"f:b":{}}}`),
		entry("ann", 2, `{"f:both":{"f:c":{}}}`),
	}
	image, env, none := []string{"f:template", "f:image"}, []string{"f:template", "f:env"}, []string{"f:none"}
	for want, paths := range map[string][][]string{cluster.AnotherStep: {none, image}, "maker": {image, env}, cluster.Unknown: {none}} {
		if got := cluster.ChangedBy(managed, paths...); got != want {
			t.Errorf("%v: got %s, want %s", paths, got, want)
		}
	}
	for whole, want := range map[string]string{"f:template": cluster.AnotherStep, "f:both": "ann", "f:older": "maker", "f:none": cluster.Unknown} {
		if got := cluster.LatestOf(managed, whole); got != want {
			t.Errorf("%s: got %s, want %s", whole, got, want)
		}
	}
}
