package workloads_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// meddling is a connection on whose way to the Deployment web something happens before
// each change of it, and how many changes there were.
func meddling(t testing.TB, meddle func(ctx context.Context, times int32) error) (*cluster.Cluster, *atomic.Int32) {
	var times atomic.Int32
	return shared.Through(t, func(w http.ResponseWriter, r *http.Request, api http.Handler) {
		if r.Method == http.MethodPatch && strings.Contains(r.URL.Path, "/deployments/web") && !r.URL.Query().Has("dryRun") {
			if err := meddle(r.Context(), times.Add(1)); err != nil {
				t.Error(err)
			}
		}
		api.ServeHTTP(w, r)
	}), &times
}

// The status of a Deployment that rolls is written between any look and the change that
// follows it.
func TestABusyDeploymentIsChangedAtOnce(t *testing.T) {
	t.Parallel()
	pausedBefore := func(d *appsv1.Deployment) { d.Spec.Paused = true }
	for name, world := range map[string]func(testing.TB) sdktest.World{
		"rollout_pause":   deployed(nil, nil),
		"rollout_resume":  rolling(pausedBefore, "web:2"),
		"rollout_restart": deployed(nil, nil),
		"rollout_undo":    upgraded(nil),
		"set_image":       deployed(map[string]any{"images": map[string]any{"main": "web:2"}}, nil),
		"scale":           deployed(map[string]any{"replicas": 0}, nil),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world := world(t)
			deployments := shared.Kube.AppsV1().Deployments(world.Params["namespace"].(string))
			c, changes := meddling(t, func(ctx context.Context, times int32) error {
				body := fmt.Sprintf(`{"status":{"conditions":[{"type":"Busy","status":"True","message":"%d"}]}}`, times)
				_, err := deployments.Patch(ctx, "web", types.StrategicMergePatchType, []byte(body), metav1.PatchOptions{}, "status")
				return err
			})
			req, host, handler := lab.Request(t, world.Params), &sdktest.Host{}, action(t, c, name)
			_, err := handler.Apply(t.Context(), req, host)
			lab.Must(t, err)
			if req.Before = host.StateBefore(); handler.Describe().CanUndo {
				lab.Must(t, handler.Undo(t.Context(), req, host))
			}
			if want := map[bool]int32{true: 2, false: 1}[handler.Describe().CanUndo]; changes.Load() != want {
				t.Errorf("it took %d changes, want %d", changes.Load(), want)
			}
		})
	}
}

// An earlier step may make what a plan does not find.
func TestPlansOfWhatIsNotThereYet(t *testing.T) {
	t.Parallel()
	namespace := shared.Namespace(t)
	for name, more := range map[string]map[string]any{
		"scale": {"replicas": 2}, "set_image": {"images": map[string]any{"main": "web:2"}},
		"rollout_restart": nil, "rollout_undo": nil, "rollout_pause": nil, "rollout_resume": nil,
	} {
		params := with(map[string]any{"name": "web", "namespace": namespace}, more)
		preview, err := action(t, shared.Connect(t), name).Plan(t.Context(), lab.Request(t, params))
		if want := "There is no Deployment " + namespace + "/web."; err != nil || len(preview.Blockers) != 1 || preview.Blockers[0] != want ||
			!strings.Contains(preview.Summary, namespace+"/web") {
			t.Errorf("%s: the plan is %+v (%v)", name, preview, err)
		}
	}
}

// What is known of the object's name is said, whatever else is not known yet.
func TestPlansSayTheNameThatTheyKnow(t *testing.T) {
	t.Parallel()
	for name, unknown := range map[string]string{"scale": "replicas", "set_image": "images.main", "rollout_undo": "toRevision"} {
		req := lab.Request(t, map[string]any{"name": "web", "namespace": "shop"})
		req.Unknown = []string{unknown}
		preview, err := action(t, shared.Connect(t), name).Plan(t.Context(), req)
		if err != nil || !strings.Contains(preview.Summary, "Deployment shop/web") || !strings.Contains(preview.Summary, "not known yet") {
			t.Errorf("%s: the plan is %+v (%v)", name, preview, err)
		}
	}
}

// To a look after a crash, that the object is gone is an answer.
func TestALookAtWhatIsGone(t *testing.T) {
	t.Parallel()
	for name, world := range map[string]func(testing.TB) sdktest.World{"rollout_undo": upgraded(nil), "rollout_restart": deployed(nil, nil)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world, host, handler := world(t), &sdktest.Host{}, action(t, shared.Connect(t), name)
			req := lab.Request(t, world.Params)
			_, err := handler.Apply(t.Context(), req, host)
			lab.Must(t, err)
			lab.Must(t, shared.Kube.AppsV1().Deployments(world.Params["namespace"].(string)).Delete(t.Context(), "web", metav1.DeleteOptions{}))
			req.Before = host.StateBefore()
			seen, err := handler.Observe(t.Context(), req, host)
			if err != nil || seen.State != sdk.NotDone || !strings.Contains(seen.Detail, "There is no Deployment") {
				t.Errorf("it observes %+v, %v", seen, err)
			}
		})
	}
}

// A controller that is away is waited for no longer than asked, and it is told what for.
func TestAControllerThatIsAway(t *testing.T) {
	t.Parallel()
	world := upgraded(nil)(t)
	c := shared.Through(t, func(w http.ResponseWriter, r *http.Request, api http.Handler) {
		if r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, "/deployments/web") {
			api.ServeHTTP(w, r)
			return
		}
		d, err := shared.Kube.AppsV1().Deployments(world.Params["namespace"].(string)).Get(r.Context(), "web", metav1.GetOptions{})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		d.Kind, d.APIVersion, d.Status.ObservedGeneration = "Deployment", "apps/v1", 1
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(d); err != nil {
			t.Error(err)
		}
	})
	host, back := &sdktest.Host{}, action(t, c, "rollout_undo")
	const seen = "it has seen generation 1 of 2"
	_, err := back.Apply(t.Context(), lab.Request(t, with(world.Params, map[string]any{"timeout": "1s"})), host)
	if err == nil || sdk.AsError(err).Class != sdk.Transient || !strings.Contains(err.Error(), seen) || !strings.Contains(fmt.Sprint(host.ProgressTold()), seen) {
		t.Errorf("it told %v, and then %v", host.ProgressTold(), err)
	}
	preview, err := back.Plan(t.Context(), lab.Request(t, world.Params))
	if err != nil || len(preview.Blockers) != 1 || !strings.Contains(preview.Blockers[0], "has not seen its newest change: "+seen) {
		t.Errorf("the plan is %+v, %v", preview, err)
	}
	req := lab.Request(t, world.Params)
	_, err = action(t, shared.Connect(t), "rollout_undo").Apply(t.Context(), req, host)
	lab.Must(t, err)
	req.Before = host.StateBefore()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	looked, err := back.Observe(ctx, req, host)
	if err != nil || looked.State != sdk.Done || !strings.Contains(string(looked.Outputs), "web:1") {
		t.Errorf("it observes %+v, %v", looked, err)
	}
}
