package rotation_test

import (
	"context"
	"testing"

	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
	"github.com/gatebook/gatebook/plugins/swarm/internal/lab"
)

// A config that a service has another use for than to mount it, as one with credentials for its tasks, is in the
// spec that an undo sets as it was. The service has no tasks, which an engine on Linux cannot make of it.
func TestAConfigThatIsNotMountedStays(t *testing.T) {
	t.Parallel()
	const service, old, other = "web-credentials", "settings-credentials", "settings-credentials-other"
	mounted, used := config.create(t, old, "old"), config.create(t, other, "{}")
	t.Cleanup(func() { // after the service is removed
		lab.Must(t, config.remove(context.Background(), old))
		lab.Must(t, config.remove(context.Background(), other))
	})
	swarmed.Create(t, service, lab.V1, 0, func(s *swarm.ServiceSpec) {
		config.mount(s.TaskTemplate.ContainerSpec, mounted, old)
		s.TaskTemplate.ContainerSpec.Configs = append(s.TaskTemplate.ContainerSpec.Configs, &swarm.ConfigReference{ConfigID: used, ConfigName: other, Runtime: &swarm.ConfigReferenceRuntimeTarget{}})
	})
	before := config.probe(t, service, old)()
	request, host := lab.Request(t, map[string]any{"service": service, "target": "/settings", "content": "new", "monitor": "1s"}), &sdktest.Host{}
	_, err := config.handler(t).Apply(t.Context(), request, host)
	lab.Must(t, err)
	request.Before = host.StateBefore()
	lab.Must(t, config.handler(t).Undo(t.Context(), request, &sdktest.Host{}))
	if after := config.probe(t, service, old)(); after != before {
		t.Errorf("after the undo it is %s, and was %s", after, before)
	}
}
