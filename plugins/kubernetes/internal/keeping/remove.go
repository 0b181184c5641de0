package keeping

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
)

// Remove deletes the object, if may says nothing against it as it is then, and waits until it
// is gone, as a removal says that names no object yet.
func (l Leftover) Remove(ctx context.Context, c *cluster.Cluster, way cluster.Removal, may func(live *unstructured.Unstructured) error) error {
	way.Kind, way.Namespace, way.Name, way.UID = l.Served, l.Namespace, l.Name, l.Live.GetUID()
	way.Options.PropagationPolicy = new(metav1.DeletePropagationBackground)
	live, looked, gone := l.Live, true, false
	err := cluster.Again(func() (err error) {
		if !looked {
			live, err = c.Look(ctx, l.Served, l.Namespace, l.Name)
		}
		looked, gone = false, live == nil || live.GetUID() != way.UID
		if err != nil || gone {
			return err
		}
		if err := may(live); err != nil {
			return err
		}
		asked, version := way, live.GetResourceVersion()
		asked.Options.Preconditions = &metav1.Preconditions{ResourceVersion: &version}
		gone, err = c.AskToGo(ctx, asked)
		return err
	})
	switch {
	case err != nil:
		return err
	case gone:
		return Gone(ctx, c, l.Ref, way.UID, "")
	}
	return c.Remove(ctx, way)
}
