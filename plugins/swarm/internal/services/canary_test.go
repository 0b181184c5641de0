package services_test

import (
	"testing"

	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
	"github.com/gatebook/gatebook/plugins/swarm/internal/lab"
)

// Where somebody else changes a service during a canary, that is not taken back, and its pace stays. The
// conflict says so, and what it says to type has the update go on.
func TestWhatACanaryLeavesIsSaid(t *testing.T) {
	t.Parallel()
	service := serve(t, lab.V1, 2)
	left := "docker service update --update-delay 0s " + service + " has it go on"
	update, host := action(t, "service_update"), &sdktest.Host{}
	request := lab.Request(t, map[string]any{"service": service, "image": lab.V2, "resolveImage": "never", "canary": 1, "monitor": "1s"})
	_, err := update.Apply(t.Context(), request, host)
	lab.Must(t, err)
	request.Before = host.StateBefore()
	on := lab.Request(t, map[string]any{"service": service, "image": lab.V2, "resolveImage": "never", "monitor": "1s"})
	preview, err := update.Plan(t.Context(), on)
	lab.Must(t, err)
	on.Seen = preview.Observed

	meddle(t, service, func(s *swarm.ServiceSpec) { s.Labels = map[string]string{"team": "web"} })
	_, err = update.Apply(t.Context(), on, &sdktest.Host{})
	lab.Fails(t, err, sdk.Conflict, "since it was planned: deploy.labels.team is web", left)
	lab.Fails(t, update.Undo(t.Context(), request, &sdktest.Host{}), sdk.Conflict, "meanwhile: deploy.labels.team is web", left)

	meddle(t, service, func(s *swarm.ServiceSpec) { s.UpdateConfig.Delay = 0 })
	swarmed.Running(t, service, lab.V2, 2)
}

// A canary that fails says what is left until it is taken back.
func TestACanaryThatFailsSaysWhatItLeaves(t *testing.T) {
	t.Parallel()
	service, host := serve(t, lab.V1, 2), &sdktest.Host{}
	update := action(t, "service_update")
	request := lab.Request(t, map[string]any{"service": service, "image": lab.Bad, "resolveImage": "never", "canary": 1})
	_, err := update.Apply(t.Context(), request, host)
	lab.Fails(t, err, sdk.Permanent, "exit", "until it is taken back, the service has the pace of a canary", "unless it sets --update-delay")
	request.Before = host.StateBefore()
	lab.Must(t, update.Undo(t.Context(), request, &sdktest.Host{}))
}

// A canary is fewer than all tasks, also of a service that has one for each node: else it is an outage.
func TestACanaryOfAllNodesIsRefused(t *testing.T) {
	t.Parallel()
	service := serve(t, lab.V1, 1, func(s *swarm.ServiceSpec) { s.Mode = swarm.ServiceMode{Global: &swarm.GlobalService{}} })
	was := state(t, service)()
	for _, canary := range []int{1, 5} {
		request := lab.Request(t, map[string]any{"service": service, "image": lab.V2, "resolveImage": "never", "canary": canary})
		_, err := action(t, "service_update").Plan(t.Context(), request)
		lab.Fails(t, err, sdk.Permanent, "has 1 tasks: a canary is fewer than all")
		_, err = action(t, "service_update").Apply(t.Context(), request, &sdktest.Host{})
		lab.Fails(t, err, sdk.Permanent, "has 1 tasks: a canary is fewer than all")
	}
	if is := state(t, service)(); is != was {
		t.Errorf("it is\n%s\nand was\n%s", is, was)
	}
}

// The rest of a canary may be of another run. Where that alone is taken back, the service has the canary's
// spec again, and its tasks are not as they were: that is said, until the canary is taken back, too.
func TestTheRestOfACanaryOfAnotherRunIsNotTakenBackAlone(t *testing.T) {
	t.Parallel()
	service, update := serve(t, lab.V1, 2), action(t, "service_update")
	run := func(params map[string]any) sdk.Request {
		t.Helper()
		params["service"], params["image"], params["resolveImage"], params["monitor"] = service, lab.V2, "never", "1s"
		request, host := lab.Request(t, params), &sdktest.Host{}
		preview, err := update.Plan(t.Context(), request)
		lab.Must(t, err)
		request.Seen = preview.Observed
		_, err = update.Apply(t.Context(), request, host)
		lab.Must(t, err)
		request.Before = host.StateBefore()
		return request
	}
	canary := run(map[string]any{"canary": 1})
	rest := run(map[string]any{})
	for range 2 {
		lab.Fails(t, update.Undo(t.Context(), rest, &sdktest.Host{}), sdk.Permanent,
			"has the spec of its canary again, and 2 of 2 tasks stay new", "docker service update --update-delay 0s "+service)
	}
	lab.Must(t, update.Undo(t.Context(), canary, &sdktest.Host{}))
	swarmed.Running(t, service, lab.V1, 2)
	lab.Must(t, update.Undo(t.Context(), rest, &sdktest.Host{}))
}
