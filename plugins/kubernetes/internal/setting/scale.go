package setting

import (
	"context"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	runtimeschema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
)

// Scale sets how many pods a workload of the group apps shall have, which has had was, and
// returns how many that are then. It goes by the subresource, which rights can be given for
// alone. Its error is the API's own.
func Scale(ctx context.Context, c *cluster.Cluster, of Object, resource runtimeschema.GroupResource, was, to int32, dryRun []string) (int32, error) {
	read := &autoscalingv1.Scale{
		ObjectMeta: metav1.ObjectMeta{Name: of.GetName(), UID: of.GetUID()}, Spec: autoscalingv1.ScaleSpec{Replicas: was},
	}
	body, err := Guarded(read, map[string]any{"spec": map[string]any{"replicas": to}})
	if err != nil {
		return 0, err
	}
	scale := autoscalingv1.Scale{} // an answer of 0 leaves what is there
	err = c.Kube.AppsV1().RESTClient().Patch(types.JSONPatchType).
		Namespace(of.GetNamespace()).Resource(resource.Resource).Name(of.GetName()).SubResource("scale").
		VersionedParams(&metav1.PatchOptions{FieldManager: cluster.Manager, DryRun: dryRun}, scheme.ParameterCodec).
		Body(body).Do(ctx).Into(&scale)
	return scale.Spec.Replicas, Met(err, of, resource)
}
