package apply_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/apply"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/objects"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/workloads"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// taken is a step that was done, and can be taken back.
type taken struct {
	h    sdk.Handler
	req  sdk.Request
	host *sdktest.Host
}

func actions(t testing.TB) []sdk.Declaration { return apply.Actions(shared.Connect(t)) }

// take does a step.
func take(t testing.TB, room []sdk.Declaration, name, key string, params map[string]any) taken {
	t.Helper()
	s := taken{lab.Action(t, room, name), lab.Request(t, params), &sdktest.Host{}}
	s.req.Key = key
	_, err := s.h.Apply(t.Context(), s.req, s.host)
	lab.Must(t, err)
	s.req.Before = s.host.StateBefore()
	return s
}

func (s taken) back(t testing.TB) error { return s.h.Undo(t.Context(), s.req, s.host) }

// What a step made is its own no longer where anybody changed it, under whatever name.
func TestUndoLeavesWhatAnybodyChangedSince(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		meddle func(t testing.TB, namespace string)
		says   string // empty: nothing of what it shall be was changed
	}{
		"another run applied more": {
			func(t testing.TB, namespace string) {
				applied(t, in(namespace, manifest(configMap("app", map[string]any{"a": "1", "b": "2", "c": "3"}))))
			},
			"another step or run of gatebook (earlier-step-0-do) applied the ConfigMap",
		},
		"another run applied less": {
			func(t testing.TB, namespace string) {
				applied(t, in(namespace, manifest(configMap("app", map[string]any{"a": "1"}))))
			},
			"another step or run of gatebook (earlier-step-0-do) applied the ConfigMap",
		},
		"another run set a value": {
			func(t testing.TB, namespace string) {
				take(t, objects.Actions(shared.Connect(t)), "configmap_set", "other-step-0-do", map[string]any{
					"namespace": namespace, "name": "app", "set": map[string]any{"c": "3"},
				})
			},
			"stays: another step or run of gatebook changed data.c of it",
		},
		"somebody took a value out": {
			func(t testing.TB, namespace string) { edit(t, namespace, "app", `{"data":{"b":null}}`) },
			"stays: somebody changed data.b of it",
		},
		"somebody changed a label of it": {
			func(t testing.TB, namespace string) {
				edit(t, namespace, "app", `{"metadata":{"labels":{"tier":"back"}}}`)
			},
			"stays: somebody-else changed metadata.labels.tier of it",
		},
		"a controller wrote its own": {
			func(t testing.TB, namespace string) {
				edit(t, namespace, "app", `{"metadata":{"labels":{"seen":"yes"},"annotations":{"seen-by":"a controller"}}}`)
			}, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			namespace := shared.Namespace(t)
			object := configMap("app", map[string]any{"a": "1", "b": "2"})
			object["metadata"] = map[string]any{"name": "app", "labels": map[string]any{"tier": "front"}}
			step := take(t, actions(t), "apply", "step-0-do", in(namespace, manifest(object)))
			c.meddle(t, namespace)
			err := step.back(t)
			_, gone := shared.Kube.CoreV1().ConfigMaps(namespace).Get(t.Context(), "app", metav1.GetOptions{})
			if c.says == "" {
				lab.Must(t, err)
			} else {
				lab.Fails(t, err, sdk.Conflict, c.says)
			}
			if apierrors.IsNotFound(gone) != (c.says == "") {
				t.Errorf("after the undo, the look for it says %v", gone)
			}
		})
	}
}

// What other steps set in an object and took back leaves it to the step that made it, and
// so does what they cannot take back.
func TestUndoDeletesWhatLaterStepsSetAndTookBack(t *testing.T) {
	t.Parallel()
	namespace := shared.Namespace(t)
	set := map[string]any{
		"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": map[string]any{"name": "db"},
		"spec": map[string]any{"serviceName": "db", "selector": map[string]any{"matchLabels": map[string]any{"app": "db"}}, "template": template("db", "Always")},
	}
	made := take(t, actions(t), "apply", "step-0-do", in(namespace, manifest(set)))
	later := workloads.Actions(shared.Connect(t))
	params := func(more map[string]any) map[string]any {
		more["name"], more["namespace"] = "db", namespace
		return more
	}
	steps := []taken{
		take(t, later, "scale", "step-1-do", params(map[string]any{"kind": "StatefulSet", "replicas": 2})),
		take(t, later, "statefulset_partition", "step-2-do", params(map[string]any{"partition": 1})),
		take(t, later, "set_image", "step-3-do", params(map[string]any{"kind": "StatefulSet", "images": map[string]any{"main": "x:2"}})),
	}
	for _, key := range []string{"step-4-do", "step-5-do"} {
		take(t, later, "rollout_restart", key, params(map[string]any{"kind": "StatefulSet"}))
	}
	lab.Fails(t, made.back(t), sdk.Conflict, "stays: another step or run of gatebook changed spec.")
	for _, step := range slices.Backward(steps) {
		lab.Must(t, step.back(t))
	}
	lab.Must(t, made.back(t))
	if _, err := shared.Kube.AppsV1().StatefulSets(namespace).Get(t.Context(), "db", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("the StatefulSet is there: %v", err)
	}
}

// What later steps of the run set in what an apply changed, and took back, is in nobody's way
// either: they hold it, by an update, and that is ours.
func TestUndoOfAChangeOutlivesLaterStepsThatWereTakenBack(t *testing.T) {
	t.Parallel()
	namespace := shared.Namespace(t)
	set := func(image string, partition int) map[string]any {
		made := template("db", "Always")
		made["spec"].(map[string]any)["containers"].([]any)[0].(map[string]any)["image"] = image
		return map[string]any{
			"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": map[string]any{"name": "db"},
			"spec": map[string]any{
				"serviceName": "db", "replicas": 2, "selector": map[string]any{"matchLabels": map[string]any{"app": "db"}}, "template": made,
				"updateStrategy": map[string]any{"type": "RollingUpdate", "rollingUpdate": map[string]any{"partition": partition}},
			},
		}
	}
	take(t, actions(t), "apply", "former-0-do", in(namespace, manifest(set("x:1", 0))))
	spec := func() string {
		found, err := shared.Kube.AppsV1().StatefulSets(namespace).Get(t.Context(), "db", metav1.GetOptions{})
		lab.Must(t, err)
		return fmt.Sprint(*found.Spec.Replicas, *found.Spec.UpdateStrategy.RollingUpdate.Partition, found.Spec.Template.Spec.Containers[0].Image)
	}
	before := spec()
	changed := take(t, actions(t), "apply", "step-0-do", in(namespace, manifest(set("x:2", 2))))
	later := workloads.Actions(shared.Connect(t))
	steps := []taken{
		take(t, later, "statefulset_partition", "step-1-do", map[string]any{"name": "db", "namespace": namespace, "partition": 1}),
		take(t, later, "set_image", "step-2-do", map[string]any{"name": "db", "namespace": namespace, "kind": "StatefulSet", "images": map[string]any{"main": "x:3"}}),
	}
	for _, step := range slices.Backward(steps) {
		lab.Must(t, step.back(t))
	}
	lab.Must(t, changed.back(t))
	if now := spec(); now != before {
		t.Errorf("it is %s, and was %s", now, before)
	}
}

// One run after the other can be taken back, the last one first, and no other way.
func TestUndoLeavesWhatAnotherRunApplied(t *testing.T) {
	t.Parallel()
	namespace := shared.Namespace(t)
	live := shared.Kube.CoreV1().ConfigMaps(namespace)
	_, err := live.Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "app"}, Data: map[string]string{"z": "0"}},
		metav1.CreateOptions{FieldManager: "somebody-else"})
	lab.Must(t, err)
	first := probe(t, namespace)
	one := take(t, actions(t), "apply", "one-0-do", in(namespace, manifest(configMap("app", map[string]any{"a": "1", "b": "1"}))))
	second := probe(t, namespace)
	two := take(t, actions(t), "apply", "two-0-do", in(namespace, manifest(configMap("app", map[string]any{"a": "1"}))))
	third := probe(t, namespace)
	lab.Fails(t, one.back(t), sdk.Conflict, "another step or run of gatebook (two-0-do) applied the ConfigMap "+namespace+"/app since")
	if now := probe(t, namespace); now != third {
		t.Errorf("the state is %s and was %s", now, third)
	}
	for range 2 {
		lab.Must(t, two.back(t))
	}
	if now := probe(t, namespace); now != second {
		t.Errorf("the state is %s and was %s", now, second)
	}
	for range 2 {
		lab.Must(t, one.back(t))
	}
	if now := probe(t, namespace); now != first {
		t.Errorf("the state is %s and was %s", now, first)
	}
}

// What another run found as it should be rests on the one that made or changed it, and is not
// taken from under it: that run has to be taken back first, which changes nothing else.
func TestUndoLeavesWhatAnotherRunFoundAsItShouldBe(t *testing.T) {
	t.Parallel()
	for name, former := range map[string][]any{"made": nil, "changed": {configMap("app", map[string]any{"a": "1"}), secret("key", map[string]any{"word": "old-word"})}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			namespace := shared.Namespace(t)
			if former != nil {
				applied(t, in(namespace, manifest(former...)))
			}
			whole := func() string {
				found, err := shared.Kube.CoreV1().ConfigMaps(namespace).Get(t.Context(), "app", metav1.GetOptions{})
				if apierrors.IsNotFound(err) {
					return ""
				}
				lab.Must(t, err)
				state := probe(t, namespace)
				for _, entry := range found.ManagedFields {
					state += fmt.Sprint("\n", entry.Manager, entry.Operation, entry.FieldsV1)
				}
				return state
			}
			first := whole()
			params := in(namespace, manifest(configMap("app", map[string]any{"a": "2"}), secret("key", map[string]any{"word": "new-word"})))
			one := take(t, actions(t), "apply", "one-0-do", params)
			second := whole()
			req, host := lab.Request(t, params), &sdktest.Host{}
			req.Key = "two-0-do"
			if out := outputs(t, req, host); len(out.Unchanged) != 2 {
				t.Errorf("it did %+v", out)
			}
			req.Before = host.StateBefore()
			two, third := taken{handler(t, shared.Connect(t)), req, host}, whole()
			lab.Fails(t, one.back(t), sdk.Conflict, "another step or run of gatebook (two-0-do) applied the ConfigMap "+namespace+"/app since", "applied the Secret")
			if now := whole(); now != third {
				t.Errorf("the state is %s\nand was %s", now, third)
			}
			for range 2 {
				lab.Must(t, two.back(t))
			}
			if now := whole(); now != second {
				t.Errorf("the state is %s\nand was %s", now, second)
			}
			lab.Must(t, one.back(t))
			if now := whole(); now != first {
				t.Errorf("the state is %s\nand was %s", now, first)
			}
		})
	}
}

// Of what a run only found as it should be, there is nothing to take back where another run
// applied it since, or somebody deleted it.
func TestUndoOfWhatWasAsItShouldBeIsInNobodysWay(t *testing.T) {
	t.Parallel()
	namespace := shared.Namespace(t)
	params := in(namespace, manifest(configMap("shared", map[string]any{"a": "1"}), configMap("gone", nil)))
	applied(t, params)
	one := take(t, actions(t), "apply", "one-0-do", params)
	take(t, actions(t), "apply", "two-0-do", params)
	lab.Must(t, shared.Kube.CoreV1().ConfigMaps(namespace).Delete(t.Context(), "gone", metav1.DeleteOptions{}))
	state := probe(t, namespace)
	lab.Must(t, one.back(t))
	if now := probe(t, namespace); now != state {
		t.Errorf("the state is %s\nand was %s", now, state)
	}
}

// What another step set beside what is taken back stays, and is known for ours.
func TestUndoLeavesTheManagersOfWhatAnotherStepSet(t *testing.T) {
	t.Parallel()
	namespace := shared.Namespace(t)
	applied(t, in(namespace, manifest(configMap("app", map[string]any{"a": "1"}))))
	step := take(t, actions(t), "apply", "step-0-do", in(namespace, manifest(configMap("app", map[string]any{"a": "2"}))))
	take(t, objects.Actions(shared.Connect(t)), "configmap_set", "other-0-do", map[string]any{
		"namespace": namespace, "name": "app", "set": map[string]any{"b": "3"},
	})
	lab.Must(t, step.back(t))
	now, err := shared.Kube.CoreV1().ConfigMaps(namespace).Get(t.Context(), "app", metav1.GetOptions{})
	lab.Must(t, err)
	if owners := cluster.Owners(now.ManagedFields, "f:data", "f:b"); now.Data["a"] != "1" || !slices.Equal(owners, []string{cluster.Manager}) {
		t.Errorf("there is %v, and %v manage b", now.Data, owners)
	}
}

// Who declares the value that the step set has a say in it too, by whatever action it was.
func TestUndoLeavesWhatSomebodyDeclaredAlike(t *testing.T) {
	t.Parallel()
	c := shared.Connect(t)
	for name, of := range map[string]struct {
		room   []sdk.Declaration
		params map[string]any
	}{
		"apply":         {actions(t), manifest(configMap("app", map[string]any{"a": "2"}))},
		"patch":         {objects.Actions(c), map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "name": "app", "patch": map[string]any{"data": map[string]any{"a": "2"}}}},
		"configmap_set": {objects.Actions(c), map[string]any{"name": "app", "set": map[string]any{"a": "2"}}},
	} {
		for who, declare := range map[string]func(t *testing.T, namespace string){
			"flux": func(t *testing.T, namespace string) {
				_, err := shared.Kube.CoreV1().ConfigMaps(namespace).Apply(t.Context(),
					corev1ac.ConfigMap("app", namespace).WithData(map[string]string{"a": "2"}), metav1.ApplyOptions{FieldManager: "flux"})
				lab.Must(t, err)
			},
			"another step or run of gatebook": func(t *testing.T, namespace string) {
				take(t, actions(t), "apply", "other-0-do", in(namespace, manifest(configMap("app", map[string]any{"a": "2"}))))
			},
		} {
			t.Run(name+" and "+who, func(t *testing.T) {
				t.Parallel()
				namespace := shared.Namespace(t)
				applied(t, in(namespace, manifest(configMap("app", map[string]any{"a": "1"}))))
				step := take(t, of.room, name, "step-0-do", in(namespace, of.params))
				declare(t, namespace)
				lab.Fails(t, step.back(t), sdk.Conflict, who, "the ConfigMap "+namespace+"/app")
				now, err := shared.Kube.CoreV1().ConfigMaps(namespace).Get(t.Context(), "app", metav1.GetOptions{})
				lab.Must(t, err)
				if now.Data["a"] != "2" {
					t.Errorf("there is %v", now.Data)
				}
			})
		}
	}
}

// A conflict names who changed the item of a list, by whatever that is known, and a part
// of what has one manager as a whole.
func TestAConflictNamesWhoChangedAListOrAMap(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ patch, says string }{
		"an item of a list": {`{"spec":{"ports":[{"port":80,"protocol":"TCP","targetPort":9999}]}}`, "kubectl-edit changed spec.ports[http].targetPort of the Service"},
		"a whole map":       {`{"spec":{"selector":{"app":"red"}}}`, "kubectl-edit changed spec.selector.app of the Service"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			namespace := shared.Namespace(t)
			service := func(target int, app string) map[string]any {
				return map[string]any{
					"apiVersion": "v1", "kind": "Service", "metadata": map[string]any{"name": "web"},
					"spec": map[string]any{"selector": map[string]any{"app": app}, "ports": []any{map[string]any{"name": "http", "port": 80, "targetPort": target}}},
				}
			}
			applied(t, in(namespace, manifest(service(8080, "blue"))))
			step := take(t, actions(t), "apply", "step-0-do", in(namespace, manifest(service(8081, "green"))))
			_, err := shared.Kube.CoreV1().Services(namespace).Patch(context.WithoutCancel(t.Context()), "web", types.StrategicMergePatchType, []byte(c.patch),
				metav1.PatchOptions{FieldManager: "kubectl-edit"})
			lab.Must(t, err)
			if err := step.back(t); err == nil || !strings.HasPrefix(err.Error(), c.says) {
				t.Errorf("got %v, want %s", err, c.says)
			}
		})
	}
}
