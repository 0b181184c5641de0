package objects_test

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// Who made the list that several steps add to has changed nothing since, and is not accused.
func TestUndoOfPatchNamesWhoChangedAListLast(t *testing.T) {
	t.Parallel()
	handler, namespace := action(t, shared.Connect(t), "patch"), shared.Namespace(t)
	deployments := shared.Kube.AppsV1().Deployments(namespace)
	pods := lab.Template("web", "web:1")
	pods.Spec.Containers[0].Env = []corev1.EnvVar{{Name: "A", Value: "1"}}
	_, err := deployments.Create(t.Context(), &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "web"}, Spec: appsv1.DeploymentSpec{Replicas: new(int32), Selector: lab.Selector("web"), Template: pods},
	}, metav1.CreateOptions{FieldManager: "somebody-else"})
	lab.Must(t, err)
	adds := func(name string) (sdk.Request, *sdktest.Host) {
		host, req := &sdktest.Host{}, lab.Request(t, map[string]any{
			"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "namespace": namespace, "type": "json",
			"patch": []any{map[string]any{"op": "add", "path": "/spec/template/spec/containers/0/env/-", "value": map[string]any{"name": name, "value": "2"}}},
		})
		_, err := handler.Apply(t.Context(), req, host)
		lab.Must(t, err)
		req.Before = host.StateBefore()
		return req, host
	}
	ours, host := adds("B")
	adds("C")
	lab.Fails(t, handler.Undo(t.Context(), ours, host), sdk.Conflict, "another step or run of gatebook changed")
	_, err = deployments.Patch(t.Context(), "web", types.StrategicMergePatchType,
		[]byte(`{"spec":{"template":{"spec":{"containers":[{"name":"`+pods.Spec.Containers[0].Name+`","env":[{"name":"D","value":"3"}]}]}}}}`),
		metav1.PatchOptions{FieldManager: "ann"})
	lab.Must(t, err)
	lab.Fails(t, handler.Undo(t.Context(), ours, host), sdk.Conflict, "ann changed")
}
