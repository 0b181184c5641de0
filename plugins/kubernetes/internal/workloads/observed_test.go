package workloads_test

import (
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// A sealed plan is refused where its objects have changed, and not where time has gone by:
// pods that come and go, and the status that follows them, are not what was approved.
func TestAPreviewSaysWhichObjectsItWasMadeFrom(t *testing.T) {
	t.Parallel()
	c := shared.Connect(t)
	for _, name := range []string{"rollout", "scale", "set_image", "rollout_restart"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world := deployed(nil, nil)(t)
			namespace := world.Params["namespace"].(string)
			params := map[string]any{"kind": "Deployment", "name": "web", "namespace": namespace}
			switch name {
			case "scale":
				params["replicas"] = 3
			case "set_image":
				params["images"] = map[string]any{"main": "web:2"}
			}
			plan := func() []sdk.Seen {
				t.Helper()
				preview, err := action(t, c, name).Plan(t.Context(), lab.Request(t, params))
				lab.Must(t, err)
				return preview.Observed
			}
			was := plan()
			at := slices.IndexFunc(was, func(s sdk.Seen) bool { return s.Kind == "Deployment" && s.Name == namespace+"/web" })
			if at < 0 || !strings.HasPrefix(was[at].Version, "generation ") || was[at].ID == "" {
				t.Fatalf("it has seen %v", was)
			}
			lab.Must(t, shared.Kube.CoreV1().Pods(namespace).DeleteCollection(t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{}))
			shared.AwaitDeployment(t, namespace, "web")
			if now := plan(); !slices.Equal(now, was) {
				t.Errorf("other pods make another plan:\n%v\n%v", was, now)
			}
			edit(t, namespace, func(d *appsv1.Deployment) { d.Spec.MinReadySeconds = 1 })
			shared.AwaitDeployment(t, namespace, "web")
			now := plan()
			if len(now) != len(was) || now[at].Version == was[at].Version {
				t.Fatalf("another spec makes no other plan: %v", now)
			}
		})
	}
}
