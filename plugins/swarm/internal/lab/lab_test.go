package lab_test

import (
	"context"
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

func TestMain(m *testing.M) { os.Exit(lab.Run(m, 3, func(l *lab.Lab) { swarmed = l })) }

// The services of a lab are reached, and say which version they are.
func TestAServiceAnswers(t *testing.T) {
	ctx := t.Context()
	if err := swarmed.Give(ctx, lab.V1); err != nil {
		t.Fatal(err)
	}
	node := swarmed.Nodes[0]
	spec := swarm.ServiceSpec{
		Annotations: swarm.Annotations{Name: "web"},
		TaskTemplate: swarm.TaskSpec{
			ContainerSpec: &swarm.ContainerSpec{Image: lab.V1, Env: []string{"PORT=809{{.Task.Slot}}"}},
			Networks:      []swarm.NetworkAttachmentConfig{{Target: "host"}},
		},
	}
	replicas := uint64(3)
	spec.Mode.Replicated = &swarm.ReplicatedService{Replicas: &replicas}
	made, err := node.Docker.ServiceCreate(ctx, client.ServiceCreateOptions{Spec: spec})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", made)
	deadline := time.Now().Add(time.Minute)
	answered := map[string]bool{}
	for time.Now().Before(deadline) && len(answered) < 3 {
		for _, on := range swarmed.Nodes {
			for _, port := range []string{"8091", "8092", "8093"} {
				web := &http.Client{Timeout: time.Second, Transport: &http.Transport{DialContext: on.Dial, DisableKeepAlives: true}}
				got, err := web.Get("http://127.0.0.1:" + port)
				if err != nil {
					continue
				}
				text, _ := io.ReadAll(got.Body)
				got.Body.Close()
				answered[port+" "+strings.TrimSpace(string(text))] = true
			}
		}
	}
	t.Log(answered)
	if len(answered) != 3 {
		tasks, _ := node.Docker.TaskList(context.Background(), client.TaskListOptions{})
		for _, task := range tasks.Items {
			t.Log(task.Slot, task.Status.State, task.Status.Err)
		}
		t.Fatal("not all answered")
	}
}
