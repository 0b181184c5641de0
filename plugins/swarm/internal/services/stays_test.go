package services_test

import (
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"testing"

	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
	"github.com/gatebook/gatebook/plugins/swarm/internal/lab"
)

// created makes a service as people do, with docker, and waits until it runs.
func created(t testing.TB, image string, replicas uint64) string {
	t.Helper()
	lab.Must(t, swarmed.Give(t.Context(), lab.V1, lab.V2))
	name := fmt.Sprintf("web%d", names.Add(1))
	command := exec.CommandContext(t.Context(), lab.Needs(t, "docker"), "--host", "unix://"+swarmed.Nodes[0].Socket, "service", "create", "--detach",
		"--no-resolve-image", "--name", name, "--replicas", fmt.Sprint(replicas), "--update-monitor", "1s", "--stop-grace-period", "1s", image)
	if said, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", command, err, said)
	}
	t.Cleanup(func() { swarmed.Sweep(t, name) })
	swarmed.Running(t, name, image, replicas)
	return name
}

// runs are the tasks of a service that are to run, by their IDs.
func runs(t testing.TB, service string) []string {
	t.Helper()
	listed, err := swarmed.Tasks(t.Context(), service)
	lab.Must(t, err)
	var ids []string
	for _, task := range listed {
		if task.DesiredState == swarm.TaskStateRunning {
			ids = append(ids, task.ID)
		}
	}
	return ids
}

// What a step does not change of the tasks of a service leaves them alone, and so does its undo. Docker
// writes parts of a spec that are empty, and to the engine a task without such a part is another one.
func TestTasksStayOfWhichNothingChanges(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		action string
		params map[string]any
		stay   int // of two tasks
		undone int // and how many at least after the undo: which task of three the engine ends is its own affair
	}{
		"scale":           {"service_scale", map[string]any{"replicas": 3}, 2, 1},
		"labels":          {"service_update", map[string]any{"labels": map[string]any{"team": "web"}}, 2, 2},
		"pace":            {"service_update", map[string]any{"parallelism": 0}, 2, 2},
		"canary":          {"service_update", map[string]any{"image": lab.V2, "resolveImage": "never", "canary": 1}, 1, 1},
		"canary's values": {"service_update", map[string]any{"env": map[string]any{"MODE": "b"}, "canary": 1}, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service, host := created(t, lab.V1, 2), &sdktest.Host{}
			handler, before := action(t, test.action), runs(t, service)
			params := maps.Clone(test.params)
			params["service"] = service
			request := lab.Request(t, params)
			stayed := func(after string, want int) {
				t.Helper()
				is := runs(t, service)
				gone := slices.DeleteFunc(slices.Clone(before), func(id string) bool { return slices.Contains(is, id) })
				if len(gone) > len(before)-want {
					t.Errorf("after %s it has the tasks %v, and had %v", after, is, before)
				}
			}
			_, err := handler.Apply(t.Context(), request, host)
			lab.Must(t, err)
			stayed("the step", test.stay)
			request.Before = host.StateBefore()
			lab.Must(t, handler.Undo(t.Context(), request, &sdktest.Host{}))
			swarmed.Running(t, service, lab.V1, 2)
			stayed("its undo", test.undone)
		})
	}
}
