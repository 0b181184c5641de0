package fields_test

import (
	"encoding/json"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/fields"
)

func object(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	made := &unstructured.Unstructured{}
	raw, err := yaml.YAMLToJSON([]byte("apiVersion: v1\nkind: Thing\n" + text))
	if err == nil {
		err = made.UnmarshalJSON(raw)
	}
	if err != nil {
		t.Fatal(err)
	}
	return made
}

const twoContainers = "spec: {containers: [{name: web, image: 'web:1'}, {name: log, image: 'log:1'}]}"

func TestAChangeIsKnownByItsFieldsAndTakenBackInThem(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		from, to string
		paths    string
		// now is the object at the time of the undo: to, with what others added.
		now, patch string
	}{
		"a value": {
			"spec: {replicas: 2, paused: false}", "spec: {replicas: 3, paused: false}", "spec.replicas",
			"spec: {replicas: 3, paused: true}", `{"spec":{"replicas":2}}`,
		},
		"the first annotation": {
			"metadata: {name: a}", "metadata: {name: a, annotations: {x: '1'}}", "metadata.annotations.x",
			"metadata: {name: a, annotations: {x: '1'}}", `{"metadata":{"annotations":null}}`,
		},
		"the first annotation, and another since": {
			"metadata: {name: a}", "metadata: {name: a, annotations: {x: '1'}}", "metadata.annotations.x",
			"metadata: {name: a, annotations: {x: '1', y: '2'}}", `{"metadata":{"annotations":{"x":null}}}`,
		},
		"one that goes": {
			"data: {x: '1'}", "", "data.x", "data: {y: '2'}", `{"data":{"x":"1"}}`,
		},
		"in an empty object": {"data: {}", "data: {x: '1'}", "data.x", "data: {x: '1'}", `{"data":{"x":null}}`},
		"an item by its name": {
			twoContainers, strings.Replace(twoContainers, "log:1", "log:2", 1), "spec.containers[log].image",
			"spec: {containers: [{name: log, image: 'log:2'}, {name: new, image: 'new:1'}]}",
			`{"spec":{"containers":[{"image":"log:1","name":"log"},{"image":"new:1","name":"new"}]}}`,
		},
		"a list": {
			"spec: {args: [a]}", "spec: {args: [a, b]}", "spec.args", "spec: {args: [a, b], more: 1}", `{"spec":{"args":["a"]}}`,
		},
		"a number that a float cannot hold": {
			"spec: {serial: 9007199254740993}", "spec: {serial: 1}", "spec.serial", "spec: {serial: 1}", `{"spec":{"serial":9007199254740993}}`,
		},
		"what the server keeps": {
			"metadata: {resourceVersion: '1', generation: 1}", "metadata: {resourceVersion: '2', generation: 2}", "",
			"", `{}`,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			changes, err := fields.Between(object(t, c.from), object(t, c.to))
			if err != nil {
				t.Fatal(err)
			}
			var paths []string
			for _, change := range journalled(t, changes) {
				paths = append(paths, change.Path.String())
				for state, want := range map[string]fields.Standing{c.from: fields.Original, c.to: fields.Changed, c.now: fields.Changed} {
					if got := change.Standing(object(t, state)); got != want {
						t.Errorf("%s stands as %d in %s, want %d", change.Path, got, state, want)
					}
				}
			}
			if got := strings.Join(paths, " "); got != c.paths {
				t.Errorf("the paths are %s, want %s", got, c.paths)
			}
			patch, err := fields.Restoring(object(t, c.now), journalled(t, changes))
			if err != nil {
				t.Fatal(err)
			}
			if text, _ := json.Marshal(patch); string(text) != c.patch {
				t.Errorf("the patch is %s, want %s", text, c.patch)
			}
		})
	}
}

// journalled are changes as they come back from a journal.
func journalled(t *testing.T, changes []fields.Change) []fields.Change {
	t.Helper()
	text, err := json.Marshal(changes)
	if err != nil {
		t.Fatal(err)
	}
	var back []fields.Change
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	return back
}

func TestAnotherValueIsSomebodyElses(t *testing.T) {
	t.Parallel()
	changes, err := fields.Between(object(t, "spec: {replicas: 2}"), object(t, "spec: {replicas: 3}"))
	if err != nil {
		t.Fatal(err)
	}
	for _, state := range []string{"spec: {replicas: 4}", "spec: {}", "", "spec: {replicas: '3'}"} {
		if got := changes[0].Standing(object(t, state)); got != fields.Other {
			t.Errorf("%s stands as %d", state, got)
		}
	}
}

func TestValuesOfSecretsAreNotKept(t *testing.T) {
	t.Parallel()
	from := object(t, "data: {word: b2xkd29yZA==}\ntype: Opaque")
	to := object(t, "data: {word: bmV3d29yZA==, more: bW9yZQ==}\ntype: Other")
	from.SetKind("Secret")
	to.SetKind("Secret")
	changes, err := fields.Between(from, to)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := json.Marshal(changes)
	for _, value := range []string{"b2xkd29yZA", "bmV3d29yZA", "bW9yZQ"} {
		if strings.Contains(string(text), value) {
			t.Errorf("a value is in %s", text)
		}
	}
	if len(changes) != 3 || !changes[0].Secret || changes[0].Before.There || !changes[1].Before.There || changes[2].Secret {
		t.Errorf("got %s", text)
	}
}

// A value that is not kept is known again, after a journal too.
func TestValuesOfSecretsAreKnownAgain(t *testing.T) {
	t.Parallel()
	was, is := object(t, "kind: Secret\ndata: {word: b2xkd29yZA==}"), object(t, "kind: Secret\ndata: {word: bmV3d29yZA==, more: bW9yZQ==}")
	changes, err := fields.Between(was, is)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(changes)
	if err != nil {
		t.Fatal(err)
	}
	var kept []fields.Change
	if err := json.Unmarshal(text, &kept); err != nil {
		t.Fatal(err)
	}
	for state, want := range map[string]fields.Standing{
		"data: {word: b2xkd29yZA==}":                 fields.Original,
		"data: {word: bmV3d29yZA==, more: bW9yZQ==}": fields.Changed,
		"data: {word: b3RoZXI=, more: b3RoZXI=}":     fields.Other,
	} {
		for _, change := range kept {
			if got := change.Standing(object(t, "kind: Secret\n"+state)); got != want {
				t.Errorf("%s stands as %d in %s, want %d", change.Path, got, state, want)
			}
		}
	}
	again, err := fields.Between(was, is)
	if err != nil || string(again[0].After.Seal.Sum) == string(changes[0].After.Seal.Sum) {
		t.Errorf("two seals of one value are alike: %v", err)
	}
	if !kept[1].IsLost() || kept[0].IsLost() {
		t.Errorf("%s is lost, and %s is not", kept[1].Path, kept[0].Path)
	}
	if _, err := fields.Restoring(is, kept[1:]); err == nil {
		t.Error("a value that nobody knows was restored")
	}
}

func TestPathsAsManagersWriteThem(t *testing.T) {
	t.Parallel()
	changes, err := fields.Between(object(t, twoContainers), object(t, strings.Replace(twoContainers, "log:1", "log:2", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(changes[0].Path.Managed(object(t, twoContainers)), " "); got != `f:spec f:containers k:{"name":"log"} f:image` {
		t.Errorf("got %s", got)
	}
}

// What the step holds itself says nothing of another step of ours: a webhook may have changed
// its mind. What we hold otherwise does, and who else holds it is named before.
func TestAConflictNamesAnotherStepOnlyByWhatThatHolds(t *testing.T) {
	t.Parallel()
	entry := func(manager string, by metav1.ManagedFieldsOperationType) metav1.ManagedFieldsEntry {
		return metav1.ManagedFieldsEntry{Manager: manager, Operation: by, FieldsV1: metav1.NewFieldsV1(`{"f:spec":{"f:image":{}}}`)}
	}
	const apply, update = metav1.ManagedFieldsOperationApply, metav1.ManagedFieldsOperationUpdate
	ours, set := entry(cluster.Manager, apply), entry(cluster.Manager, update)
	for name, c := range map[string]struct {
		held []metav1.ManagedFieldsEntry
		by   metav1.ManagedFieldsOperationType
		want string
	}{
		"the step itself":               {[]metav1.ManagedFieldsEntry{ours}, apply, cluster.Unknown},
		"another action":                {[]metav1.ManagedFieldsEntry{ours, set}, apply, cluster.AnotherStep},
		"an apply, of what was set":     {[]metav1.ManagedFieldsEntry{ours}, update, cluster.AnotherStep},
		"another update":                {[]metav1.ManagedFieldsEntry{set}, update, cluster.AnotherStep},
		"somebody, beside another step": {[]metav1.ManagedFieldsEntry{set, entry("kubectl-edit", update)}, apply, "kubectl-edit"},
	} {
		live := object(t, "spec: {image: 'x:2'}")
		live.SetManagedFields(c.held)
		if got := fields.Who(live, c.by, fields.Change{Path: fields.Path{{Field: "spec"}, {Field: "image"}}}); got != c.want {
			t.Errorf("%s: it is %s, want %s", name, got, c.want)
		}
	}
}

// Who holds some items of a list, as who made the object, has changed none of the others.
func TestAConflictOverAListNamesWhoHoldsWhatIsNewInIt(t *testing.T) {
	t.Parallel()
	const update, first, second = metav1.ManagedFieldsOperationUpdate, `"k:{\"name\":\"A\"}":{".":{},"f:name":{},"f:value":{}}`, `"k:{\"name\":\"B\"}":{".":{},"f:name":{},"f:value":{}}`
	const third, word = `"k:{\"name\":\"C\"}":{".":{},"f:name":{}}`, `"k:{\"name\":\"B\"}":{"f:value":{}}`
	change := func(path string, after any) fields.Change {
		text, err := json.Marshal(after)
		if err != nil {
			t.Fatal(err)
		}
		return fields.Change{Path: fields.Path{{Field: path}}, After: fields.Value{There: true, JSON: text}}
	}
	entry := func(manager string, by metav1.ManagedFieldsOperationType, held string) metav1.ManagedFieldsEntry {
		return metav1.ManagedFieldsEntry{Manager: manager, Operation: by, FieldsV1: metav1.NewFieldsV1(`{"f:env":{` + held + `}}`)}
	}
	left := []any{map[string]any{"name": "A", "value": "1"}, map[string]any{"name": "B", "value": "2"}}
	const asLeft = "{name: A, value: '1'}, {name: B, value: '2'}"
	for name, c := range map[string]struct {
		env  string
		by   metav1.ManagedFieldsOperationType
		held []metav1.ManagedFieldsEntry
		left any
		want string
	}{
		"another step added one":          {asLeft + ", {name: C}", update, []metav1.ManagedFieldsEntry{entry("kubectl", update, first), entry(cluster.Manager, update, second+","+third)}, left, cluster.AnotherStep},
		"another action beside our apply": {asLeft + ", {name: C}", "Apply", []metav1.ManagedFieldsEntry{entry("kubectl", update, first), entry(cluster.Manager, "Apply", second), entry(cluster.Manager, update, third)}, left, cluster.AnotherStep},
		"somebody added one":              {asLeft + ", {name: C}", update, []metav1.ManagedFieldsEntry{entry("kubectl", update, first), entry(cluster.Manager, update, second), entry("ann", update, third)}, left, "ann"},
		"somebody gave one another value": {"{name: A, value: '1'}, {name: B, value: '3'}", update, []metav1.ManagedFieldsEntry{entry("kubectl", update, first), entry("ann", update, word)}, left, "ann"},
		"somebody took one out":           {"{name: A, value: '1'}", update, []metav1.ManagedFieldsEntry{entry("kubectl", update, first)}, left, cluster.Unknown},
		"a set":                           {"one, two", update, []metav1.ManagedFieldsEntry{entry("kubectl", update, `"v:\"one\"":{}`), entry(cluster.Manager, update, `"v:\"two\"":{}`)}, []any{"one"}, cluster.AnotherStep},
		"a list that is held as a whole":  {"one, two", update, []metav1.ManagedFieldsEntry{entry("ann", update, "")}, []any{"one"}, "ann"},
	} {
		live := object(t, "env: ["+c.env+"]")
		live.SetManagedFields(c.held)
		if got := fields.Who(live, c.by, change("env", c.left)); got != c.want {
			t.Errorf("%s: it is %s, want %s", name, got, c.want)
		}
	}
}
