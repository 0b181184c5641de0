package workloads_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/workloads"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// shared is the cluster of all tests here; TestMain sets it once.
var shared *lab.Lab

func TestMain(m *testing.M) {
	// A node holds 110 pods, and each check of the contract has some of its own.
	os.Exit(lab.Run(m, 6, func(l *lab.Lab) { shared = l }))
}

func action(t testing.TB, c *cluster.Cluster, name string) sdk.Handler {
	t.Helper()
	return lab.Action(t, workloads.Actions(c), name)
}

// deployed is a world with the Deployment web of two pods.
func deployed(params map[string]any, change func(*appsv1.Deployment)) func(testing.TB) sdktest.World {
	return func(t testing.TB) sdktest.World {
		namespace := shared.Namespace(t)
		shared.Deploy(t, namespace, "web", "web:1", 2, change)
		given := with(params, map[string]any{"name": "web", "namespace": namespace})
		return sdktest.World{Params: given, Probe: func() string { return probe(t, namespace) }}
	}
}

// with returns both parameters.
func with(some, more map[string]any) map[string]any {
	all := map[string]any{}
	maps.Copy(all, some)
	maps.Copy(all, more)
	return all
}

// probe is what an action could change of the Deployment web.
func probe(t testing.TB, namespace string) string {
	d, err := shared.Kube.AppsV1().Deployments(namespace).Get(context.WithoutCancel(t.Context()), "web", metav1.GetOptions{})
	lab.Must(t, err)
	text, err := json.Marshal(map[string]any{"spec": d.Spec, "labels": d.Labels, "key": d.Annotations[cluster.KeyAnnotation]})
	lab.Must(t, err)
	return string(text)
}

func TestActionsKeepTheContract(t *testing.T) {
	t.Parallel()
	c := shared.Connect(t)
	missing := func(params map[string]any) func(testing.TB) sdktest.World {
		params["name"] = "no-such-workload"
		return func(testing.TB) sdktest.World { return sdktest.World{Params: params} }
	}
	images := map[string]any{"images": map[string]any{"main": "web:2"}}
	t.Run("workload", func(t *testing.T) {
		sdktest.Run(t, action(t, c, "workload"),
			sdktest.Case{Name: "a Deployment", World: deployed(nil, nil)},
			sdktest.Case{Name: "nothing", World: missing(map[string]any{"kind": "DaemonSet"}), Fails: sdk.Permanent})
	})
	t.Run("set_image", func(t *testing.T) {
		sdktest.Run(t, action(t, c, "set_image"),
			sdktest.Case{Name: "a new image", World: deployed(images, nil)},
			sdktest.Case{Name: "the image that it has", World: deployed(map[string]any{"images": map[string]any{"main": "web:1"}}, nil)},
			sdktest.Case{Name: "no such container", World: deployed(map[string]any{"images": map[string]any{"side": "x:1"}}, nil), Fails: sdk.Permanent})
	})
	t.Run("scale", func(t *testing.T) {
		sdktest.Run(t, action(t, c, "scale"),
			sdktest.Case{Name: "up", World: deployed(map[string]any{"replicas": 4}, nil)},
			sdktest.Case{Name: "to nothing", World: deployed(map[string]any{"replicas": 0}, nil)},
			sdktest.Case{Name: "nothing", World: missing(map[string]any{"replicas": 1}), Fails: sdk.Permanent})
	})
	t.Run("rollout_restart", func(t *testing.T) {
		sdktest.Run(t, action(t, c, "rollout_restart"),
			sdktest.Case{Name: "a Deployment", World: deployed(nil, nil)},
			sdktest.Case{Name: "one that is paused", Fails: sdk.Permanent, World: rolling(func(d *appsv1.Deployment) { d.Spec.Paused = true }, "web:2")})
	})
	t.Run("rollout", func(t *testing.T) {
		sdktest.Run(t, action(t, c, "rollout"),
			sdktest.Case{Name: "one that is done", World: deployed(nil, nil)},
			sdktest.Case{Name: "one that goes on", Blocks: true, World: rolling(func(d *appsv1.Deployment) {
				d.Spec.ProgressDeadlineSeconds = new(int32(600))
			}, "web:bad")},
			sdktest.Case{Name: "one that is paused", Fails: sdk.Permanent, World: rolling(func(d *appsv1.Deployment) {
				d.Spec.Paused = true
			}, "web:2")})
	})
}

// rolling is a world in whose Deployment a rollout to another image has begun.
func rolling(change func(*appsv1.Deployment), image string) func(testing.TB) sdktest.World {
	return func(t testing.TB) sdktest.World {
		world := deployed(nil, nil)(t)
		namespace := world.Params["namespace"].(string)
		edit(t, namespace, func(d *appsv1.Deployment) {
			change(d)
			d.Spec.Template.Spec.Containers[0].Image = image
		})
		return world
	}
}

// edit changes the Deployment web as somebody else does.
func edit(t testing.TB, namespace string, change func(*appsv1.Deployment)) {
	t.Helper()
	lab.Eventually(t, "the Deployment is changed", func(ctx context.Context) error {
		d, err := shared.Kube.AppsV1().Deployments(namespace).Get(ctx, "web", metav1.GetOptions{})
		if err != nil {
			return err
		}
		change(d)
		_, err = shared.Kube.AppsV1().Deployments(namespace).Update(ctx, d, metav1.UpdateOptions{FieldManager: "somebody-else"})
		return err
	})
}

func TestUndoOverwritesNobody(t *testing.T) {
	t.Parallel()
	c := shared.Connect(t)
	cases := map[string]struct {
		params map[string]any
		change func(*appsv1.Deployment)
	}{
		"scale":     {map[string]any{"replicas": 3}, func(d *appsv1.Deployment) { d.Spec.Replicas = new(int32(5)) }},
		"set_image": {map[string]any{"images": map[string]any{"main": "web:2"}}, func(d *appsv1.Deployment) { d.Spec.Template.Spec.Containers[0].Image = "web:3" }},
	}
	for name, use := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			handler := action(t, c, name)
			world, host := deployed(use.params, nil)(t), &sdktest.Host{}
			req := lab.Request(t, world.Params)
			_, err := handler.Apply(t.Context(), req, host)
			lab.Must(t, err)
			edit(t, world.Params["namespace"].(string), use.change)
			after := world.Probe()
			req.Before = host.StateBefore()
			err = handler.Undo(t.Context(), req, host)
			if err == nil || sdk.AsError(err).Class != sdk.Conflict || !strings.Contains(err.Error(), "somebody-else") {
				t.Errorf("got %v, want a conflict with somebody-else", err)
			}
			if world.Probe() != after {
				t.Error("the undo changed what somebody else had set")
			}
		})
	}
}

// What another step or run of gatebook has set since is said to be that, and not somebody's.
func TestUndoNamesAnotherRun(t *testing.T) {
	t.Parallel()
	for name, params := range map[string][2]map[string]any{
		"scale":     {{"replicas": 3}, {"replicas": 4}},
		"set_image": {{"images": map[string]any{"main": "web:2"}}, {"images": map[string]any{"main": "web:3"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			handler, world, host := action(t, shared.Connect(t), name), deployed(params[0], nil)(t), &sdktest.Host{}
			req := lab.Request(t, world.Params)
			_, err := handler.Apply(t.Context(), req, host)
			lab.Must(t, err)
			other := lab.Request(t, with(world.Params, params[1]))
			other.Key = "run-other-0-do"
			_, err = handler.Apply(t.Context(), other, &sdktest.Host{})
			lab.Must(t, err)
			req.Before = host.StateBefore()
			lab.Fails(t, handler.Undo(t.Context(), req, host), sdk.Conflict, "another step or run of gatebook changed the Deployment")
		})
	}
}

func TestRolloutReallyRollsAndSaysHowFar(t *testing.T) {
	t.Parallel()
	c := shared.Connect(t)
	world := deployed(nil, func(d *appsv1.Deployment) {
		d.Spec.ProgressDeadlineSeconds = new(int32(60))
		d.Spec.Template.Annotations = map[string]string{"kubelab/ready-after": "1s"}
	})(t)
	namespace, host := world.Params["namespace"], &sdktest.Host{}
	_, err := action(t, c, "set_image").Apply(t.Context(), lab.Request(t, map[string]any{
		"name": "web", "namespace": namespace, "images": map[string]any{"main": "web:2"},
	}), host)
	lab.Must(t, err)
	outputs, err := action(t, c, "rollout").Apply(t.Context(), lab.Request(t, world.Params), host)
	lab.Must(t, err)
	var status workloads.Status
	lab.Must(t, json.Unmarshal(outputs, &status))
	if status.UpdatedReplicas != 2 || status.AvailableReplicas != 2 || status.Images["main"] != "web:2" {
		t.Errorf("got %s", outputs)
	}
	// Which of its moments are seen depends on when is looked.
	if told := fmt.Sprint(host.ProgressTold()); !strings.Contains(told, "/2 updated, ") || !strings.Contains(told, " of the old to end") {
		t.Errorf("it told %s", told)
	}
}

// Why a rollout stands still, for each reason that there is.
func TestRolloutExplainsAStall(t *testing.T) {
	t.Parallel()
	c := shared.Connect(t)
	cases := map[string]struct {
		image  string
		change func(*appsv1.Deployment)
		quota  bool
		says   string
	}{
		"image":         {"web:bad", func(*appsv1.Deployment) {}, false, "container main with web:bad: ImagePullBackOff"},
		"crash":         {"web:crash", func(*appsv1.Deployment) {}, false, "CrashLoopBackOff"},
		"unschedulable": {"web:2", func(d *appsv1.Deployment) { d.Spec.Template.Spec.NodeSelector = map[string]string{"no": "where"} }, false, "unschedulable: "},
		"quota":         {"web:2", func(*appsv1.Deployment) {}, true, "exceeded quota: two"},
	}
	for name, use := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world := deployed(nil, nil)(t)
			namespace := world.Params["namespace"].(string)
			if use.quota {
				limitPods(t, namespace)
			}
			edit(t, namespace, func(d *appsv1.Deployment) {
				use.change(d)
				d.Spec.Template.Spec.Containers[0].Image = use.image
			})
			_, err := action(t, c, "rollout").Apply(t.Context(), lab.Request(t, world.Params), &sdktest.Host{})
			if err == nil || sdk.AsError(err).Class != sdk.Permanent || !strings.Contains(err.Error(), use.says) {
				t.Errorf("got %v, want a permanent error with %q", err, use.says)
			}
		})
	}
}

// limitPods allows two pods, and waits until the quota is enforced.
func limitPods(t *testing.T, namespace string) {
	t.Helper()
	_, err := shared.Kube.CoreV1().ResourceQuotas(namespace).Create(t.Context(), &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Name: "two"},
		Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourcePods: resource.MustParse("2")}},
	}, metav1.CreateOptions{})
	lab.Must(t, err)
	lab.Eventually(t, "the quota counts", func(ctx context.Context) error {
		quota, err := shared.Kube.CoreV1().ResourceQuotas(namespace).Get(ctx, "two", metav1.GetOptions{})
		if used := quota.Status.Used[corev1.ResourcePods]; err == nil && used.Value() != 2 {
			err = fmt.Errorf("it counts %s", used.String())
		}
		return err
	})
}

// Without a progress deadline of its own, a StatefulSet is judged by what ails its pods;
// and a partition is not waited for.
func TestRolloutOfAStatefulSet(t *testing.T) {
	t.Parallel()
	c := shared.Connect(t)
	namespace := shared.Namespace(t)
	sets := shared.Kube.AppsV1().StatefulSets(namespace)
	_, err := sets.Create(t.Context(), &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Name: "db"},
		Spec:       appsv1.StatefulSetSpec{Replicas: new(int32(3)), Selector: lab.Selector("db"), Template: lab.Template("db", "db:1")},
	}, metav1.CreateOptions{})
	lab.Must(t, err)
	params := map[string]any{"kind": "StatefulSet", "name": "db", "namespace": namespace, "stall": "2s"}
	rollout := action(t, c, "rollout")
	_, err = rollout.Apply(t.Context(), lab.Request(t, params), &sdktest.Host{})
	lab.Must(t, err)

	patch := `{"spec":{"updateStrategy":{"rollingUpdate":{"partition":2}},"template":{"spec":{"containers":[{"name":"main","image":"db:2"}]}}}}`
	_, err = sets.Patch(t.Context(), "db", types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{})
	lab.Must(t, err)
	outputs, err := rollout.Apply(t.Context(), lab.Request(t, params), &sdktest.Host{})
	lab.Must(t, err)
	var status workloads.Status
	lab.Must(t, json.Unmarshal(outputs, &status))
	if status.UpdatedReplicas != 1 || status.AvailableReplicas != 3 {
		t.Errorf("with a partition of 2, %s", outputs)
	}

	patch = strings.Replace(patch, "db:2", "db:bad", 1)
	_, err = sets.Patch(t.Context(), "db", types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{})
	lab.Must(t, err)
	_, err = rollout.Apply(t.Context(), lab.Request(t, params), &sdktest.Host{})
	if err == nil || !strings.Contains(err.Error(), "nothing moved for 2s") || !strings.Contains(err.Error(), "ImagePullBackOff") {
		t.Errorf("got %v", err)
	}
}

func TestPlanShowsTheChangeAndWhatIsNotAllowed(t *testing.T) {
	t.Parallel()
	world := deployed(map[string]any{"images": map[string]any{"main": "web:2"}}, nil)(t)
	preview, err := action(t, shared.Connect(t), "set_image").Plan(t.Context(), lab.Request(t, world.Params))
	lab.Must(t, err)
	if len(preview.Changes) != 1 || !strings.Contains(preview.Changes[0].Diff, "-      - image: web:1\n+      - image: web:2\n") {
		t.Errorf("the plan is %+v", preview)
	}
	shared.Allow(t, "reader", rbacv1.PolicyRule{APIGroups: []string{"apps"}, Resources: []string{"deployments"}, Verbs: []string{"get"}})
	preview, err = action(t, shared.ConnectAs(t, "reader"), "set_image").Plan(t.Context(), lab.Request(t, world.Params))
	lab.Must(t, err)
	want := fmt.Sprintf("You may not change the Deployment web in %s.", world.Params["namespace"])
	if len(preview.Blockers) != 1 || preview.Blockers[0] != want {
		t.Errorf("the blockers are %q, want %q", preview.Blockers, want)
	}
}

// Each plan shows the object as kubectl diff does: what the server would make of it.
func TestPlansShowWhatTheServerWouldMake(t *testing.T) {
	t.Parallel()
	c := shared.Connect(t)
	for _, use := range []struct {
		name  string
		world func(testing.TB) sdktest.World
		shows string
	}{
		{"scale", deployed(map[string]any{"replicas": 3}, nil), "-  replicas: 2\n+  replicas: 3\n"},
		{"scale", deployed(map[string]any{"replicas": 0}, nil), "-  replicas: 2\n+  replicas: 0\n"},
		{"rollout_restart", deployed(nil, nil), "+      annotations:\n+        gatebook.dev/key: the step's key\n"},
		{"rollout_undo", upgraded(nil), "-      - image: web:2\n+      - image: web:1\n"},
		{"rollout_pause", deployed(nil, nil), "+  paused: true\n"},
	} {
		t.Run(use.name, func(t *testing.T) {
			t.Parallel()
			world := use.world(t)
			preview, err := action(t, c, use.name).Plan(t.Context(), lab.Request(t, world.Params))
			lab.Must(t, err)
			if len(preview.Changes) != 1 || !strings.Contains(preview.Changes[0].Diff, use.shows) || !strings.HasPrefix(preview.Changes[0].Diff, "--- live\n+++ planned\n") {
				t.Errorf("the plan is %+v, want in its diff %q", preview, use.shows)
			}
		})
	}
}

// The API server is killed in the middle of a rollout and comes back: the action goes on.
func TestRolloutOutlivesTheAPIServer(t *testing.T) {
	t.Parallel()
	own, err := lab.Start(1)
	lab.Must(t, err)
	t.Cleanup(own.Stop)
	namespace := own.Namespace(t)
	own.Deploy(t, namespace, "web", "web:1", 2, func(d *appsv1.Deployment) { d.Spec.ProgressDeadlineSeconds = new(int32(600)) })
	patch := `{"spec":{"template":{"spec":{"containers":[{"name":"main","image":"web:bad"}]}}}}`
	_, err = own.Kube.AppsV1().Deployments(namespace).Patch(t.Context(), "web", types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{})
	lab.Must(t, err)
	host, ended := &sdktest.Host{}, make(chan error, 1)
	handler := action(t, own.Connect(t), "rollout")
	go func() {
		_, err := handler.Apply(t.Context(), lab.Request(t, map[string]any{"name": "web", "namespace": namespace}), host)
		ended <- err
	}()
	told := func(what string) func(context.Context) error {
		return func(context.Context) error {
			if said := fmt.Sprint(host.ProgressTold()); !strings.Contains(said, what) {
				return fmt.Errorf("it said %s", said)
			}
			return nil
		}
	}
	lab.Eventually(t, "it sees what is wrong", told("ImagePullBackOff"))
	lab.Must(t, own.Kill())
	lab.Eventually(t, "it says that the server is away", told("connect"))
	lab.Must(t, own.Up())
	patch = `{"spec":{"replicas":0}}` // no pods are no other template, and all of them are updated
	_, err = own.Kube.AppsV1().Deployments(namespace).Patch(t.Context(), "web", types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{})
	lab.Must(t, err)
	lab.Must(t, <-ended)
}
