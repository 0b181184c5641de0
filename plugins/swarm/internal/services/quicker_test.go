package services_test

import (
	"testing"

	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
	"github.com/gatebook/gatebook/plugins/swarm/internal/lab"
)

// Where somebody was quicker, nothing was changed, and what they have set stays. So there is nothing to
// take back, and to do so is no conflict; also where a password was put away before that.
func TestWhereSomebodyWasQuickerNothingIsTakenBack(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		params    map[string]any
		unchanged bool
	}{
		"an image":   {map[string]any{"image": lab.V2, "resolveImage": "never"}, true},
		"a password": {map[string]any{"env": map[string]any{"DB_PASSWORD": "opensesame"}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service := serve(t, lab.V1, 1, func(s *swarm.ServiceSpec) {
				s.TaskTemplate.ContainerSpec.Env = []string{"DB_PASSWORD=hunter2"}
			})
			test.params["service"] = service
			update, request := action(t, "service_update"), lab.Request(t, test.params)
			host := &lab.Between{Does: func() {
				meddle(t, service, func(s *swarm.ServiceSpec) { s.Labels = map[string]string{"team": "web"} })
			}}
			_, err := update.Apply(t.Context(), request, host)
			lab.Fails(t, err, sdk.Conflict, "somebody changed the service "+service+" meanwhile: deploy.labels.team is web")
			if is := sdk.AsError(err).Unchanged; is != test.unchanged {
				t.Errorf("it says that nothing was changed: %t", is)
			}
			was := state(t, service)()
			request.Before = host.StateBefore()
			for range 2 {
				lab.Must(t, update.Undo(t.Context(), request, &sdktest.Host{}))
			}
			if is, vaulted := state(t, service)(), vaulted(t, service); is != was || vaulted != 0 {
				t.Errorf("in the swarm are %d, it is\n%s\nand was\n%s", vaulted, is, was)
			}
		})
	}
}
