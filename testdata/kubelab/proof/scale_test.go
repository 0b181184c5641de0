package proof

import (
	"testing"
	"time"
)

// Twenty nodes and two hundred pods become ready, and two hundred go.
func TestScale(t *testing.T) {
	began := time.Now()
	l := start(t, t.TempDir(), "-nodes", "20")
	t.Logf("20 nodes are ready after %s", time.Since(began).Round(10*time.Millisecond))
	began = time.Now()
	l.kubectl(t, "create", "deployment", "web", "--image=web:1", "--replicas=200")
	eventually(t, "200 pods run", l.podsRun("default", "web", "web:1", 200))
	t.Logf("200 pods are ready after %s", time.Since(began).Round(10*time.Millisecond))
	began = time.Now()
	l.kubectl(t, "scale", "deployment/web", "--replicas=0")
	eventually(t, "no pod is left", l.podsRun("default", "web", "web:1", 0))
	t.Logf("200 pods are gone after %s", time.Since(began).Round(10*time.Millisecond))
}
