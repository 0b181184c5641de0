package lab

import (
	"context"
	"fmt"
	"os"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// Define makes the kind of a CustomResourceDefinition in a file, and waits until it is
// served. Several tests may do so.
func (l *Lab) Define(t testing.TB, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	Must(t, err)
	definition := &unstructured.Unstructured{}
	Must(t, yaml.Unmarshal(text, &definition.Object))
	c := l.Connect(t)
	kind, err := c.Kind(t.Context(), definition.GetAPIVersion(), definition.GetKind())
	Must(t, err)
	_, err = c.Objects(kind, "").Create(t.Context(), definition, metav1.CreateOptions{})
	if !apierrors.IsAlreadyExists(err) {
		Must(t, err)
	}
	Eventually(t, file+" is established", func(ctx context.Context) error {
		found, err := c.Objects(kind, "").Get(ctx, definition.GetName(), metav1.GetOptions{})
		if err != nil {
			return err
		}
		conditions, _, _ := unstructured.NestedSlice(found.Object, "status", "conditions")
		for _, one := range conditions {
			if c := one.(map[string]any); c["type"] == "Established" && c["status"] == "True" {
				return nil
			}
		}
		return fmt.Errorf("its conditions are %v", conditions)
	})
}
