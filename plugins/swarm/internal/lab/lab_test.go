package lab_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/swarm/internal/lab"
)

var swarmed *lab.Lab

func TestMain(m *testing.M) {
	if os.Getenv(victim) != "" {
		live()
		return
	}
	os.Exit(lab.Run(m, 3, func(l *lab.Lab) { swarmed = l }, lab.Workers(1)))
}

// get asks for a page, from the middle of the lab's network.
func get(ctx context.Context, address string) (string, error) {
	web := &http.Client{Timeout: time.Second, Transport: &http.Transport{DialContext: swarmed.Dial, DisableKeepAlives: true}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address, nil)
	if err != nil {
		return "", err
	}
	got, err := web.Do(request)
	if err != nil {
		return "", err
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	return strings.TrimSpace(string(text)), err
}

// The services of a lab are reached on all nodes, and say which version they are.
func TestAServiceAnswers(t *testing.T) {
	t.Parallel()
	lab.Must(t, swarmed.Give(t.Context(), lab.V1))
	swarmed.Service(t, "answers", lab.V1, 4, lab.Ports(8090))
	for slot := 1; slot <= 4; slot++ {
		lab.Eventually(t, fmt.Sprintf("replica %d answers", slot), func(ctx context.Context) error {
			var complaints []error
			for _, node := range swarmed.Nodes {
				said, err := get(ctx, fmt.Sprintf("%s:809%d", node.Address, slot))
				if err == nil && strings.HasPrefix(said, "v1 ") {
					return nil
				}
				complaints = append(complaints, fmt.Errorf("%s: %q, %w", node.Name, said, err))
			}
			return errors.Join(complaints...)
		})
	}
}

// Who joins as a worker manages nothing.
func TestALabHasWorkers(t *testing.T) {
	t.Parallel()
	for i, node := range swarmed.Nodes {
		info, err := node.Docker.Info(t.Context(), client.InfoOptions{})
		lab.Must(t, err)
		if info.Info.Swarm.ControlAvailable != (i < 3) || info.Info.Name != node.Name {
			t.Errorf("node %d is %s, and manages: %t", i, info.Info.Name, info.Info.Swarm.ControlAvailable)
		}
	}
}

// What no node has is pulled from the registry, by each that needs it.
func TestImagesArePulled(t *testing.T) {
	t.Parallel()
	reference, err := swarmed.Push(t.Context(), lab.V2)
	lab.Must(t, err)
	swarmed.Service(t, "pulled", reference, 4)
	tasks, err := swarmed.Tasks(t.Context(), "pulled")
	lab.Must(t, err)
	nodes := map[string]bool{}
	for _, task := range tasks {
		nodes[task.NodeID] = nodes[task.NodeID] || task.Status.State == swarm.TaskStateRunning
	}
	if len(nodes) != 4 {
		t.Errorf("they run on %d nodes", len(nodes))
	}
}
