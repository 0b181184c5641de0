package services_test

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
	"github.com/gatebook/gatebook/plugins/swarm/internal/lab"
)

// created makes a service of two tasks as people do, with docker.
func created(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("web%d", names.Add(1))
	return byDocker(t, name, "", "service", "create", "--detach", "--no-resolve-image", "--name", name, "--replicas", "2",
		"--update-monitor", "1s", "--stop-grace-period", "1s", lab.V1)
}

// stacked makes one as others do, with docker and a compose file.
func stacked(t testing.TB) string {
	t.Helper()
	name, compose := fmt.Sprintf("stack%d", names.Add(1)), `{version: "3.8", services: {web: {image: "`+lab.V1+`", stop_grace_period: 1s, environment: {PORT: "0"},
		networks: [host], deploy: {replicas: 2, update_config: {monitor: 1s}}}}, networks: {host: {external: true, name: host}}}`
	return byDocker(t, name+"_web", compose, "stack", "deploy", "--resolve-image", "never", "--compose-file", "-", name)
}

// byDocker has docker make a service that runs two tasks, and waits until they do.
func byDocker(t testing.TB, service, stdin string, args ...string) string {
	t.Helper()
	lab.Must(t, swarmed.Give(t.Context(), lab.V1, lab.V2))
	command := exec.CommandContext(t.Context(), lab.Needs(t, "docker"), append([]string{"--host", "unix://" + swarmed.Nodes[0].Socket}, args...)...)
	command.Env, command.Stdin = append(os.Environ(), "DOCKER_CONFIG="+t.TempDir()), strings.NewReader(stdin)
	if said, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", command, err, said)
	}
	t.Cleanup(func() { swarmed.Sweep(t, service) })
	swarmed.Running(t, service, lab.V1, 2)
	return service
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
		by     func(testing.TB) string
		action string
		params map[string]any
		stay   int // of two tasks
		undone int // and how many at least after the undo: which task of three the engine ends is its own affair
	}{
		"scale":              {created, "service_scale", map[string]any{"replicas": 3}, 2, 1},
		"labels":             {created, "service_update", map[string]any{"labels": map[string]any{"team": "web"}}, 2, 2},
		"pace":               {created, "service_update", map[string]any{"parallelism": 0}, 2, 2},
		"canary":             {created, "service_update", map[string]any{"image": lab.V2, "resolveImage": "never", "canary": 1}, 1, 1},
		"scale, of a stack":  {stacked, "service_scale", map[string]any{"replicas": 3}, 2, 1},
		"labels, of a stack": {stacked, "service_update", map[string]any{"labels": map[string]any{"team": "web"}}, 2, 2},
		"canary, of a stack": {stacked, "service_update", map[string]any{"image": lab.V2, "resolveImage": "never", "canary": 1}, 1, 1},
		"canary's values":    {created, "service_update", map[string]any{"env": map[string]any{"MODE": "b"}, "canary": 1}, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service, host := test.by(t), &sdktest.Host{}
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
