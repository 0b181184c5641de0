package stacks_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
	"github.com/gatebook/gatebook/plugins/swarm/internal/lab"
)

// byDocker deploys a compose file by the docker command.
func byDocker(t testing.TB, name, compose string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), lab.Needs(t, "docker"), "--host", "unix://"+swarmed.Nodes[0].Socket, "stack", "deploy", "--compose-file", "-", name)
	command.Env = append(os.Environ(), "DOCKER_CONFIG="+t.TempDir())
	command.Stdin = strings.NewReader(compose)
	if said, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
}

// Whoever deploys the same file by the one today and by the other tomorrow sees no change: neither of the
// digest of an image, nor of the platforms that it is for, both of which docker asks the registry for.
func TestDockerAndGatebookDeployTheSame(t *testing.T) {
	t.Parallel()
	image, err := swarmed.Push(t.Context(), lab.V1)
	must(t, err)
	other, err := swarmed.Push(t.Context(), lab.V2)
	must(t, err)
	by, mine := stack(t), stack(t)
	of := func(image string) string {
		return `version: "3.8"` + strings.ReplaceAll(one, "demo:v1", image)
	}
	first := of(image)
	byDocker(t, by, first)
	deployed := service(t, by+"_web").Spec
	if platforms := deployed.TaskTemplate.Placement.Platforms; len(platforms) != 1 || !strings.Contains(deployed.TaskTemplate.ContainerSpec.Image, "@sha256:") {
		t.Fatalf("docker asks no registry: %+v, %v", deployed.TaskTemplate.ContainerSpec, platforms)
	}
	for _, file := range []string{first, of(deployed.TaskTemplate.ContainerSpec.Image)} {
		for _, resolve := range []string{"always", "changed", "never"} {
			preview := planned(t, request(t, map[string]any{"stack": by, "resolveImage": resolve, "compose": file}))
			if file == first && !preview.NothingToDo() {
				t.Errorf("the plan of %s is %+v", resolve, preview)
			}
			for _, change := range preview.Changes {
				if strings.Contains(change.Diff, "Platforms") {
					t.Errorf("the plan of %s changes the platforms:\n%s", resolve, change.Diff)
				}
			}
		}
	}

	for step, text := range []string{first, of(other)} {
		applied(t, request(t, map[string]any{"stack": mine, "resolveImage": "always", "compose": text}), &sdktest.Host{})
		is := service(t, mine+"_web").Spec
		byDocker(t, mine, text)
		if was, is := alike(t, is), alike(t, service(t, mine+"_web").Spec); was != is {
			t.Errorf("step %d: docker changes %s to %s", step, was, is)
		}
	}
}

// alike is a spec as text.
func alike(t testing.TB, of swarm.ServiceSpec) string {
	t.Helper()
	text, err := json.Marshal(of)
	must(t, err)
	return string(text)
}
