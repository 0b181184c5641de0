package diff_test

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/diff"
)

func object(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	if text == "" {
		return nil
	}
	made := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &made.Object); err != nil {
		t.Fatal(err)
	}
	return made
}

const configMap = `
apiVersion: v1
kind: ConfigMap
metadata: {name: web, namespace: shop, uid: 1-2, resourceVersion: "7"}
data: {color: red, size: big}
`

const secret = `
apiVersion: v1
kind: Secret
metadata: {name: key, namespace: shop, annotations: {kubectl.kubernetes.io/last-applied-configuration: '{"data": "c2VjcmV0"}'}}
data: {same: c2VjcmV0, other: b2xk, gone: Z29uZQ==}
`

func TestObjects(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ from, to, want string }{
		"a value changes": {
			configMap, strings.ReplaceAll(strings.ReplaceAll(configMap, "red", "blue"), `"7"`, `"8"`),
			"--- live\n+++ planned\n@@ -1,6 +1,6 @@\n apiVersion: v1\n data:\n-  color: red\n+  color: blue\n   size: big\n kind: ConfigMap\n metadata:\n",
		},
		"only what the server keeps changes": {configMap, strings.ReplaceAll(configMap, `"7"`, `"8"`), ""},
		"it is made": {
			"", "kind: Thing\nmetadata: {name: a}\n",
			"--- live\n+++ planned\n@@ -0,0 +1,3 @@\n+kind: Thing\n+metadata:\n+  name: a\n",
		},
		"it goes": {
			"kind: Thing\nmetadata: {name: a}\n", "",
			"--- live\n+++ planned\n@@ -1,3 +0,0 @@\n-kind: Thing\n-metadata:\n-  name: a\n",
		},
		"values of a Secret": {
			secret, strings.NewReplacer("b2xk", "bmV3", ", gone: Z29uZQ==", ", added: YWRkZWQ=").Replace(secret),
			"--- live\n+++ planned\n@@ -1,7 +1,7 @@\n apiVersion: v1\n data:\n-  gone: '***'\n-  other: '*** (before)'\n" +
				"+  added: '***'\n+  other: '*** (after)'\n   same: '***'\n kind: Secret\n metadata:\n",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := diff.Objects(object(t, c.from), object(t, c.to))
			if err != nil || got != c.want {
				t.Errorf("got %v\n%s\nwant\n%s", err, got, c.want)
			}
		})
	}
}

func TestObjectsAreLeftAsTheyAre(t *testing.T) {
	t.Parallel()
	from, to := object(t, secret), object(t, secret)
	if _, err := diff.Objects(from, to); err != nil {
		t.Fatal(err)
	}
	if data, _, _ := unstructured.NestedString(to.Object, "data", "same"); data != "c2VjcmV0" {
		t.Errorf("the object itself was masked: %q", data)
	}
}

func TestTypedObjectsAreShownAsTheirKind(t *testing.T) {
	t.Parallel()
	from := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "key"}, Data: map[string][]byte{"word": []byte("old")}}
	to := from.DeepCopy()
	to.Data["word"] = []byte("new")
	got, err := diff.Typed("Secret", from, to)
	want := "--- live\n+++ planned\n@@ -1,5 +1,5 @@\n data:\n-  word: '*** (before)'\n+  word: '*** (after)'\n kind: Secret\n metadata:\n   name: key\n"
	if err != nil || got != want {
		t.Errorf("got %v\n%s", err, got)
	}
}
