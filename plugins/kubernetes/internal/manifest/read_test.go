package manifest_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/manifest"
)

func TestReadOrdersAndCompletes(t *testing.T) {
	t.Parallel()
	items, err := manifest.Read(nil, `
apiVersion: v1
kind: Secret
metadata: {name: key, uid: "1", resourceVersion: "2"}
data: {old: b2xk}
stringData: {new: new}
status: {}
---
# only a comment
---
apiVersion: v1
kind: List
items:
- {apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: a}}
- {apiVersion: v1, kind: Namespace, metadata: {name: shop}}
`)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, i := range items {
		got = append(got, manifest.RefOf(i.Object).String())
	}
	if want := "[Namespace shop CustomResourceDefinition a Secret key]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
	text, err := json.Marshal(items[2].Object.Object)
	want := `{"apiVersion":"v1","data":{"new":"bmV3","old":"b2xk"},"kind":"Secret","metadata":{"name":"key"}}`
	if err != nil || string(text) != want {
		t.Errorf("got %s, %v", text, err)
	}
}

// What the server keeps by itself is not applied, and that is told where it was meant.
func TestWhatIsNotAppliedIsTold(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`metadata: {name: a, creationTimestamp: null, managedFields: []}, status: {}`:            "[]",
		`metadata: {name: a, resourceVersion: "1", uid: b}, data: {c: d}, status: {ready: true}`: "[Some of the manifests is not applied, since the server keeps it by itself: metadata.resourceVersion, metadata.uid, status of the ConfigMap a.]",
	} {
		items, err := manifest.Read(nil, "{apiVersion: v1, kind: ConfigMap, "+text+"}")
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(manifest.Warnings(items)); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
		if left := items[0].Object; left.GetUID() != "" || left.GetResourceVersion() != "" || left.Object["status"] != nil {
			t.Errorf("left is %v", left)
		}
	}
}

// A namespace that YAML takes for a number is one all the same, and no other is meant.
func TestANamespaceThatIsNoStringIsRefused(t *testing.T) {
	t.Parallel()
	for namespace, ok := range map[string]bool{"2024": false, "true": false, "[a]": false, `"2024"`: true, "shop": true, "null": true} {
		_, err := manifest.Read(nil, "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: "+namespace+"}}")
		if said := "manifests: metadata.namespace of the ConfigMap a must be a string"; ok != (err == nil) || !ok && err.Error() != said {
			t.Errorf("%s: got %v", namespace, err)
		}
	}
}

// Whatever is read is an object with a name.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"", "null", "- a", "a: b: c", "---\n---\n", "kind: List\napiVersion: v1\nitems: [1]", "&a [*a]",
		"{apiVersion: v1, kind: Secret, metadata: {name: a, labels: {b: 1}}, stringData: {c: [opensesame]}}",
		"{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {c: opensesame}}",
		"{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {c: \"1\"}}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		items, _ := manifest.Read(nil, text)
		for _, i := range items {
			if ref := manifest.RefOf(i.Object); ref.Name == "" || ref.Kind == "" || ref.APIVersion == "" {
				t.Errorf("read %+v", ref)
			}
		}
		if raw := json.RawMessage(text); json.Valid(raw) && len(raw) > 0 {
			if items, err := manifest.Read(raw, ""); err == nil && len(items) == 0 {
				t.Error("it read nothing, and found no fault")
			}
		}
	})
}
