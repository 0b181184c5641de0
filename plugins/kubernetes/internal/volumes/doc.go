// Package volumes holds the actions on the data in volumes: volume_snapshot and
// pvc_restore. They speak to the CSI snapshotter by its custom resources.
package volumes

import (
	"context"
	"fmt"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/own"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Actions declares the actions on the volumes of a cluster.
func Actions(c *cluster.Cluster) []sdk.Declaration {
	v := volumes{c}
	return []sdk.Declaration{v.snapshot(), v.restore()}
}

// volumes acts on the volumes of a cluster.
type volumes struct{ *cluster.Cluster }

// kind asks how a kind of the CSI snapshotter is served. missing is the sentence that
// says so, where it is not.
func (v volumes) kind(ctx context.Context, name string) (kind cluster.Kind, missing []string, err error) {
	return own.Needed(ctx, v.Cluster, "snapshot.storage.k8s.io/v1", name, "the CSI snapshotter")
}

// claimName is a claim as a person reads it.
func claimName(namespace, name string) string {
	return fmt.Sprintf("PersistentVolumeClaim %s/%s", namespace, name)
}
