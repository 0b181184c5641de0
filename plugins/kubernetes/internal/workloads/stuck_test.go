package workloads_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// stuck is a world whose StatefulSet set_image has let wait for a pod that never gets ready.
func stuck(t *testing.T, connect func() *cluster.Cluster) (namespace string, setImage sdk.Handler, request sdk.Request, host *sdktest.Host) {
	t.Helper()
	world := sets(3, map[string]any{"kind": "StatefulSet", "images": map[string]any{"main": "db:bad"}}, nil)(t)
	namespace = world.Params["namespace"].(string)
	awaitReady(t, namespace)
	setImage, request, host = action(t, connect(), "set_image"), lab.Request(t, world.Params), &sdktest.Host{}
	outputs, err := setImage.Apply(t.Context(), request, host)
	lab.Must(t, err)
	awaitIll(t, namespace, 1)
	request.Before, request.Outputs, request.Notes = host.StateBefore(), outputs, host.Notes()
	return namespace, setImage, request, host
}

// awaitReady waits until all three pods of db are ready and of its first image.
func awaitReady(t *testing.T, namespace string) map[string]types.UID {
	t.Helper()
	uids := map[string]types.UID{}
	lab.Eventually(t, "db is as it was", func(ctx context.Context) error {
		set, err := shared.Kube.AppsV1().StatefulSets(namespace).Get(ctx, "db", metav1.GetOptions{})
		if err != nil {
			return err
		}
		pods, err := shared.Kube.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		for _, pod := range pods.Items {
			if image := pod.Spec.Containers[0].Image; image != "db:1" {
				return fmt.Errorf("%s has the image %s", pod.Name, image)
			}
			uids[pod.Name] = pod.UID
		}
		if s := set.Status; s.ObservedGeneration < set.Generation || s.ReadyReplicas != 3 || len(pods.Items) != 3 {
			return fmt.Errorf("%d of %d are ready", s.ReadyReplicas, len(pods.Items))
		}
		return nil
	})
	return uids
}

// A StatefulSet does not replace a pod that never got ready, also when its template was
// taken back (kubernetes#67250), so that the undo has to.
func TestUndoFreesAStatefulSet(t *testing.T) {
	t.Parallel()
	namespace, setImage, request, host := stuck(t, func() *cluster.Cluster { return shared.Connect(t) })
	before, err := shared.Kube.CoreV1().Pods(namespace).Get(t.Context(), "db-0", metav1.GetOptions{})
	lab.Must(t, err)
	for range 2 { // as after an answer that was lost
		lab.Must(t, setImage.Undo(t.Context(), request, host))
	}
	if said := fmt.Sprint(host.ProgressTold()); !strings.Contains(said, "deletes the pod db-2, which is of the template that was taken back and not ready: container main with db:bad: ") {
		t.Errorf("it said %s", said)
	}
	if uids := awaitReady(t, namespace); uids["db-0"] != before.UID {
		t.Error("a pod was replaced that was ready")
	}
}

// Whoever may not delete pods hears so in the plan, and is told what somebody else must do.
func TestUndoSaysHowToFreeAStatefulSet(t *testing.T) {
	t.Parallel()
	namespace, setImage, request, host := stuck(t, func() *cluster.Cluster {
		shared.Allow(t, "setter", rbacv1.PolicyRule{APIGroups: []string{"apps"}, Resources: []string{"statefulsets", "controllerrevisions"}, Verbs: []string{"get", "list", "patch"}},
			rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"list"}})
		return shared.ConnectAs(t, "setter")
	})
	err := setImage.Undo(t.Context(), request, host)
	if err == nil || sdk.AsError(err).Class != sdk.Denied || !strings.Contains(err.Error(), "do: kubectl --namespace "+namespace+" delete pod db-2: ") {
		t.Errorf("got %v, want the command", err)
	}
	set, err := shared.Kube.AppsV1().StatefulSets(namespace).Get(t.Context(), "db", metav1.GetOptions{})
	lab.Must(t, err)
	if image := set.Spec.Template.Spec.Containers[0].Image; image != "db:1" {
		t.Errorf("the image is %s", image)
	}
	preview, err := setImage.Plan(t.Context(), sdk.Request{Params: request.Params})
	lab.Must(t, err)
	if want := "You may not delete pods in " + namespace + ". Undo of this step may take it, to free the StatefulSet of a pod that never got ready."; !slices.Equal(preview.Warnings, []string{want}) || len(preview.Blockers) > 0 {
		t.Errorf("the plan is %+v, want the warning %s", preview, want)
	}
}
