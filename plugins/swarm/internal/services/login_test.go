package services_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
	"github.com/gatebook/gatebook/plugins/swarm/internal/lab"
)

// Who forgot the credentials says the same once more, with them. Nothing of the spec changes, and the tasks that
// their nodes refused run. Where they do, there is nothing to do, and what was done first can be taken back.
func TestAnUpdateThatLackedTheLogin(t *testing.T) {
	t.Parallel()
	image, err := swarmed.PushPrivate(t.Context(), lab.V2, "demo:forgotten")
	lab.Must(t, err)
	service, host := serve(t, lab.V1, 2), &sdktest.Host{}
	update := action(t, "service_update")
	params := map[string]any{"service": service, "image": image, "resolveImage": "never", "monitor": "1s"}
	first := lab.Request(t, params)
	_, err = update.Apply(t.Context(), first, host)
	lab.Fails(t, err, sdk.Permanent, "No such image: "+image)
	first.Before = host.StateBefore()

	preview, err := update.Plan(t.Context(), lab.Request(t, params))
	lab.Must(t, err)
	if !preview.NothingToDo() {
		t.Errorf("the plan without credentials is %+v", preview)
	}
	params["withRegistryAuth"] = true
	second, host := lab.Request(t, params), &sdktest.Host{}
	preview, err = update.Plan(t.Context(), second)
	lab.Must(t, err)
	if says := "would give the nodes the credentials for " + image; len(preview.Changes) != 1 || !strings.Contains(preview.Summary, says) || !strings.Contains(preview.Summary, "No such image") {
		t.Errorf("the plan is %+v", preview)
	}
	second.Seen, second.Key = preview.Observed, "run-again-do"
	for _, changed := range []string{`"changed":true`, `"changed":false`} {
		was := inspect(t, service)
		outputs, err := update.Apply(t.Context(), second, host)
		lab.Must(t, err)
		if !strings.Contains(string(outputs), changed) {
			t.Errorf("it returns %s, without %s", outputs, changed)
		}
		if is := inspect(t, service); changed == `"changed":false` && is.Version != was.Version {
			t.Errorf("it was set though all its tasks run: %v", is.Spec)
		}
		swarmed.Running(t, service, image, 2)
	}
	preview, err = update.Plan(t.Context(), second)
	lab.Must(t, err)
	if !preview.NothingToDo() {
		t.Errorf("the plan of what is done is %+v", preview)
	}

	second.Before = host.StateBefore()
	lab.Must(t, update.Undo(t.Context(), second, &sdktest.Host{}))
	swarmed.Running(t, service, image, 2)
	lab.Must(t, update.Undo(t.Context(), first, &sdktest.Host{}))
	swarmed.Running(t, service, lab.V1, 2)
}

// The credentials are those for the image that the service has, where the step names none.
func TestCredentialsForTheImageThatIsThere(t *testing.T) {
	t.Parallel()
	image, err := swarmed.PushPrivate(t.Context(), lab.V1, "demo:there")
	lab.Must(t, err)
	service := fmt.Sprintf("web%d", names.Add(1))
	swarmed.Create(t, service, image, 1, quick)
	params := map[string]any{"service": service, "force": true, "withRegistryAuth": true, "monitor": "1s"}
	_, err = action(t, "service_update").Apply(t.Context(), lab.Request(t, params), &sdktest.Host{})
	lab.Must(t, err)
	swarmed.Running(t, service, image, 1)
}

// A job whose tasks lack the credentials is not begun anew for them: what of it has ended would run once more.
func TestAJobIsNotBegunAnewForALogin(t *testing.T) {
	t.Parallel()
	image, err := swarmed.PushPrivate(t.Context(), lab.V1, "demo:job")
	lab.Must(t, err)
	service, one := fmt.Sprintf("web%d", names.Add(1)), uint64(1)
	swarmed.Create(t, service, image, 1, func(s *swarm.ServiceSpec) {
		s.Mode = swarm.ServiceMode{ReplicatedJob: &swarm.ReplicatedJob{MaxConcurrent: &one, TotalCompletions: &one}}
	})
	lab.Eventually(t, "a task is refused", func(ctx context.Context) error {
		found, err := docker().TaskList(ctx, client.TaskListOptions{Filters: make(client.Filters).Add("service", service)})
		if err == nil && !slices.ContainsFunc(found.Items, func(task swarm.Task) bool { return task.Status.State == swarm.TaskStateRejected }) {
			err = fmt.Errorf("of %d tasks none is", len(found.Items))
		}
		return err
	})
	params := map[string]any{"service": service, "image": image, "resolveImage": "never", "withRegistryAuth": true}
	preview, err := action(t, "service_update").Plan(t.Context(), lab.Request(t, params))
	lab.Must(t, err)
	if !preview.NothingToDo() {
		t.Errorf("the plan is %+v", preview)
	}
}
