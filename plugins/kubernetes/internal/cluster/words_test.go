package cluster_test

import (
	"testing"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
)

func TestCount(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0 pods", 1: "1 pod", 2: "2 pods"} {
		if got := cluster.Count(n, "pod"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
