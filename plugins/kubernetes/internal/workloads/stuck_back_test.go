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

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// reset gives the StatefulSet db another image, from a pod on, and waits until its
// controller has seen that.
func reset(t *testing.T, namespace, image string, partition int) {
	t.Helper()
	sets := shared.Kube.AppsV1().StatefulSets(namespace)
	patch := fmt.Sprintf(`{"spec":{"updateStrategy":{"rollingUpdate":{"partition":%d}},"template":{"spec":{"containers":[{"name":"main","image":%q}]}}}}`, partition, image)
	_, err := sets.Patch(t.Context(), "db", types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{FieldManager: "somebody-else"})
	lab.Must(t, err)
	lab.Eventually(t, "the controller has seen the image "+image, func(ctx context.Context) error {
		set, err := sets.Get(ctx, "db", metav1.GetOptions{})
		if err == nil && set.Status.ObservedGeneration < set.Generation {
			err = fmt.Errorf("it has seen generation %d of %d", set.Status.ObservedGeneration, set.Generation)
		}
		return err
	})
}

// three is a world whose StatefulSet has three pods that are ready.
func three(t *testing.T) (namespace string, request sdk.Request) {
	t.Helper()
	world := sets(3, map[string]any{"kind": "StatefulSet"}, nil)(t)
	namespace = world.Params["namespace"].(string)
	awaitReady(t, namespace)
	return namespace, lab.Request(t, world.Params)
}

// To go back is to free the StatefulSet of a pod of the revision that it goes back from,
// and to undo that is to free it of one that it went back to.
func TestRolloutUndoFreesAStatefulSet(t *testing.T) {
	t.Parallel()
	for name, undone := range map[string]bool{"a bad rollout is taken back": false, "a step back to a bad one is undone": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			namespace, request := three(t)
			before, err := shared.Kube.CoreV1().Pods(namespace).Get(t.Context(), "db-0", metav1.GetOptions{})
			lab.Must(t, err)
			if undone {
				reset(t, namespace, "db:bad", 3) // which no pod gets
				reset(t, namespace, "db:1", 0)
			} else {
				reset(t, namespace, "db:bad", 0)
				awaitIll(t, namespace, 1)
			}
			back, host := action(t, shared.Connect(t), "rollout_undo"), &sdktest.Host{}
			_, err = back.Apply(t.Context(), request, host)
			lab.Must(t, err)
			if undone {
				awaitIll(t, namespace, 1)
				request.Before = host.StateBefore()
				lab.Must(t, back.Undo(t.Context(), request, host))
			}
			if uids := awaitReady(t, namespace); uids["db-0"] != before.UID {
				t.Error("a pod was replaced that was ready")
			}
			if said := fmt.Sprint(host.ProgressTold()); !strings.Contains(said, "deletes the pod db-2, which is of the template that was taken back and not ready: container main with db:bad: ") {
				t.Errorf("it said %s", said)
			}
		})
	}
}

// An attempt that went back and freed nothing is not all of the step: the next one does the rest.
func TestRolloutUndoThatDidNotComeToFree(t *testing.T) {
	t.Parallel()
	namespace, request := three(t)
	reset(t, namespace, "db:bad", 0)
	awaitIll(t, namespace, 1)
	shared.Allow(t, "backer", rbacv1.PolicyRule{APIGroups: []string{"apps"}, Resources: []string{"statefulsets", "controllerrevisions"}, Verbs: []string{"get", "list", "patch"}},
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"list"}})
	limited, host := action(t, shared.ConnectAs(t, "backer"), "rollout_undo"), &sdktest.Host{}
	preview, err := limited.Plan(t.Context(), request)
	lab.Must(t, err)
	if want := "You may not delete pods in " + namespace + ". This step, or its undo, may take it, to free the StatefulSet of a pod that never got ready."; !slices.Equal(preview.Warnings, []string{want}) || len(preview.Blockers) > 0 {
		t.Errorf("the plan is %+v, want the warning %s", preview, want)
	}
	_, err = limited.Apply(t.Context(), request, host)
	lab.Fails(t, err, sdk.Denied, "do: kubectl --namespace "+namespace+" delete pod db-2: ")
	if sdk.AsError(err).Unchanged {
		t.Error("it says that nothing was changed")
	}
	request.Before, request.Notes, request.Attempt = host.StateBefore(), host.Notes(), 2
	back := action(t, shared.Connect(t), "rollout_undo")
	shared.Allow(t, "blind", rbacv1.PolicyRule{APIGroups: []string{"apps"}, Resources: []string{"statefulsets", "controllerrevisions"}, Verbs: []string{"get", "list"}})
	seen, err := action(t, shared.ConnectAs(t, "blind"), "rollout_undo").Observe(t.Context(), request, host)
	if err != nil || seen.State != sdk.NotDone || !strings.Contains(seen.Detail, "may not be seen") {
		t.Errorf("it observes %+v, %v", seen, err)
	}
	seen, err = back.Observe(t.Context(), request, host)
	if err != nil || seen.State != sdk.NotDone || !strings.Contains(seen.Detail, "it waits for the pod db-2") {
		t.Errorf("it observes %+v, %v", seen, err)
	}
	_, err = back.Apply(t.Context(), request, host)
	lab.Must(t, err)
	awaitReady(t, namespace)
	if seen, err = back.Observe(t.Context(), request, host); err != nil || seen.State != sdk.Done {
		t.Errorf("it observes %+v, %v", seen, err)
	}
}

// A crash may come between the template that is put back and the pod that is deleted. The
// engine makes the attempt once more then, under its number and with its notes.
func TestUndoOfARolloutUndoThatACrashCutOffFreesAStatefulSet(t *testing.T) {
	t.Parallel()
	namespace, request := three(t)
	reset(t, namespace, "db:bad", 3) // which no pod gets
	reset(t, namespace, "db:1", 0)
	host := &sdktest.Host{}
	_, err := action(t, shared.Connect(t), "rollout_undo").Apply(t.Context(), request, host)
	lab.Must(t, err)
	awaitIll(t, namespace, 1)
	request.Before, request.Attempt = host.StateBefore(), 1
	host = &sdktest.Host{}
	if err := action(t, shared.Losing(t), "rollout_undo").Undo(t.Context(), request, host); err == nil {
		t.Fatal("its first half said that it was all")
	}
	request.Notes, host = host.Notes(), &sdktest.Host{}
	lab.Must(t, action(t, shared.Connect(t), "rollout_undo").Undo(t.Context(), request, host))
	lab.Must(t, says(host, "deletes the pod db-2, which is of the template that was taken back and not ready"))
	awaitReady(t, namespace)
}

// What a step did not come to change, its undo does not free.
func TestUndoOfARolloutUndoThatCameToNothing(t *testing.T) {
	t.Parallel()
	namespace, request := three(t)
	reset(t, namespace, "db:bad", 0)
	awaitIll(t, namespace, 1)
	stuck, err := shared.Kube.CoreV1().Pods(namespace).Get(t.Context(), "db-2", metav1.GetOptions{})
	lab.Must(t, err)
	// The step would go back to db:bad, from what is set only now.
	reset(t, namespace, "db:2", 0)
	revisions, err := shared.Kube.AppsV1().ControllerRevisions(namespace).List(t.Context(), metav1.ListOptions{})
	lab.Must(t, err)
	names := map[int64]string{}
	for _, revision := range revisions.Items {
		names[revision.Revision] = revision.Name
	}
	set, err := shared.Kube.AppsV1().StatefulSets(namespace).Get(t.Context(), "db", metav1.GetOptions{})
	lab.Must(t, err)
	request.Before = fmt.Appendf(nil, `{"uid":%q,"from":%q,"to":%q}`, set.UID, names[3], names[2])
	lab.Must(t, action(t, shared.Connect(t), "rollout_undo").Undo(t.Context(), request, &sdktest.Host{}))
	now, err := shared.Kube.CoreV1().Pods(namespace).Get(t.Context(), "db-2", metav1.GetOptions{})
	lab.Must(t, err)
	if now.UID != stuck.UID || now.DeletionTimestamp != nil {
		t.Error("it deleted a pod that the step left as it was")
	}
}
