package workloads_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/workloads"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// canary is the StatefulSet db of three pods, of which the last has another image.
type canary struct {
	t         *testing.T
	c         *cluster.Cluster
	namespace string
}

func withCanary(t *testing.T) canary {
	t.Helper()
	k := canary{t: t, c: shared.Connect(t), namespace: sets(3, nil, nil)(t).Params["namespace"].(string)}
	k.rollout()
	k.partition(2)
	k.image("db:2")
	k.rollout()
	if got := updatedPods(t, k.namespace); got != 1 {
		t.Fatalf("there are %d canaries", got)
	}
	return k
}

func (k canary) apply(name string, more map[string]any) (status workloads.Status) {
	k.t.Helper()
	outputs, err := action(k.t, k.c, name).Apply(k.t.Context(), lab.Request(k.t, with(more, map[string]any{"name": "db", "namespace": k.namespace})), &sdktest.Host{})
	lab.Must(k.t, err)
	lab.Must(k.t, json.Unmarshal(outputs, &status))
	return status
}

func (k canary) rollout() {
	k.t.Helper()
	k.apply("rollout", map[string]any{"kind": "StatefulSet"})
}

func (k canary) partition(at int) {
	k.t.Helper()
	k.apply("statefulset_partition", map[string]any{"partition": at})
}

func (k canary) image(image string) {
	k.t.Helper()
	k.apply("set_image", map[string]any{"kind": "StatefulSet", "images": map[string]any{"main": image}})
}

// hold keeps the last pod from ending, as one does that takes all of its grace.
func (k canary) hold(finalizers string) {
	k.t.Helper()
	_, err := shared.Kube.CoreV1().Pods(k.namespace).Patch(context.WithoutCancel(k.t.Context()), "db-2", types.MergePatchType,
		[]byte(`{"metadata":{"finalizers":`+finalizers+`}}`), metav1.PatchOptions{})
	lab.Must(k.t, err)
}

// follows begins to wait for the rollout.
func (k canary) follows() (host *sdktest.Host, ended chan error) {
	k.t.Helper()
	host, ended = &sdktest.Host{}, make(chan error, 1)
	rollout, request := action(k.t, k.c, "rollout"), lab.Request(k.t, map[string]any{"kind": "StatefulSet", "name": "db", "namespace": k.namespace})
	go func() {
		_, err := rollout.Apply(k.t.Context(), request, host)
		ended <- err
	}()
	return host, ended
}

// awaitSaid waits until an action that goes on has said something.
func awaitSaid(t *testing.T, host *sdktest.Host, ended <-chan error, what string) {
	t.Helper()
	lab.Eventually(t, "it says "+what, func(context.Context) error {
		select {
		case err := <-ended:
			t.Fatalf("it ended with %v", err)
		default:
		}
		return says(host, what)
	})
}

// says has no complaint once the action told something.
func says(host *sdktest.Host, what string) error {
	if said := fmt.Sprint(host.ProgressTold()); !strings.Contains(said, what) {
		return fmt.Errorf("it said %s, and not %q", said, what)
	}
	return nil
}

// On the way back both revisions of the set are the old one again, while the canary still
// has the other template: it is waited for, whether or not there is a partition.
func TestTheWayBackOfACanaryIsWaitedFor(t *testing.T) {
	t.Parallel()
	for name, partition := range map[string]int{"with its partition": 2, "without one": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := withCanary(t)
			k.hold(`["lab/slow"]`)
			k.image("db:1")
			if partition != 2 {
				k.partition(partition)
			}
			host, ended := k.follows()
			awaitSaid(t, host, ended, map[int]string{2: "0/1 updated, 3 available", 0: "2/3 updated, 3 available"}[partition])
			k.hold("null")
			lab.Must(t, <-ended)
			if got := updatedPods(t, k.namespace); got != 0 {
				t.Errorf("%d pods have the template that was taken back", got)
			}
		})
	}
}

// A pod that is gone is not there, whatever the controller says that has not counted anew;
// and one that came in its place is not available before it is ready.
func TestAPodThatIsGoneIsNotRenewed(t *testing.T) {
	t.Parallel()
	for name, use := range map[string]struct {
		is   func(list *corev1.PodList)
		says string
	}{
		"one that is gone": {func(list *corev1.PodList) {
			list.Items = slices.DeleteFunc(list.Items, func(pod corev1.Pod) bool { return pod.Name == "db-2" })
		}, "0/1 updated, 2 available"},
		"one that is new": {func(list *corev1.PodList) {
			for i := range list.Items {
				if list.Items[i].Name == "db-2" {
					list.Items[i].Status.Conditions = nil
				}
			}
		}, "1/1 updated, 2 available"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := withCanary(t)
			var there atomic.Bool
			k.c = shared.Through(t, func(w http.ResponseWriter, r *http.Request, api http.Handler) {
				if there.Load() || !strings.HasSuffix(r.URL.Path, "/pods") || r.URL.Query().Has("watch") {
					api.ServeHTTP(w, r)
					return
				}
				list, err := shared.Kube.CoreV1().Pods(k.namespace).List(r.Context(), metav1.ListOptions{})
				if err != nil {
					http.Error(w, err.Error(), http.StatusInternalServerError)
					return
				}
				list.Kind, list.APIVersion = "PodList", "v1"
				use.is(list)
				w.Header().Set("Content-Type", "application/json")
				if err := json.NewEncoder(w).Encode(list); err != nil {
					t.Error(err)
				}
			})
			host, ended := k.follows()
			awaitSaid(t, host, ended, use.says)
			there.Store(true)
			lab.Must(t, <-ended)
		})
	}
}

// A pod that the partition keeps on a template which was taken back is not waited for, and
// is not told to be of the newest one.
func TestAPodThatIsKeptIsNotOfTheNewestTemplate(t *testing.T) {
	t.Parallel()
	k := withCanary(t)
	k.partition(3)
	k.image("db:1")
	k.rollout()
	if status := k.apply("workload", map[string]any{"kind": "StatefulSet"}); status.UpdatedReplicas != 2 || status.Replicas != 3 {
		t.Errorf("got %+v, want two of three pods of the newest template", status)
	}
	if got := updatedPods(t, k.namespace); got != 1 {
		t.Errorf("%d pods are kept", got)
	}
}
