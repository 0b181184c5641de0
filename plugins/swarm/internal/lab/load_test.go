package lab_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/swarm/internal/lab"
)

// Load tells the truth: what answers, by its version, and what does not.
func TestLoadCountsWhatFails(t *testing.T) {
	t.Parallel()
	lab.Must(t, swarmed.Give(t.Context(), lab.V1))
	id := swarmed.Service(t, "loaded", lab.V1, 2, lab.Ports(8190))
	load := swarmed.Load(t, id, 8190)
	clients := map[string]*lab.Counts{"direct": load.Direct, "balanced": load.Balanced}
	lab.Eventually(t, "all is answered", func(context.Context) error {
		for name, client := range clients {
			if client.Answered("v1") < 50 {
				return fmt.Errorf("%s: %s", name, client)
			}
		}
		return nil
	})
	for name, client := range clients {
		if client.Failed() > 0 {
			t.Errorf("%s: %s", name, client)
		}
	}
	_, err := swarmed.Nodes[0].Docker.ServiceRemove(t.Context(), id, client.ServiceRemoveOptions{})
	lab.Must(t, err)
	lab.Eventually(t, "nothing is answered", func(context.Context) error {
		for name, client := range clients {
			if client.Failed() < 20 {
				return fmt.Errorf("%s: %s", name, client)
			}
		}
		return nil
	})
	load.Stop()
	for name, client := range clients {
		t.Logf("%s: %s", name, client)
	}
}
