package services_test

import (
	"context"
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

	meddle(t, service, func(s *swarm.ServiceSpec) { s.Labels["team"] = "web" })
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
	lab.Fails(t, err, sdk.Permanent, "exit", "until it is taken back, the service has the pace of the canary of the run run", "unless it sets --update-delay")
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

// The rest of a canary may be of another run, also of one to which nobody has agreed, and set another spec.
// Where that alone is taken back, the service has the canary's spec again, and its tasks are not as they were:
// that is said, until the canary is taken back, too.
func TestTheRestOfACanaryOfAnotherRunIsNotTakenBackAlone(t *testing.T) {
	t.Parallel()
	for name, params := range map[string]map[string]any{
		"to the canary's spec": {"image": lab.V2},
		"to another one":       {"image": lab.V2, "env": map[string]string{"ROLE": "all"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service, update := serve(t, lab.V1, 3), action(t, "service_update")
			canary := behind(t, service)
			params["service"], params["resolveImage"], params["monitor"] = service, "never", "1s"
			rest, host := lab.Request(t, params), &sdktest.Host{}
			rest.Run = "another"
			_, err := update.Apply(t.Context(), rest, host)
			lab.Must(t, err)
			rest.Before = host.StateBefore()
			for range 2 {
				lab.Fails(t, update.Undo(t.Context(), rest, &sdktest.Host{}), sdk.Permanent, "has the spec of the canary of the run run again, but its tasks are not as they were",
					"which were 1", "gatebook rollback run", "docker service update --update-delay 0s "+service)
			}
			lab.Must(t, update.Undo(t.Context(), canary, &sdktest.Host{}))
			swarmed.Running(t, service, lab.V1, 3)
			lab.Must(t, update.Undo(t.Context(), rest, &sdktest.Host{}))
		})
	}
}

// Where the canary is of the same run, that takes it back next. Where it is of another one, the tasks may
// have been replaced otherwise, before the step or by none: that is not of this run.
func TestACanaryIsNotBlamedOnWhoHasNotMovedIt(t *testing.T) {
	t.Parallel()
	update := action(t, "service_update")
	rest := func(service string) sdk.Request {
		return lab.Request(t, map[string]any{"service": service, "image": lab.V2, "resolveImage": "never", "monitor": "1s"})
	}
	t.Run("the same run", func(t *testing.T) {
		t.Parallel()
		service, host := serve(t, lab.V1, 3), &sdktest.Host{}
		canary, rest := behind(t, service), rest(service)
		_, err := update.Apply(t.Context(), rest, host)
		lab.Must(t, err)
		rest.Before = host.StateBefore()
		lab.Must(t, update.Undo(t.Context(), rest, &sdktest.Host{}))
		lab.Must(t, update.Undo(t.Context(), canary, &sdktest.Host{}))
		swarmed.Running(t, service, lab.V1, 3)
	})
	t.Run("cut off before the change", func(t *testing.T) {
		t.Parallel()
		service := serve(t, lab.V1, 3)
		behind(t, service)
		ctx, die := context.WithCancel(t.Context())
		rest, cut := rest(service), &lab.Between{Does: die}
		rest.Run = "another"
		if _, err := update.Apply(ctx, rest, cut); err == nil {
			t.Fatal("it was not cut off")
		}
		rest.Before = cut.StateBefore()
		lab.Must(t, update.Undo(t.Context(), rest, &sdktest.Host{}))
	})
}

// The same canary in another run is there already: to set it again would have the engine replace one task more.
func TestTheSameCanaryOfAnotherRunIsNothingToDo(t *testing.T) {
	t.Parallel()
	service, update := serve(t, lab.V1, 3), action(t, "service_update")
	first := behind(t, service)
	was := inspect(t, service)
	again, host := first, &sdktest.Host{}
	again.Run, again.Key, again.Before = "another", "another-step-0-do", nil
	preview, err := update.Plan(t.Context(), again)
	lab.Must(t, err)
	if !preview.NothingToDo() {
		t.Errorf("the plan is %+v", preview)
	}
	_, err = update.Apply(t.Context(), again, host)
	lab.Must(t, err)
	if is := inspect(t, service); is.Version != was.Version {
		t.Errorf("it is\n%v\nand was\n%v", is.Spec, was.Spec)
	}
	again.Before = host.StateBefore()
	lab.Must(t, update.Undo(t.Context(), again, &sdktest.Host{}))
	lab.Must(t, update.Undo(t.Context(), first, &sdktest.Host{}))
	swarmed.Running(t, service, lab.V1, 3)
}

// behind has a service wait behind a canary of one task, and returns the request that takes that back.
func behind(t *testing.T, service string) sdk.Request {
	t.Helper()
	request, host := lab.Request(t, map[string]any{"service": service, "image": lab.V2, "resolveImage": "never", "canary": 1, "monitor": "1s"}), &sdktest.Host{}
	_, err := action(t, "service_update").Apply(t.Context(), request, host)
	lab.Must(t, err)
	request.Before = host.StateBefore()
	return request
}
