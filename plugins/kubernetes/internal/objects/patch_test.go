package objects_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/objects"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// colored is a world with the ConfigMap web, which is red and big, for an action that
// changes it; more are parameters beside its name.
func colored(more map[string]any) func(testing.TB) sdktest.World {
	return func(t testing.TB) sdktest.World {
		namespace := shared.Namespace(t)
		configMap(t, namespace, "web", map[string]string{"color": "red", "size": "big"})
		params := map[string]any{"name": "web", "namespace": namespace}
		maps.Copy(params, more)
		return sdktest.World{Params: params, Probe: func() string { return probe(t, namespace, params["name"].(string)) }}
	}
}

// probe is what an action could change of a ConfigMap.
func probe(t testing.TB, namespace, name string) string {
	all, err := shared.Kube.CoreV1().ConfigMaps(namespace).List(context.WithoutCancel(t.Context()),
		metav1.ListOptions{FieldSelector: "metadata.name=" + name})
	lab.Must(t, err)
	state := "none"
	for _, found := range all.Items {
		state = fmt.Sprint(found.Data, found.Labels, found.Annotations)
	}
	return state
}

// recolor changes the ConfigMap web as somebody else does.
func recolor(t testing.TB, namespace, patch string) {
	t.Helper()
	_, err := shared.Kube.CoreV1().ConfigMaps(namespace).Patch(t.Context(), "web", types.MergePatchType, []byte(patch),
		metav1.PatchOptions{FieldManager: "somebody-else"})
	lab.Must(t, err)
}

// patching are the parameters of a patch of a ConfigMap.
func patching(form string, patch any) map[string]any {
	return map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "type": form, "patch": patch}
}

func blue() map[string]any {
	return map[string]any{
		"metadata": map[string]any{"annotations": map[string]any{"by": "us"}},
		"data":     map[string]any{"color": "blue", "size": nil, "shape": "round"},
	}
}

func TestPatchKeepsTheContract(t *testing.T) {
	t.Parallel()
	missing := patching("merge", blue())
	missing["name"] = "db"
	sdktest.Run(t, action(t, shared.Connect(t), "patch"),
		sdktest.Case{Name: "merge", World: colored(patching("merge", blue()))},
		sdktest.Case{Name: "strategic", World: colored(patching("strategic", blue()))},
		sdktest.Case{Name: "json", World: colored(patching("json", []any{
			map[string]any{"op": "test", "path": "/kind", "value": "ConfigMap"},
			map[string]any{"op": "replace", "path": "/data/color", "value": "blue"},
			map[string]any{"op": "add", "path": "/metadata/labels", "value": map[string]any{"by": "us"}},
		}))},
		sdktest.Case{Name: "nothing to change", World: colored(patching("merge", map[string]any{"data": map[string]any{"color": "red"}}))},
		sdktest.Case{Name: "a test that fails", Fails: sdk.Permanent, World: colored(patching("json", []any{
			map[string]any{"op": "test", "path": "/data/color", "value": "green"},
		}))},
		sdktest.Case{Name: "not a patch of its type", Fails: sdk.Permanent, World: colored(patching("json", blue()))},
		sdktest.Case{Name: "what the server refuses", Fails: sdk.Permanent, World: colored(patching("merge", map[string]any{"data": map[string]any{"a b": "c"}}))},
		sdktest.Case{Name: "no such object", World: colored(missing), Fails: sdk.Permanent})
}

func TestPlanOfPatchShowsTheChange(t *testing.T) {
	t.Parallel()
	world := colored(patching("merge", blue()))(t)
	preview, err := action(t, shared.Connect(t), "patch").Plan(t.Context(), lab.Request(t, world.Params))
	lab.Must(t, err)
	name := fmt.Sprintf("ConfigMap %s/web", world.Params["namespace"])
	if want := "would change data.color, data.shape, data.size, metadata.annotations.by of the " + name; preview.Summary != want {
		t.Errorf("got %q, want %q", preview.Summary, want)
	}
	if len(preview.Changes) != 1 || preview.Changes[0].Target != name || !strings.Contains(preview.Changes[0].Diff, "-  color: red\n-  size: big\n+  color: blue\n+  shape: round\n") {
		t.Errorf("the plan is %+v", preview)
	}
	absent := maps.Clone(world.Params)
	absent["name"] = "db"
	preview, err = action(t, shared.Connect(t), "patch").Plan(t.Context(), lab.Request(t, absent))
	lab.Must(t, err) // an earlier step may make it
	if want := fmt.Sprintf("There is no ConfigMap %s/db.", world.Params["namespace"]); len(preview.Blockers) != 1 || preview.Blockers[0] != want {
		t.Errorf("the blockers are %q, want %q", preview.Blockers, want)
	}
	absent["apiVersion"], absent["kind"] = "later.lab.example/v1", "Gear"
	preview, err = action(t, shared.Connect(t), "patch").Plan(t.Context(), lab.Request(t, absent))
	lab.Must(t, err) // and define its kind
	if want := "The cluster serves no Gear in later.lab.example/v1."; len(preview.Blockers) != 1 || preview.Blockers[0] != want {
		t.Errorf("the blockers are %q, want %q", preview.Blockers, want)
	}
	absent["apiVersion"] = "apps/v1" // whose kinds nobody defines
	if _, err = action(t, shared.Connect(t), "patch").Plan(t.Context(), lab.Request(t, absent)); err == nil || sdk.AsError(err).Field != "kind" {
		t.Errorf("got %v", err)
	}
	shared.Allow(t, "map-reader", readers("configmaps", "get")...)
	preview, err = action(t, shared.ConnectAs(t, "map-reader"), "patch").Plan(t.Context(), lab.Request(t, world.Params))
	lab.Must(t, err)
	if want := fmt.Sprintf("You may not patch the ConfigMap web in %s.", world.Params["namespace"]); len(preview.Blockers) != 1 || preview.Blockers[0] != want {
		t.Errorf("the blockers are %q, want %q", preview.Blockers, want)
	}
}

// What somebody else changes of the same object is left alone; what he changes of the
// same fields is a conflict, after which nothing is put back.
func TestUndoOfPatchMindsItsOwnFields(t *testing.T) {
	t.Parallel()
	handler := action(t, shared.Connect(t), "patch")
	cases := map[string]struct{ foreign, after string }{
		"another field":  {`{"data":{"taste":"sweet"}}`, "map[color:red size:big taste:sweet]map[]map[]"},
		"the same field": {`{"data":{"color":"green"}}`, ""},
		"one put back":   {`{"data":{"color":"red"}}`, "map[color:red size:big]map[]map[]"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world, host := colored(patching("merge", blue()))(t), &sdktest.Host{}
			req := lab.Request(t, world.Params)
			_, err := handler.Apply(t.Context(), req, host)
			lab.Must(t, err)
			recolor(t, world.Params["namespace"].(string), c.foreign)
			req.Before = host.StateBefore()
			before := world.Probe()
			err = handler.Undo(t.Context(), req, host)
			if c.after != "" {
				if got := strings.ReplaceAll(world.Probe(), " map", "map"); err != nil || got != c.after {
					t.Errorf("got %v, and it is %s", err, got)
				}
				return
			}
			if err == nil || sdk.AsError(err).Class != sdk.Conflict || !strings.Contains(err.Error(), "somebody-else changed data.color") {
				t.Errorf("got %v, want a conflict with somebody-else", err)
			}
			if world.Probe() != before {
				t.Errorf("the undo changed %s to %s", before, world.Probe())
			}
		})
	}
}

// Who holds the rest of a list has declared nothing of what was taken out of it.
func TestUndoOfPatchPutsBackWhatItTookOut(t *testing.T) {
	t.Parallel()
	handler, namespace := action(t, shared.Connect(t), "patch"), shared.Namespace(t)
	deployments := shared.Kube.AppsV1().Deployments(namespace)
	_, err := deployments.Create(t.Context(), &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: appsv1.DeploymentSpec{
			Replicas: new(int32), Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "web"}},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "x:1", Env: []corev1.EnvVar{{Name: "A", Value: "1"}, {Name: "B", Value: "2"}}}}},
			},
		},
	}, metav1.CreateOptions{FieldManager: "somebody-else"})
	lab.Must(t, err)
	env := func() string {
		found, err := deployments.Get(t.Context(), "web", metav1.GetOptions{})
		lab.Must(t, err)
		return fmt.Sprint(found.Spec.Template.Spec.Containers[0].Env)
	}
	before := env()
	host, req := &sdktest.Host{}, lab.Request(t, map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "namespace": namespace, "type": "json",
		"patch": []any{map[string]any{"op": "remove", "path": "/spec/template/spec/containers/0/env/1"}},
	})
	_, err = handler.Apply(t.Context(), req, host)
	lab.Must(t, err)
	if env() == before {
		t.Fatalf("nothing was taken out of %s", before)
	}
	req.Before = host.StateBefore()
	lab.Must(t, handler.Undo(t.Context(), req, &sdktest.Host{}))
	if now := env(); now != before {
		t.Errorf("it has %s, and had %s", now, before)
	}
}

// The answer of an attempt was lost: it is made once, and undoing still restores what was
// before the first.
func TestPatchAfterALostAnswer(t *testing.T) {
	t.Parallel()
	handler := action(t, shared.Connect(t), "patch")
	namespace := shared.Namespace(t)
	made, err := shared.Kube.CoreV1().Services(namespace).Create(t.Context(), &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec:       corev1.ServiceSpec{ClusterIP: "None", ExternalIPs: []string{"192.0.2.1"}},
	}, metav1.CreateOptions{})
	lab.Must(t, err)
	ips := func() string {
		found, err := shared.Kube.CoreV1().Services(namespace).Get(t.Context(), made.Name, metav1.GetOptions{})
		lab.Must(t, err)
		return strings.Join(found.Spec.ExternalIPs, " ")
	}
	// One that is not the same twice.
	req := lab.Request(t, map[string]any{
		"apiVersion": "v1", "kind": "Service", "name": "web", "namespace": namespace, "type": "json",
		"patch": []any{map[string]any{"op": "add", "path": "/spec/externalIPs/-", "value": "192.0.2.2"}},
	})
	host := &sdktest.Host{}
	for req.Attempt = 1; req.Attempt <= 2; req.Attempt++ {
		outputs, err := handler.Apply(t.Context(), req, host)
		lab.Must(t, err)
		var out objects.PatchOutput
		lab.Must(t, json.Unmarshal(outputs, &out))
		if !out.Changed || fmt.Sprint(out.Fields) != "[spec.externalIPs]" || ips() != "192.0.2.1 192.0.2.2" {
			t.Errorf("attempt %d says %s, and there are %s", req.Attempt, outputs, ips())
		}
		req.Before = host.StateBefore()
	}
	seen, err := handler.Observe(t.Context(), req, host)
	if err != nil || seen.State != sdk.Done {
		t.Errorf("it observes %+v, %v", seen, err)
	}
	lab.Must(t, handler.Undo(t.Context(), req, host))
	if ips() != "192.0.2.1" {
		t.Errorf("after the undo there are %s", ips())
	}
	_, err = handler.Apply(t.Context(), req, host) // nothing says that it was taken back, so that it is not done
	lab.Must(t, err)
	patch := []byte(`{"spec":{"externalIPs":["192.0.2.9"]}}`)
	_, err = shared.Kube.CoreV1().Services(namespace).Patch(t.Context(), "web", types.MergePatchType, patch, metav1.PatchOptions{FieldManager: "somebody-else"})
	lab.Must(t, err)
	if _, err = handler.Apply(t.Context(), req, host); err == nil || sdk.AsError(err).Class != sdk.Conflict || !strings.Contains(err.Error(), "somebody-else") {
		t.Errorf("got %v, want a conflict with somebody-else", err)
	}
}

func TestPatchOfASecretKeepsNoValue(t *testing.T) {
	t.Parallel()
	handler := action(t, shared.Connect(t), "patch")
	cases := map[string]struct {
		data    map[string]any
		warns   string
		undone  string // what the undo fails with
		foreign string
	}{
		"added":              {map[string]any{"more": "bmV3d29yZA=="}, "", "", ""},
		"replaced":           {map[string]any{"word": "bmV3d29yZA=="}, "data.word", "data.word in the Secret", ""},
		"removed":            {map[string]any{"word": nil}, "data.word", "data.word in the Secret", ""},
		"added, and changed": {map[string]any{"more": "bmV3d29yZA=="}, "", "somebody-else changed data.more", `{"data":{"more":"b3RoZXI="}}`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			namespace, host := shared.Namespace(t), &sdktest.Host{}
			made := secret(t, namespace, "key", map[string]string{"word": "opensesame"})
			params := patching("merge", map[string]any{"data": c.data, "metadata": map[string]any{"labels": map[string]any{"by": "us"}}})
			params["kind"], params["name"], params["namespace"] = "Secret", "key", namespace
			req := lab.Request(t, params)
			preview, err := handler.Plan(t.Context(), req)
			lab.Must(t, err)
			if warned := strings.Join(preview.Warnings, " "); (c.warns == "") != (warned == "") || !strings.Contains(warned, c.warns) {
				t.Errorf("it warns %q", warned)
			}
			outputs, err := handler.Apply(t.Context(), req, host)
			lab.Must(t, err)
			said := fmt.Sprintf("%s %+v %s", outputs, preview, host.StateBefore())
			for _, value := range []string{"b3BlbnNlc2FtZQ", "bmV3d29yZA", "opensesame"} {
				if strings.Contains(said, value) {
					t.Errorf("a value is in %s", said)
				}
			}
			if c.foreign != "" {
				_, err := shared.Kube.CoreV1().Secrets(namespace).Patch(t.Context(), "key", types.MergePatchType, []byte(c.foreign),
					metav1.PatchOptions{FieldManager: "somebody-else"})
				lab.Must(t, err)
			}
			req.Before = host.StateBefore()
			err = handler.Undo(t.Context(), req, host)
			if c.undone == "" && err != nil || c.undone != "" && (err == nil || !strings.Contains(err.Error(), c.undone)) {
				t.Errorf("the undo says %v, want %q", err, c.undone)
			}
			now, err := shared.Kube.CoreV1().Secrets(namespace).Get(t.Context(), "key", metav1.GetOptions{})
			lab.Must(t, err)
			if name == "added" && fmt.Sprint(now.Data) != fmt.Sprint(made.Data) {
				t.Errorf("after the undo it has %d values", len(now.Data))
			}
			if c.foreign == "" && len(now.Labels) != 0 {
				t.Errorf("what is no secret was not put back: %v", now.Labels)
			}
		})
	}
}

// What the server says of a patch of a Secret that it refuses may quote the values.
func TestARefusedPatchOfASecretIsNotQuoted(t *testing.T) {
	t.Parallel()
	namespace := shared.Namespace(t)
	secret(t, namespace, "key", map[string]string{"word": "opensesame"})
	for _, patch := range []any{
		map[string]any{"data": map[string]any{"word": "not base64!"}},
		map[string]any{"data": map[string]any{"wo rd": "bmV3d29yZA=="}},
		map[string]any{"data": "not base64!"},
	} {
		params := patching("merge", patch)
		params["kind"], params["name"], params["namespace"] = "Secret", "key", namespace
		_, err := action(t, shared.Connect(t), "patch").Plan(t.Context(), lab.Request(t, params))
		if err == nil || sdk.AsError(err).Field != "patch" || strings.Contains(err.Error(), "not base64!") {
			t.Errorf("got %v", err)
		}
	}
}

func TestPatchOfASubresource(t *testing.T) {
	t.Parallel()
	shared.Define(t, "testdata/widgets.yaml")
	handler, namespace, host := action(t, shared.Connect(t), "patch"), shared.Namespace(t), &sdktest.Host{}
	widget(t, namespace)
	params := map[string]any{
		"apiVersion": "objects.example/v1", "kind": "Widget", "name": "web", "namespace": namespace, "subresource": "status",
		"patch": map[string]any{"status": map[string]any{"phase": "Ready"}},
	}
	req := lab.Request(t, params)
	preview, err := handler.Plan(t.Context(), req)
	lab.Must(t, err)
	if len(preview.Changes) != 1 || !strings.Contains(preview.Changes[0].Diff, "+  phase: Ready\n") {
		t.Errorf("the plan is %+v", preview)
	}
	phase := func() string { return fmt.Sprint(widgetStatus(t, namespace)["phase"]) }
	_, err = handler.Apply(t.Context(), req, host)
	if err != nil || phase() != "Ready" {
		t.Errorf("got %v, and the phase is %s", err, phase())
	}
	req.Before = host.StateBefore()
	if err := handler.Undo(t.Context(), req, host); err != nil || phase() != "<nil>" {
		t.Errorf("got %v, and the phase is %s", err, phase())
	}
	for name, wrong := range map[string]any{"subresource": "scale", "type": "strategic"} {
		other := maps.Clone(params)
		other[name] = wrong
		if _, err := handler.Plan(t.Context(), lab.Request(t, other)); err == nil || sdk.AsError(err).Field != name {
			t.Errorf("with %s %v, got %v", name, wrong, err)
		}
	}
	scaled := lab.Request(t, map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "namespace": namespace, "subresource": "scale",
		"patch": map[string]any{"spec": map[string]any{"replicas": 2}},
	})
	shared.Deploy(t, namespace, "web", "web:1", 1, nil)
	_, err = handler.Apply(t.Context(), scaled, host)
	lab.Must(t, err)
	if found, err := shared.Kube.AppsV1().Deployments(namespace).Get(t.Context(), "web", metav1.GetOptions{}); err != nil || *found.Spec.Replicas != 2 {
		t.Errorf("there are %d replicas, %v", *found.Spec.Replicas, err)
	}
}

// Somebody else writes between the look and the change, whatever the form of the patch:
// what he gave to another field stays, and what he gave to the same one is not overwritten.
func TestAPatchMeetsAnotherInTheSameMoment(t *testing.T) {
	t.Parallel()
	handler := action(t, shared.Connect(t), "patch")
	to := map[string]any{"data": map[string]any{"color": "blue"}}
	for form, patch := range map[string]any{
		"merge": to, "strategic": to, "json": []any{map[string]any{"op": "replace", "path": "/data/color", "value": "blue"}},
	} {
		for field, want := range map[string]string{"taste": "map[color:blue size:big taste:sour]", "color": "map[color:sour size:big]"} {
			t.Run(form+" "+field, func(t *testing.T) {
				t.Parallel()
				world, host, times := colored(patching(form, patch))(t), &sdktest.Host{}, 0
				namespace, req := world.Params["namespace"].(string), lab.Request(t, world.Params)
				host.OnBefore = func() {
					times++
					recolor(t, namespace, `{"data":{"`+field+`":"sour"}}`)
				}
				_, err := handler.Apply(t.Context(), req, host)
				if got := world.Probe(); times != 1 || got != want+" map[] map[]" {
					t.Errorf("after saving %d times, it is %s", times, got)
				}
				if field == "taste" {
					lab.Must(t, err)
				} else if err == nil || sdk.AsError(err).Class != sdk.Conflict || !sdk.AsError(err).Unchanged || !strings.Contains(err.Error(), "somebody-else") {
					t.Errorf("got %v, want a conflict with somebody-else before anything changed", err)
				}
				req.Before = host.StateBefore()
				err = handler.Undo(t.Context(), req, host)
				if got := world.Probe(); field == "taste" && (err != nil || got != "map[color:red size:big taste:sour] map[] map[]") {
					t.Errorf("the undo says %v, and it is %s", err, got)
				}
			})
		}
	}
}
