package compose_test

import (
	"strings"
	"testing"

	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/swarm/internal/compose"
)

// Where a secret stands now, another one stood before: it is not shown, whatever the place is called, and what
// else has changed is.
func TestFormerSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	of := func(secret, tag string) swarm.ServiceSpec {
		return swarm.ServiceSpec{
			Annotations: swarm.Annotations{Name: "web", Labels: map[string]string{"greets": "Hello " + secret, "tag": tag}},
			TaskTemplate: swarm.TaskSpec{ContainerSpec: &swarm.ContainerSpec{
				Env: []string{"GREETING=Hello " + secret + " " + tag, "TAG=" + tag}, Args: []string{"serve", "--db", secret, tag},
				Mounts: []mount.Mount{
					{Type: "volume", Source: "data", Target: "/data", VolumeOptions: &mount.VolumeOptions{DriverConfig: &mount.Driver{Options: map[string]string{"o": "addr=" + secret}}}},
					{Type: "bind", Source: "/" + tag, Target: "/tag"},
				},
			}},
		}
	}
	is := of("opensesame-43", "v2")
	for name, was := range map[string]swarm.ServiceSpec{"another": of("opensesame-42", "v1"), "the same": of("opensesame-43", "v1")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			veiled, err := compose.Former(was, is, []string{"", "opensesame-43"})
			if err != nil {
				t.Fatal(err)
			}
			diff := compose.Diff("web", veiled, is)
			for _, says := range []string{"-  - TAG=v1", "+  - TAG=v2", "GREETING=", "-    tag: v1", "source: /v1"} {
				if !strings.Contains(diff, says) {
					t.Errorf("it does not say %q:\n%s", says, diff)
				}
			}
			if strings.Contains(diff, "opensesame-42") {
				t.Errorf("the former secret is shown:\n%s", diff)
			}
		})
	}
}
