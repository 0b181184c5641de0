package cluster_test

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
)

// What a connection may ask of a server, all its clients have together.
func TestAllRequestsOfAConnectionHaveOneLimit(t *testing.T) {
	t.Parallel()
	config := shared.Config()
	config.QPS, config.Burst = 10, 1
	c := &cluster.Cluster{}
	lab.Must(t, c.Connect(t.Context(), config))
	maps, err := c.Kind(t.Context(), "v1", "ConfigMap")
	lab.Must(t, err)
	began := time.Now()
	for range 2 {
		_, err := c.Kube.CoreV1().ConfigMaps("default").List(t.Context(), metav1.ListOptions{})
		lab.Must(t, err)
		_, err = c.Watching.CoreV1().ConfigMaps("default").List(t.Context(), metav1.ListOptions{})
		lab.Must(t, err)
		_, err = c.Objects(maps, "default").List(t.Context(), metav1.ListOptions{})
		lab.Must(t, err)
		_, err = c.Metadata.Resource(maps.Served).Namespace("default").List(t.Context(), metav1.ListOptions{})
		lab.Must(t, err)
	}
	// Each of the eight waits for its tenth of a second, or the first not for all of it.
	if took := time.Since(began); took < 600*time.Millisecond {
		t.Errorf("8 requests took %s, at 10 in a second", took)
	}
}
