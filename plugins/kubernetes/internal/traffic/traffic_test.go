package traffic_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/traffic"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// shared is the cluster of all tests here; TestMain sets it once.
var shared *lab.Lab

func TestMain(m *testing.M) {
	// A node holds 110 pods, and each check of the contract has some of its own.
	os.Exit(lab.Run(m, 6, func(l *lab.Lab) { shared = l }))
}

func action(t testing.TB, c *cluster.Cluster) sdk.Handler {
	t.Helper()
	return lab.Action(t, traffic.Actions(c), "service_selector")
}

// shop is a world with the Service web in front of two blue pods, beside so many green ones.
func shop(green int32, params map[string]any, change func(*corev1.Service)) func(testing.TB) sdktest.World {
	return func(t testing.TB) sdktest.World {
		namespace := shared.Namespace(t)
		port := func(d *appsv1.Deployment) {
			d.Spec.Template.Labels["of"] = "shop"
			d.Spec.Template.Spec.Containers[0].Ports = []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}}
		}
		shared.Deploy(t, namespace, "blue", "web:1", 2, port)
		shared.Deploy(t, namespace, "green", "web:2", green, port)
		service := &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Name: "web"},
			Spec: corev1.ServiceSpec{
				Selector: map[string]string{"app": "blue"},
				Ports:    []corev1.ServicePort{{Port: 80, TargetPort: intstr.FromString("http")}},
			},
		}
		if change != nil {
			change(service)
		}
		_, err := shared.Kube.CoreV1().Services(namespace).Create(t.Context(), service, metav1.CreateOptions{})
		lab.Must(t, err)
		if service.Spec.Selector["app"] == "blue" {
			lab.Eventually(t, "the EndpointSlices have the blue pods", func(ctx context.Context) error {
				if got := endpoints(ctx, t, namespace); got != "blue blue" {
					return fmt.Errorf("they have %s", got)
				}
				return nil
			})
		}
		given := map[string]any{"name": "web", "namespace": namespace, "selector": map[string]any{"app": "green"}}
		maps.Copy(given, params)
		return sdktest.World{Params: given, Probe: func() string { return probe(t, namespace) }}
	}
}

// endpoints names, for each pod in the Service's EndpointSlices, its Deployment.
func endpoints(ctx context.Context, t testing.TB, namespace string) string {
	t.Helper()
	slices, err := shared.Kube.DiscoveryV1().EndpointSlices(namespace).List(ctx, metav1.ListOptions{LabelSelector: discoveryv1.LabelServiceName + "=web"})
	lab.Must(t, err)
	var found []string
	for _, slice := range slices.Items {
		for _, endpoint := range slice.Endpoints {
			deployment, _, _ := strings.Cut(endpoint.TargetRef.Name, "-")
			found = append(found, deployment)
		}
	}
	return strings.Join(found, " ")
}

func probe(t testing.TB, namespace string) string {
	t.Helper()
	service, err := shared.Kube.CoreV1().Services(namespace).Get(context.WithoutCancel(t.Context()), "web", metav1.GetOptions{})
	lab.Must(t, err)
	text, err := json.Marshal(map[string]any{"spec": service.Spec, "labels": service.Labels, "annotations": service.Annotations})
	lab.Must(t, err)
	return string(text)
}

// choose switches the Service as somebody else does.
func choose(t testing.TB, namespace, app string) {
	t.Helper()
	change(t, namespace, fmt.Sprintf(`{"spec":{"selector":{"app":%q}}}`, app))
}

// change changes the Service as somebody else does.
func change(t testing.TB, namespace, patch string) {
	t.Helper()
	_, err := shared.Kube.CoreV1().Services(namespace).Patch(t.Context(), "web", types.MergePatchType, []byte(patch),
		metav1.PatchOptions{FieldManager: "somebody-else"})
	lab.Must(t, err)
}

func TestServiceSelectorKeepsTheContract(t *testing.T) {
	t.Parallel()
	external := func(s *corev1.Service) {
		s.Spec = corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "example.com"}
	}
	sdktest.Run(t, action(t, shared.Connect(t)),
		sdktest.Case{Name: "to green", World: shop(2, nil, nil)},
		sdktest.Case{Name: "not waiting", World: shop(1, map[string]any{"wait": "0s"}, nil), Moves: []string{"endpoints"}},
		sdktest.Case{Name: "to the same", World: shop(1, map[string]any{"selector": map[string]any{"app": "blue"}}, nil)},
		sdktest.Case{Name: "by other labels", World: shop(1, map[string]any{"selector": map[string]any{"tier": "web"}, "minReady": 0}, nil)},
		sdktest.Case{Name: "to none", World: shop(0, nil, nil), Fails: sdk.Transient},
		sdktest.Case{Name: "to too few", World: shop(1, map[string]any{"minReady": 2}, nil), Fails: sdk.Transient},
		sdktest.Case{Name: "to nothing at all", World: shop(1, map[string]any{"selector": map[string]any{}}, nil), Fails: sdk.Permanent},
		sdktest.Case{Name: "of another name", World: shop(1, nil, external), Fails: sdk.Permanent},
		sdktest.Case{Name: "without a selector", World: shop(1, nil, func(s *corev1.Service) { s.Spec.Selector = nil }), Fails: sdk.Permanent})
}

// When the step is done, clients reach the new pods and no old one.
func TestSwitchWaitsForTheEndpointSlices(t *testing.T) {
	t.Parallel()
	world := shop(3, nil, nil)(t)
	outputs, err := action(t, shared.Connect(t)).Apply(t.Context(), lab.Request(t, world.Params), &sdktest.Host{})
	lab.Must(t, err)
	if got := endpoints(t.Context(), t, world.Params["namespace"].(string)); got != "green green green" {
		t.Errorf("the EndpointSlices have %s", got)
	}
	if want := `{"selector":{"app":"green"},"before":{"app":"blue"},"changed":true,"endpoints":3}`; string(outputs) != want {
		t.Errorf("got %s, want %s", outputs, want)
	}
}

// lagging connects so that EndpointSlices stay as they were read first.
func lagging(t *testing.T) *cluster.Cluster {
	var mu sync.Mutex
	var first *httptest.ResponseRecorder
	return shared.Through(t, func(w http.ResponseWriter, r *http.Request, api http.Handler) {
		if !strings.HasSuffix(r.URL.Path, "/endpointslices") || r.URL.Query().Has("watch") {
			api.ServeHTTP(w, r)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if first == nil {
			first = httptest.NewRecorder()
			api.ServeHTTP(first, r)
		}
		w.Header().Set("Content-Type", first.Header().Get("Content-Type"))
		w.Header().Set("Content-Encoding", first.Header().Get("Content-Encoding"))
		_, err := bytes.NewReader(first.Body.Bytes()).WriteTo(w)
		if err != nil {
			t.Error(err)
		}
	})
}

// A wait that ends before it is over says how far it came, and is taken up again by the
// next attempt, which changes nothing more.
func TestSwitchSaysWhatHasNotFollowed(t *testing.T) {
	t.Parallel()
	world, host := shop(2, map[string]any{"wait": "1s"}, nil)(t), &sdktest.Host{}
	slow := lagging(t)
	_, err := slow.Kube.DiscoveryV1().EndpointSlices(world.Params["namespace"].(string)).List(t.Context(),
		metav1.ListOptions{LabelSelector: discoveryv1.LabelServiceName + "=web"})
	lab.Must(t, err) // from here on, it lags
	handler, req := action(t, slow), lab.Request(t, world.Params)
	_, err = handler.Apply(t.Context(), req, host)
	const says = "0/2 endpoints have followed, 2 of the old are left"
	if err == nil || sdk.AsError(err).Class != sdk.Transient || sdk.AsError(err).Unchanged || !strings.Contains(err.Error(), says) {
		t.Errorf("got %v, want a transient error with %q", err, says)
	}
	if told := fmt.Sprint(host.ProgressTold()); !strings.Contains(told, says) {
		t.Errorf("it told %s", told)
	}
	req.Before, req.Attempt = host.StateBefore(), 2
	seen, err := handler.Observe(t.Context(), req, host)
	if err != nil || seen.State != sdk.NotDone {
		t.Errorf("it was seen as %+v (%v)", seen, err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	patient := lab.Request(t, map[string]any{"name": "web", "namespace": world.Params["namespace"], "selector": world.Params["selector"], "wait": "10m"})
	patient.Before, patient.Attempt = req.Before, 2
	again := &sdktest.Host{}
	go func() { _, err := handler.Apply(ctx, patient, again); ended <- err }()
	lab.Eventually(t, "it has looked", func(context.Context) error {
		if len(again.ProgressTold()) == 0 {
			return errors.New("it has said nothing")
		}
		return nil
	})
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), says) {
		t.Errorf("cancelled, it says %v", err)
	}

	outputs, err := action(t, shared.Connect(t)).Apply(t.Context(), req, again)
	lab.Must(t, err)
	if !strings.Contains(string(outputs), `"before":{"app":"blue"},"changed":true,"endpoints":2`) || again.StateBefore() != nil {
		t.Errorf("the attempt that came through returned %s", outputs)
	}
}

// Pods without the port that the Service names are reached by nobody, ready or not.
func TestPodsWithoutThePortDoNotCount(t *testing.T) {
	t.Parallel()
	handler, world := action(t, shared.Connect(t)), shop(1, nil, nil)(t)
	shared.Deploy(t, world.Params["namespace"].(string), "portless", "web:3", 2, nil)
	world.Params["selector"] = map[string]any{"app": "portless"}
	preview, err := handler.Plan(t.Context(), lab.Request(t, world.Params))
	lab.Must(t, err)
	want := "As it is now, 0 of 2 pods behind app=portless are ready, and 1 must be."
	if len(preview.Blockers) != 1 || preview.Blockers[0] != want {
		t.Errorf("the blockers are %q, want %q", preview.Blockers, want)
	}
	before := world.Probe()
	_, err = handler.Apply(t.Context(), lab.Request(t, world.Params), &sdktest.Host{})
	if err == nil || !sdk.AsError(err).Unchanged || world.Probe() != before {
		t.Errorf("got %v, want a refusal, and nothing changed", err)
	}
}

// Going back to where nobody answers would turn a failed step into an outage.
func TestUndoDoesNotSwitchToNone(t *testing.T) {
	t.Parallel()
	handler, host := action(t, shared.Connect(t)), &sdktest.Host{}
	world := shop(2, map[string]any{"minReady": 2}, nil)(t)
	namespace, req := world.Params["namespace"].(string), lab.Request(t, world.Params)
	_, err := handler.Apply(t.Context(), req, host)
	lab.Must(t, err)
	after := world.Probe()
	req.Before = host.StateBefore()
	scaleBlue(t, namespace, 0)
	err = handler.Undo(t.Context(), req, host)
	if err == nil || sdk.AsError(err).Class != sdk.Transient || !strings.Contains(err.Error(), "0 of 0 pods behind app=blue are ready") {
		t.Errorf("got %v, want a transient error", err)
	}
	if world.Probe() != after {
		t.Error("it was switched")
	}
	scaleBlue(t, namespace, 1) // fewer than the step wants, and better than what failed
	lab.Must(t, handler.Undo(t.Context(), req, host))
	if got := endpoints(t.Context(), t, namespace); got != "blue" {
		t.Errorf("when the undo is done, the EndpointSlices have %s", got)
	}
}

func scaleBlue(t *testing.T, namespace string, to int) {
	t.Helper()
	patch := fmt.Sprintf(`{"spec":{"replicas":%d}}`, to)
	_, err := shared.Kube.AppsV1().Deployments(namespace).Patch(t.Context(), "blue", types.MergePatchType, []byte(patch), metav1.PatchOptions{})
	lab.Must(t, err)
	shared.AwaitDeployment(t, namespace, "blue")
	lab.Eventually(t, "the pods are as many", func(ctx context.Context) error {
		pods, err := shared.Kube.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=blue"})
		if err == nil && len(pods.Items) != to {
			err = fmt.Errorf("there are %d", len(pods.Items))
		}
		return err
	})
}

func TestSwitchOverwritesNobody(t *testing.T) {
	t.Parallel()
	handler := action(t, shared.Connect(t))
	isConflict := func(t *testing.T, world sdktest.World, err error) {
		t.Helper()
		lab.Fails(t, err, sdk.Conflict, "somebody-else")
		if state := world.Probe(); !strings.Contains(state, `"app":"red"`) {
			t.Errorf("it is %s", state)
		}
	}
	t.Run("before it", func(t *testing.T) {
		t.Parallel()
		world, host := shop(1, nil, nil)(t), &sdktest.Host{}
		host.OnBefore = func() { choose(t, world.Params["namespace"].(string), "red") }
		_, err := handler.Apply(t.Context(), lab.Request(t, world.Params), host)
		isConflict(t, world, err)
	})
	t.Run("after it", func(t *testing.T) {
		t.Parallel()
		world, host := shop(1, nil, nil)(t), &sdktest.Host{}
		req := lab.Request(t, world.Params)
		_, err := handler.Apply(t.Context(), req, host)
		lab.Must(t, err)
		choose(t, world.Params["namespace"].(string), "red")
		req.Before = host.StateBefore()
		isConflict(t, world, handler.Undo(t.Context(), req, host))
	})
}

func TestPlanCountsWhatIsReadyAndSaysWhatIsNotAllowed(t *testing.T) {
	t.Parallel()
	world := shop(3, nil, nil)(t)
	preview, err := action(t, shared.Connect(t)).Plan(t.Context(), lab.Request(t, world.Params))
	lab.Must(t, err)
	if !strings.HasSuffix(preview.Summary, "from app=blue to app=green, from 2 pods that are ready to 3") || len(preview.Blockers) > 0 ||
		len(preview.Changes) != 1 || !strings.Contains(preview.Changes[0].Diff, "   selector:\n-    app: blue\n+    app: green\n") {
		t.Errorf("the plan is %+v", preview)
	}
	shared.Allow(t, "watcher", rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"services", "pods"}, Verbs: []string{"get", "list"}})
	preview, err = action(t, shared.ConnectAs(t, "watcher")).Plan(t.Context(), lab.Request(t, world.Params))
	lab.Must(t, err)
	namespace := world.Params["namespace"].(string)
	want := []string{"You may not change the Service web in " + namespace + ".", "You may not list endpointslices in " + namespace + "."}
	if fmt.Sprint(preview.Blockers) != fmt.Sprint(want) {
		t.Errorf("the blockers are %q, want %q", preview.Blockers, want)
	}
}
