package services_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
	"github.com/gatebook/gatebook/plugins/swarm/internal/engine"
	"github.com/gatebook/gatebook/plugins/swarm/internal/lab"
	"github.com/gatebook/gatebook/plugins/swarm/internal/services"
	"github.com/gatebook/gatebook/plugins/swarm/internal/spec"
	"github.com/gatebook/gatebook/plugins/swarm/internal/vault"
)

var swarmed *lab.Lab

func TestMain(m *testing.M) {
	os.Exit(lab.Run(m, 1, func(l *lab.Lab) { swarmed = l }, lab.LoggedIn()))
}

// names counts the services of tests, whose names none other has.
var names atomic.Int64

// quick is a pace at which a test gets to its end soon.
func quick(spec *swarm.ServiceSpec) {
	grace := time.Second
	spec.TaskTemplate.ContainerSpec.StopGracePeriod = &grace
	spec.UpdateConfig = &swarm.UpdateConfig{Parallelism: 1, FailureAction: swarm.UpdateFailureActionPause, Monitor: 2 * time.Second, Order: swarm.UpdateOrderStopFirst}
	spec.RollbackConfig = &swarm.UpdateConfig{Parallelism: 0, FailureAction: swarm.UpdateFailureActionPause, Monitor: time.Second, Order: swarm.UpdateOrderStopFirst}
}

// serve makes a service that runs, and returns its name.
func serve(t testing.TB, image string, replicas uint64, with ...func(*swarm.ServiceSpec)) string {
	t.Helper()
	lab.Must(t, swarmed.Give(t.Context(), lab.V1, lab.V2, lab.Bad, lab.Sick))
	name := fmt.Sprintf("web%d", names.Add(1))
	swarmed.Service(t, name, image, replicas, append([]func(*swarm.ServiceSpec){quick}, with...)...)
	return name
}

// docker is a client of an administrator's.
func docker() *client.Client { return swarmed.Nodes[0].Docker }

// inspect reads a service.
func inspect(t testing.TB, name string) swarm.Service {
	t.Helper()
	found, err := docker().ServiceInspect(t.Context(), name, client.ServiceInspectOptions{})
	lab.Must(t, err)
	return found.Service
}

// meddle changes a service as somebody else does.
func meddle(t testing.TB, name string, change func(*swarm.ServiceSpec)) {
	t.Helper()
	lab.Eventually(t, "somebody changes "+name, func(ctx context.Context) error {
		found, err := docker().ServiceInspect(ctx, name, client.ServiceInspectOptions{})
		if err != nil {
			return err
		}
		spec := found.Service.Spec
		change(&spec)
		_, err = docker().ServiceUpdate(ctx, name, client.ServiceUpdateOptions{Version: found.Service.Version, Spec: spec})
		return err
	})
}

// state is the spec of a service as text.
func state(t testing.TB, name string) func() string {
	return func() string {
		is := inspect(t, name)
		return fmt.Sprintf("%s %v", is.ID, spec.Of(is.Spec))
	}
}

// vaulted is how much the swarm keeps that leads back to a service.
func vaulted(t testing.TB, service string) int {
	t.Helper()
	found, err := docker().ConfigList(t.Context(), client.ConfigListOptions{Filters: make(client.Filters).Add("label", vault.Label+"=service "+service)})
	lab.Must(t, err)
	return len(found.Items)
}

func action(t testing.TB, name string) sdk.Handler {
	t.Helper()
	return lab.Action(t, engine.Truthful(services.Actions(swarmed.Nodes[0].Connect(t))), name)
}

func TestUpdateKeepsTheContract(t *testing.T) {
	t.Parallel()
	sdktest.Run(t, action(t, "service_update"),
		sdktest.Case{
			Name: "another image",
			World: func(t testing.TB) sdktest.World {
				name := serve(t, lab.V1, 1)
				return sdktest.World{
					Params: map[string]any{"service": name, "image": lab.V2, "resolveImage": "never", "env": map[string]any{"MODE": "b"}, "monitor": "1s", "maxFailureRatio": 0.1},
					Probe:  state(t, name),
				}
			},
			Moves: []string{"version"},
		},
		sdktest.Case{
			Name: "no such service",
			World: func(testing.TB) sdktest.World {
				return sdktest.World{Params: map[string]any{"service": "nobody", "image": lab.V2}}
			},
			Fails: sdk.Permanent,
		},
		sdktest.Case{
			Name: "an image that exits",
			World: func(t testing.TB) sdktest.World {
				name := serve(t, lab.V1, 1)
				return sdktest.World{Params: map[string]any{"service": name, "image": lab.Bad, "resolveImage": "never"}, Probe: state(t, name)}
			},
			Fails: sdk.Permanent,
		},
		sdktest.Case{
			Name: "an update that takes its time",
			World: func(t testing.TB) sdktest.World {
				name := serve(t, lab.V1, 1)
				return sdktest.World{Params: map[string]any{"service": name, "image": lab.V2, "resolveImage": "never", "monitor": "1h"}, Probe: state(t, name)}
			},
			Blocks: true,
		},
	)
}

// What an earlier step is to return is not known in a plan. Of a version nothing else depends, so that the
// plan shows what would change; and whatever is unknown, it says what the step would change, as that is:
// people agree to it.
func TestAPlanNamesWhatItWouldChange(t *testing.T) {
	t.Parallel()
	name := serve(t, lab.V1, 1)
	plan := func(service string, params map[string]any, unknown string) sdk.Preview {
		t.Helper()
		params["service"], params["resolveImage"] = service, "never"
		request := lab.Request(t, params)
		request.Unknown = []string{unknown}
		preview, err := action(t, "service_update").Plan(t.Context(), request)
		lab.Must(t, err)
		return preview
	}
	saw := func(preview sdk.Preview) bool {
		return slices.ContainsFunc(preview.Observed, func(one sdk.Seen) bool {
			return one.Kind == "service" && one.Name == name && one.Version != "" && one.Changes
		})
	}
	byVersion := plan(name, map[string]any{"image": lab.V2}, "version")
	if len(byVersion.Changes) != 1 || !strings.Contains(byVersion.Changes[0].Diff, "+image: "+lab.V2) || !saw(byVersion) {
		t.Errorf("with a version that is not known the plan is %+v", byVersion)
	}
	if ofImage := plan(name, map[string]any{}, "image"); len(ofImage.Changes) > 0 || !saw(ofImage) {
		t.Errorf("with an image that is not known the plan is %+v", ofImage)
	}
	if ofNobody := plan("nobody", map[string]any{}, "image"); len(ofNobody.Observed) > 0 || ofNobody.Summary == "" {
		t.Errorf("of a service that is not there yet the plan is %+v", ofNobody)
	}
}

func TestScaleKeepsTheContract(t *testing.T) {
	t.Parallel()
	sdktest.Run(t, action(t, "service_scale"), sdktest.Case{
		Name: "two tasks",
		World: func(t testing.TB) sdktest.World {
			name := serve(t, lab.V1, 1)
			return sdktest.World{Params: map[string]any{"service": name, "replicas": 2}, Probe: state(t, name)}
		},
		Moves: []string{"version"},
	})
}

func TestRollbackKeepsTheContract(t *testing.T) {
	t.Parallel()
	sdktest.Run(t, action(t, "service_rollback"), sdktest.Case{
		Name: "the image before",
		World: func(t testing.TB) sdktest.World {
			name := serve(t, lab.V1, 1)
			meddle(t, name, func(s *swarm.ServiceSpec) { s.TaskTemplate.ContainerSpec.Image = lab.V2 })
			swarmed.Running(t, name, lab.V2, 1)
			return sdktest.World{Params: map[string]any{"service": name}, Probe: state(t, name)}
		},
		Moves: []string{"version"},
	})
}

// A change goes by what was planned, and by what the step says the version is: what somebody else
// changed meanwhile is named, and stays.
func TestWhatSomebodyElseChangedIsNamedAndStays(t *testing.T) {
	t.Parallel()
	update := action(t, "service_update")
	args := func(text string) func(*swarm.ServiceSpec) {
		return func(s *swarm.ServiceSpec) { s.TaskTemplate.ContainerSpec.Args = []string{text} }
	}
	for name, test := range map[string]struct {
		meddle []string // arguments that somebody sets, one after the other
		says   string
		params map[string]any
	}{
		"once since the plan":       {meddle: []string{"slow"}, says: "since it was planned: command is"},
		"twice since the plan":      {meddle: []string{"slow", "fast"}, says: "since it was planned: more than once: command is [\"fast\"], was not set"},
		"since the version given":   {meddle: []string{"slow"}, says: "and the step is for index", params: map[string]any{"version": 0}},
		"and back again as it was":  {meddle: []string{"slow", ""}},
		"nothing since it was seen": {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service := serve(t, lab.V1, 1)
			params := map[string]any{"service": service, "image": lab.V2, "resolveImage": "never", "monitor": "1s"}
			if _, by := test.params["version"]; by {
				params["version"] = inspect(t, service).Version.Index
			}
			request := lab.Request(t, params)
			preview, err := update.Plan(t.Context(), request)
			lab.Must(t, err)
			if _, by := test.params["version"]; !by {
				request.Seen = preview.Observed
			}
			for _, text := range test.meddle {
				if text == "" {
					meddle(t, service, func(s *swarm.ServiceSpec) { s.TaskTemplate.ContainerSpec.Args = nil })
				} else {
					meddle(t, service, args(text))
				}
			}
			was := inspect(t, service)
			_, err = update.Apply(t.Context(), request, &sdktest.Host{})
			if test.says == "" {
				lab.Must(t, err)
				return
			}
			lab.Fails(t, err, sdk.Conflict, "somebody changed the service "+service, test.says)
			if !sdk.AsError(err).Unchanged {
				t.Error("it does not say that nothing was changed")
			}
			if is := inspect(t, service); !spec.Alike(is.Spec, was.Spec) {
				t.Errorf("it was changed nevertheless: %v", is.Spec)
			}
		})
	}
}

// What is kept for undo holds no value that the step does not change.
func TestNoPasswordIsKept(t *testing.T) {
	t.Parallel()
	service := serve(t, lab.V1, 1, func(s *swarm.ServiceSpec) {
		s.TaskTemplate.ContainerSpec.Env = []string{"MODE=a", "DB_PASSWORD=hunter2", "HOOK=opensesame"} // of which no name tells that it is secret
	})
	update, host := action(t, "service_update"), &sdktest.Host{}
	request := lab.Request(t, map[string]any{"service": service, "image": lab.V2, "resolveImage": "never", "env": map[string]any{"MODE": "b"}, "monitor": "1s"})
	preview, err := update.Plan(t.Context(), request)
	lab.Must(t, err)
	_, err = update.Apply(t.Context(), request, host)
	lab.Must(t, err)
	for what, text := range map[string]string{"the plan": fmt.Sprint(preview.Changes), "what it saw": fmt.Sprint(preview.Observed), "what is kept": string(host.StateBefore())} {
		if strings.Contains(text, "hunter2") || what != "the plan" && strings.Contains(text, "opensesame") {
			t.Errorf("%s holds the password: %s", what, text)
		}
	}
	if env := strings.Join(inspect(t, service).Spec.TaskTemplate.ContainerSpec.Env, " "); env != "MODE=b DB_PASSWORD=hunter2 HOOK=opensesame" {
		t.Errorf("the variables are %s", env)
	}
}

// A password that the step replaces is kept in the swarm alone, until it is put back.
func TestAPasswordThatIsReplacedStaysInTheSwarm(t *testing.T) {
	t.Parallel()
	service := serve(t, lab.V1, 1, func(s *swarm.ServiceSpec) {
		s.TaskTemplate.ContainerSpec.Env = []string{"DB_PASSWORD=hunter2", "MODE=a"}
	})
	was := state(t, service)()
	update, host := action(t, "service_update"), &sdktest.Host{}
	request := lab.Request(t, map[string]any{"service": service, "env": map[string]any{"DB_PASSWORD": "opensesame"}, "unsetEnv": []string{"MODE"}, "monitor": "1s"})
	_, err := update.Apply(t.Context(), request, host)
	lab.Must(t, err)
	if kept := string(host.StateBefore()); strings.Contains(kept, "hunter2") || strings.Contains(kept, "DB_PASSWORD") {
		t.Errorf("kept is %s", kept)
	}
	if is := inspect(t, service); vaulted(t, service) != 1 || strings.Join(is.Spec.TaskTemplate.ContainerSpec.Env, " ") != "DB_PASSWORD=opensesame" {
		t.Errorf("in the swarm are %d, and the variables %s", vaulted(t, service), is.Spec.TaskTemplate.ContainerSpec.Env)
	}
	request.Attempt, request.Before = 2, host.StateBefore()
	_, err = update.Apply(t.Context(), request, &sdktest.Host{})
	lab.Must(t, err)
	for range 2 {
		lab.Must(t, update.Undo(t.Context(), request, &sdktest.Host{}))
	}
	if is := state(t, service)(); is != was || vaulted(t, service) != 0 {
		t.Errorf("in the swarm are %d, it is\n%s\nand was\n%s", vaulted(t, service), is, was)
	}
}

// An update that the engine takes back is never a success, and neither is a later attempt, which does
// not make it anew.
func TestTheEnginesOwnRollbackIsNoSuccess(t *testing.T) {
	t.Parallel()
	for image, says := range map[string]string{lab.Bad: "exit", lab.Sick: "unhealthy"} {
		t.Run(image, func(t *testing.T) {
			t.Parallel()
			service, host := serve(t, lab.V1, 2), &sdktest.Host{}
			was := state(t, service)()
			update := action(t, "service_update")
			request := lab.Request(t, map[string]any{"service": service, "image": image, "resolveImage": "never", "failureAction": "rollback", "monitor": "10s"})
			_, err := update.Apply(t.Context(), request, host)
			lab.Fails(t, err, sdk.Permanent, "back", says)
			if printed := fmt.Sprint(host.Lines()); image == lab.Bad && !strings.Contains(printed, "demo: the configuration cannot be read") {
				t.Errorf("of what the tasks printed, it shows %s", printed)
			}
			swarmed.Running(t, service, lab.V1, 2)
			request.Attempt, request.Before, request.Notes = 2, host.StateBefore(), host.Notes()
			_, err = update.Apply(t.Context(), request, host)
			lab.Fails(t, err, sdk.Permanent, "has rolled the update of the service "+service+" back")
			request.Notes = nil
			lab.Must(t, update.Undo(t.Context(), request, host))
			if is := state(t, service)(); is != was {
				t.Errorf("it is\n%s\nand was\n%s", is, was)
			}
			request = lab.Request(t, map[string]any{"service": service, "replicas": 2}) // as it is: nothing to do, and all is well
			request.Key = "run-step-1-do"
			_, err = action(t, "service_scale").Apply(t.Context(), request, &sdktest.Host{})
			lab.Must(t, err)
		})
	}
}

// Who tries to mend a service that is down, and fails, has left it as it was: taken back it is where it
// has its spec again, and not where it is well.
func TestAServiceThatWasDownIsTakenBackToThat(t *testing.T) {
	t.Parallel()
	lab.Must(t, swarmed.Give(t.Context(), lab.Bad, lab.Sick))
	service := fmt.Sprintf("web%d", names.Add(1))
	swarmed.Create(t, service, lab.Bad, 1, quick)
	was := state(t, service)()
	update, host := action(t, "service_update"), &sdktest.Host{}
	request := lab.Request(t, map[string]any{"service": service, "image": lab.Sick, "resolveImage": "never", "stall": "3s"})
	_, err := update.Apply(t.Context(), request, host)
	lab.Fails(t, err, sdk.Permanent, "the service "+service+" has not converged")
	request.Before = host.StateBefore()
	back := &sdktest.Host{}
	lab.Must(t, update.Undo(t.Context(), request, back))
	if is := state(t, service)(); is != was {
		t.Errorf("it is\n%s\nand was\n%s", is, was)
	}
	if told := fmt.Sprint(back.ProgressTold()); !strings.Contains(told, "it was not well before the step, and is not now") {
		t.Errorf("it tells %s", told)
	}
}

// Behind a canary others wait.
func TestACanaryOfAllIsRefused(t *testing.T) {
	t.Parallel()
	service := serve(t, lab.V1, 2)
	was := state(t, service)()
	request := lab.Request(t, map[string]any{"service": service, "image": lab.V2, "resolveImage": "never", "canary": 2})
	_, err := action(t, "service_update").Plan(t.Context(), request)
	lab.Fails(t, err, sdk.Permanent, "a canary is fewer than all")
	_, err = action(t, "service_update").Apply(t.Context(), request, &sdktest.Host{})
	lab.Fails(t, err, sdk.Permanent, "a canary is fewer than all")
	if is := state(t, service)(); is != was {
		t.Errorf("it is %s, and was %s", is, was)
	}
}

// A canary is one task, and the next update goes on with the others.
func TestACanaryIsOneTask(t *testing.T) {
	t.Parallel()
	service := serve(t, lab.V1, 3)
	was := state(t, service)()
	update, host := action(t, "service_update"), &sdktest.Host{}
	params := map[string]any{"service": service, "image": lab.V2, "resolveImage": "never", "canary": 1, "monitor": "2s"}
	request := lab.Request(t, params)
	_, err := update.Apply(t.Context(), request, host)
	lab.Must(t, err)
	updated := func() (count int) {
		all, err := swarmed.Tasks(t.Context(), service)
		lab.Must(t, err)
		for _, task := range all {
			if task.Status.State == swarm.TaskStateRunning && task.Spec.ContainerSpec.Image == lab.V2 {
				count++
			}
		}
		return count
	}
	if got := updated(); got != 1 {
		t.Errorf("%d tasks are new", got)
	}
	on := lab.Request(t, map[string]any{"service": service, "image": lab.V2, "resolveImage": "never", "parallelism": 2, "monitor": "1s"})
	on.Key = "run-step-1-do"
	more := &sdktest.Host{}
	_, err = update.Apply(t.Context(), on, more)
	lab.Must(t, err)
	if got := updated(); got != 3 {
		t.Errorf("%d tasks are new", got)
	}
	for _, one := range []struct {
		request sdk.Request
		host    *sdktest.Host
	}{{on, more}, {request, host}} { // in the reverse order, as a run takes back
		one.request.Before = one.host.StateBefore()
		lab.Must(t, update.Undo(t.Context(), one.request, &sdktest.Host{}))
	}
	if is := state(t, service)(); is != was {
		t.Errorf("it is\n%s\nand was\n%s", is, was)
	}
	swarmed.Running(t, service, lab.V1, 3)
}
