package reading_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
	"github.com/gatebook/gatebook/plugins/swarm/internal/engine"
	"github.com/gatebook/gatebook/plugins/swarm/internal/lab"
	"github.com/gatebook/gatebook/plugins/swarm/internal/reading"
)

var swarmed *lab.Lab

func TestMain(m *testing.M) {
	os.Exit(lab.Run(m, 1, func(l *lab.Lab) { swarmed = l }))
}

// made counts the services of tests, so that each has a name of its own.
var made atomic.Int64

// served makes a service that runs two tasks.
func served(t testing.TB, with ...func(*swarm.ServiceSpec)) (name string) {
	t.Helper()
	lab.Must(t, swarmed.Give(t.Context(), lab.V1, lab.V2, lab.Bad))
	name = fmt.Sprintf("web%d", made.Add(1))
	swarmed.Service(t, name, lab.V1, 2, append(with, calm)...)
	return name
}

// calm leaves out the image's health check, which gives up on a machine that is busy with other tests.
func calm(s *swarm.ServiceSpec) {
	s.TaskTemplate.ContainerSpec.Healthcheck = &container.HealthConfig{Test: []string{"NONE"}}
}

// changed changes a service.
func changed(t testing.TB, name string, change func(*swarm.ServiceSpec)) {
	t.Helper()
	docker := swarmed.Nodes[0].Docker
	lab.Eventually(t, "the service is changed", func(ctx context.Context) error {
		live, err := docker.ServiceInspect(ctx, name, client.ServiceInspectOptions{})
		lab.Must(t, err)
		spec := live.Service.Spec
		change(&spec)
		_, err = docker.ServiceUpdate(ctx, name, client.ServiceUpdateOptions{Version: live.Service.Version, Spec: spec})
		return err
	})
}

func action(t testing.TB, name string) sdk.Handler {
	t.Helper()
	return lab.Action(t, engine.Truthful(reading.Actions(swarmed.Nodes[0].Connect(t))), name)
}

// apply applies an action, and reads its outputs.
func apply[O any](t testing.TB, name string, params map[string]any) (out O, host *sdktest.Host, err error) {
	t.Helper()
	host = &sdktest.Host{}
	outputs, err := action(t, name).Apply(t.Context(), lab.Request(t, params), host)
	if err == nil {
		lab.Must(t, json.Unmarshal(outputs, &out))
	}
	return out, host, err
}

func TestActionsKeepTheContract(t *testing.T) {
	t.Parallel()
	lab.Must(t, swarmed.Give(t.Context(), lab.V1))
	swarmed.Service(t, "steady", lab.V1, 1, calm)
	swarmed.Create(t, "nowhere", "demo:v9", 1)
	steady := func(params map[string]any) func(testing.TB) sdktest.World {
		return func(testing.TB) sdktest.World {
			given := map[string]any{"service": "steady"}
			maps.Copy(given, params)
			return sdktest.World{Params: given}
		}
	}
	missing := steady(map[string]any{"service": "no-such-service"})
	t.Run("service_inspect", func(t *testing.T) {
		sdktest.Run(t, action(t, "service_inspect"),
			sdktest.Case{Name: "a service", World: steady(nil)},
			sdktest.Case{Name: "no service", World: missing, Fails: sdk.Permanent})
	})
	t.Run("service_wait", func(t *testing.T) {
		sdktest.Run(t, action(t, "service_wait"),
			sdktest.Case{Name: "one that is well", World: steady(map[string]any{"for": "1s"})},
			sdktest.Case{Name: "one that is not now", World: steady(map[string]any{"service": "nowhere", "within": "0s"}), Fails: sdk.Transient},
			sdktest.Case{Name: "one that is not in time", World: steady(map[string]any{"service": "nowhere", "within": "2s"}), Fails: sdk.Transient},
			sdktest.Case{Name: "one that stands still", World: steady(map[string]any{"service": "nowhere", "stall": "1s"}), Fails: sdk.Permanent},
			sdktest.Case{Name: "one that takes long", Blocks: true, World: steady(map[string]any{"service": "nowhere", "stall": "1h"})},
			sdktest.Case{Name: "no service", World: missing, Fails: sdk.Permanent})
	})
	t.Run("service_logs", func(t *testing.T) {
		sdktest.Run(t, action(t, "service_logs"),
			sdktest.Case{Name: "a service", World: steady(map[string]any{"since": "1h"})},
			sdktest.Case{Name: "no service", World: missing, Fails: sdk.Permanent})
	})
}

// What an operator gates on is there, and no value that is a secret is.
func TestWhatIsToldOfAService(t *testing.T) {
	t.Parallel()
	docker := swarmed.Nodes[0].Docker
	config, err := docker.ConfigCreate(t.Context(), client.ConfigCreateOptions{Spec: swarm.ConfigSpec{Annotations: swarm.Annotations{Name: "settings"}, Data: []byte("a")}})
	lab.Must(t, err)
	secret, err := docker.SecretCreate(t.Context(), client.SecretCreateOptions{Spec: swarm.SecretSpec{Annotations: swarm.Annotations{Name: "door"}, Data: []byte("opensesame")}})
	lab.Must(t, err)
	network, err := docker.NetworkCreate(t.Context(), "backstage", client.NetworkCreateOptions{Driver: "overlay"})
	lab.Must(t, err)
	t.Cleanup(func() { // once the service is gone, which was registered later
		ctx := context.Background()
		_, err := docker.ConfigRemove(ctx, config.ID, client.ConfigRemoveOptions{})
		lab.Must(t, err)
		_, err = docker.SecretRemove(ctx, secret.ID, client.SecretRemoveOptions{})
		lab.Must(t, err)
		_, _ = docker.NetworkRemove(ctx, network.ID, client.NetworkRemoveOptions{}) // or it goes with the lab, while tasks end
	})
	name := served(t, func(s *swarm.ServiceSpec) {
		container := s.TaskTemplate.ContainerSpec
		container.Env = []string{"LEVEL=debug", "DB_PASSWORD=hunter2"}
		file := func(name string) *swarm.ConfigReferenceFileTarget {
			return &swarm.ConfigReferenceFileTarget{Name: name, UID: "0", GID: "0", Mode: 0o444}
		}
		container.Configs = []*swarm.ConfigReference{{ConfigID: config.ID, ConfigName: "settings", File: file("settings")}}
		container.Secrets = []*swarm.SecretReference{{SecretID: secret.ID, SecretName: "door", File: (*swarm.SecretReferenceFileTarget)(file("door"))}}
		container.Mounts = []mount.Mount{{Type: mount.TypeTmpfs, Target: "/tmp"}}
		s.Labels = map[string]string{"team": "web", "auth.token": "hunter2"}
		s.TaskTemplate.Placement = &swarm.Placement{Constraints: []string{"node.role==manager"}}
		s.TaskTemplate.Networks = []swarm.NetworkAttachmentConfig{{Target: "backstage"}}
		s.EndpointSpec = &swarm.EndpointSpec{Mode: swarm.ResolutionModeDNSRR}
	})
	out, _, err := apply[reading.Status](t, "service_inspect", map[string]any{"service": name})
	lab.Must(t, err)
	text, _ := json.Marshal(out)
	if strings.Contains(string(text), "hunter2") {
		t.Errorf("it tells a password: %s", text)
	}
	for what, is := range map[string]bool{
		"counts":      out.Replicas == 2 && out.Running == 2 && out.Updated == 2 && out.Old == 0 && out.Converged,
		"image":       out.Image == lab.V1 && out.Digest == "" && out.PreviousImage == "",
		"mode":        out.Mode == "replicated" && out.UpdateState == "",
		"env":         slices.Equal(out.Env, []string{"LEVEL", "DB_PASSWORD"}),
		"labels":      out.Labels["team"] == "web" && out.Labels["auth.token"] == "***",
		"files":       slices.Equal(out.Configs, []string{"settings"}) && slices.Equal(out.Secrets, []string{"door"}),
		"networks":    slices.Equal(out.Networks, []string{"backstage"}),
		"constraints": slices.Equal(out.Constraints, []string{"node.role==manager"}),
		"nodes":       slices.Equal(out.Nodes, []string{"n0"}),
		"tasks":       len(out.Tasks) == 2 && out.Tasks[0].Name == name+".1" && out.Tasks[0].State == "running" && out.Tasks[0].Current,
		"problems":    len(out.Problems) == 0 && out.Problems != nil,
	} {
		if !is {
			t.Errorf("%s are wrong: %s", what, text)
		}
	}
	before := out.Version
	changed(t, name, func(s *swarm.ServiceSpec) { s.TaskTemplate.ContainerSpec.Image = "demo:v9" })
	lab.Eventually(t, "the update is paused", func(context.Context) error {
		if out, _, err = apply[reading.Status](t, "service_inspect", map[string]any{"service": name}); err == nil && out.UpdateState != "paused" {
			err = fmt.Errorf("it is %+v", out)
		}
		return err
	})
	if out.Version <= before || out.PreviousImage != lab.V1 || out.Converged || out.UpdateMessage == "" {
		t.Errorf("after an update: %+v", out)
	}
	if _, _, err = apply[reading.Status](t, "service_wait", map[string]any{"service": name}); err == nil || !strings.Contains(err.Error(), "No such image: demo:v9") {
		t.Errorf("waiting for it ends with %v", err)
	}
}

// A service that the engine has put back is not well, unless that is as it should be.
func TestAServiceThatWasRolledBack(t *testing.T) {
	t.Parallel()
	name := served(t)
	changed(t, name, func(s *swarm.ServiceSpec) { s.TaskTemplate.ContainerSpec.Image = lab.V2 })
	_, _, err := apply[reading.Status](t, "service_wait", map[string]any{"service": name, "for": "1s"})
	lab.Must(t, err)
	docker := swarmed.Nodes[0].Docker
	live, err := docker.ServiceInspect(t.Context(), name, client.ServiceInspectOptions{})
	lab.Must(t, err)
	_, err = docker.ServiceUpdate(t.Context(), name, client.ServiceUpdateOptions{Version: live.Service.Version, Spec: live.Service.Spec, Rollback: "previous"})
	lab.Must(t, err)
	swarmed.Running(t, name, lab.V1, 2)
	out, _, err := apply[reading.Status](t, "service_wait", map[string]any{"service": name, "for": "1s", "rolledBack": true})
	if err != nil || !out.Converged && out.UpdateState != "rollback_completed" {
		t.Errorf("%+v, %v", out, err)
	}
	_, _, err = apply[reading.Status](t, "service_wait", map[string]any{"service": name, "for": "1s"})
	lab.Fails(t, err, sdk.Permanent, "taken its update back")
}

// Who begins to write the ID of a service has not named it.
func TestTheBeginningOfAnIDIsNoName(t *testing.T) {
	t.Parallel()
	out, _, err := apply[reading.Status](t, "service_inspect", map[string]any{"service": served(t)})
	lab.Must(t, err)
	if again, _, err := apply[reading.Status](t, "service_inspect", map[string]any{"service": out.ID}); err != nil || again.Name != out.Name {
		t.Errorf("by its ID it is %+v, %v", again, err)
	}
	_, _, err = apply[reading.Status](t, "service_inspect", map[string]any{"service": out.ID[:12]})
	lab.Fails(t, err, sdk.Permanent, "there is no service")
}

func TestLogsAreReadTaskByTask(t *testing.T) {
	t.Parallel()
	name := served(t)
	lab.Eventually(t, "both say that they listen", func(context.Context) error {
		out, host, err := apply[reading.LogsOutput](t, "service_logs", map[string]any{"service": name, "match": "listens"})
		if err == nil && (out.Matches != 2 || len(out.Tasks) != 2 || len(host.Lines()) != 2) {
			err = fmt.Errorf("got %+v, and shown was %v", out, host.Lines())
		}
		if err == nil && (out.Tasks[0].Name != name+".1" || host.Lines()[0].Stream[:len(name)] != name || !strings.Contains(out.Tasks[0].Last[0], "demo v1 listens")) {
			t.Errorf("got %+v", out)
		}
		return err
	})
	for what, test := range map[string]struct {
		more  map[string]any
		lines int
		shown int
	}{
		"tail":    {map[string]any{"tail": 0}, 0, 0},
		"since":   {map[string]any{"since": "1ms"}, 0, 0},
		"show":    {map[string]any{"show": 30}, 2, 1},
		"current": {map[string]any{"current": true, "ended": true}, 2, 2},
	} {
		params := map[string]any{"service": name}
		maps.Copy(params, test.more)
		out, _, err := apply[reading.LogsOutput](t, "service_logs", params)
		if err != nil || out.Lines != test.lines || out.Shown.Lines != test.shown || out.Shown.Cut != (test.shown < test.lines) {
			t.Errorf("%s: %+v, %v", what, out, err)
		}
	}
	changed(t, name, func(s *swarm.ServiceSpec) { s.TaskTemplate.ContainerSpec.Image = lab.Bad })
	lab.Eventually(t, "one says why it has ended", func(context.Context) error {
		out, _, err := apply[reading.LogsOutput](t, "service_logs", map[string]any{"service": name, "ended": true, "current": true, "match": "cannot be read"})
		if err == nil && out.Matches == 0 {
			err = fmt.Errorf("got %+v", out)
		}
		return err
	})
}

// A task with a terminal prints as it comes.
func TestLogsOfATerminal(t *testing.T) {
	t.Parallel()
	name := served(t, func(s *swarm.ServiceSpec) { s.TaskTemplate.ContainerSpec.TTY = true })
	lab.Eventually(t, "both say that they listen", func(context.Context) error {
		out, _, err := apply[reading.LogsOutput](t, "service_logs", map[string]any{"service": name})
		if err == nil && (len(out.Tasks) != 2 || !slices.Equal(out.Tasks[0].Last, []string{"demo v1 listens on :8080"})) {
			err = fmt.Errorf("got %+v", out)
		}
		return err
	})
}
