package stacks_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
	"github.com/gatebook/gatebook/plugins/swarm/internal/engine"
	"github.com/gatebook/gatebook/plugins/swarm/internal/lab"
	"github.com/gatebook/gatebook/plugins/swarm/internal/vault"
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

// alike is a spec as text, but for the label of the step that has made the service.
func alike(t testing.TB, of swarm.ServiceSpec) string {
	t.Helper()
	delete(of.Labels, "gatebook.dev/key")
	text, err := json.Marshal(of)
	must(t, err)
	return string(text)
}

// What others have made under the names of a stack is not taken away by an undo, though it is just what the
// step would have made.
func TestWhatOthersMadeStays(t *testing.T) {
	t.Parallel()
	name := stack(t)
	text := `version: "3.8"
services:
  web: {image: "demo:v1", networks: [back], configs: [site], secrets: [key], stop_grace_period: 1s, healthcheck: {disable: true}}
networks: {back: {}}
configs: {site: {file: ` + file(t, "site", "hello") + `}}
secrets: {key: {file: ` + file(t, "key", "opensesame") + `}}
`
	req, host := request(t, map[string]any{"stack": name, "compose": text}), &sdktest.Host{}
	ctx, die := context.WithCancel(t.Context())
	if _, err := deploy(t).Apply(ctx, req, dying{host, die}); err == nil {
		t.Fatal("it lives")
	}
	req.Before = host.StateBefore()

	made, err := docker.ConfigCreate(t.Context(), client.ConfigCreateOptions{Spec: swarm.ConfigSpec{Annotations: swarm.Annotations{Name: name + "_site"}, Data: []byte("goodbye")}})
	must(t, err)
	_, err = deploy(t).Apply(t.Context(), req, host)
	fails(t, err, sdk.Conflict, "The config "+name+"_site has another content than the compose file says")
	_, err = docker.ConfigRemove(t.Context(), made.ID, client.ConfigRemoveOptions{})
	must(t, err)

	byDocker(t, name, text)
	before := state(t, name)
	if seen, err := deploy(t).Observe(t.Context(), req, host); err != nil || seen.State != sdk.Untouched {
		t.Errorf("it is seen %+v, %v", seen, err)
	}
	applied(t, req, host)
	must(t, deploy(t).Undo(t.Context(), undone(req, host), host))
	if after := state(t, name); after != before {
		t.Errorf("after undo the stack is %s, and it was %s", after, before)
	}
	said := fmt.Sprint(host.Lines())
	for _, what := range []string{"service " + name + "_web", "network " + name + "_back", "config " + name + "_site", "secret " + name + "_key"} {
		if !strings.Contains(said, "the "+what+" stays") {
			t.Errorf("of the %s it says nothing: %s", what, said)
		}
	}
}

// What a step has made, and somebody has deployed anew since, runs on as that one wants it: an undo of the step
// that has made it says so, and does not say that it was taken back.
func TestWhatWasDeployedAnewIsNoUndoneStep(t *testing.T) {
	t.Parallel()
	first := `version: "3.8"` + one
	other := strings.ReplaceAll(first, "demo:v1", "demo:v2")
	for by, deploys := range map[string]func(testing.TB, string){
		"docker": func(t testing.TB, name string) { byDocker(t, name, other) },
		"docker, twice": func(t testing.TB, name string) {
			byDocker(t, name, strings.ReplaceAll(other, "info", "debug"))
			byDocker(t, name, other)
		},
		"gatebook": func(t testing.TB, name string) {
			req := request(t, map[string]any{"stack": name, "compose": other})
			req.Key = "another-step-0-do"
			applied(t, req, &sdktest.Host{})
		},
	} {
		t.Run(by, func(t *testing.T) {
			t.Parallel()
			name := stack(t)
			req, host := request(t, map[string]any{"stack": name, "compose": first}), &sdktest.Host{}
			applied(t, req, host)
			deploys(t, name)
			err := deploy(t).Undo(t.Context(), undone(req, host), host)
			fails(t, err, sdk.Conflict, "somebody changed the service "+name+"_web meanwhile: ")
			if is := service(t, name+"_web").Spec.TaskTemplate.ContainerSpec.Image; !strings.HasPrefix(is, "demo:v2") {
				t.Errorf("it runs %s", is)
			}
		})
	}
}

// What a step never made stays, though others have made it since the step began, and have deployed it anew: nobody
// has changed what the step has left.
func TestWhatAStepNeverMadeStays(t *testing.T) {
	t.Parallel()
	first := `version: "3.8"` + one
	other := strings.ReplaceAll(first, "demo:v1", "demo:v2")
	for name, deploys := range map[string]func(t *testing.T, name string, req sdk.Request) (sdk.Request, *sdktest.Host){
		"the step dies before": func(t *testing.T, _ string, req sdk.Request) (sdk.Request, *sdktest.Host) { return cutOff(t, req) },
		"others remove what it made": func(t *testing.T, name string, req sdk.Request) (sdk.Request, *sdktest.Host) {
			host := &sdktest.Host{}
			applied(t, req, host)
			remove(t, name+"_web")
			return req, host
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			name := stack(t)
			req, host := deploys(t, name, request(t, map[string]any{"stack": name, "compose": first}))
			byDocker(t, name, first)
			byDocker(t, name, other)
			before := state(t, name)
			for range 2 {
				must(t, deploy(t).Undo(t.Context(), undone(req, host), host))
			}
			if after := state(t, name); after != before {
				t.Errorf("after undo the stack is %s, and it was %s", after, before)
			}
			if said := fmt.Sprint(host.Lines()); !strings.Contains(said, "the service "+name+"_web stays") {
				t.Errorf("of the service it says nothing: %s", said)
			}
			if left := vaulted(t, name); len(left) > 0 {
				t.Errorf("there is still kept %q", left)
			}
		})
	}
}

// What a step has made is known by its mark where the step was killed before it could note that, and by the note
// where others have taken the mark away, as often as they like; whichever attempt has made it.
func TestWhatAStepHasMadeIsKnown(t *testing.T) {
	t.Parallel()
	first := `version: "3.8"` + "\n" + rolling("demo:v1", "info")
	other := strings.ReplaceAll(first, "demo:v1", "demo:v2")
	applies := func(t *testing.T, req sdk.Request) *sdktest.Host {
		host := &sdktest.Host{}
		applied(t, req, host)
		return host
	}
	for name, test := range map[string]struct {
		applies func(t *testing.T, req sdk.Request) *sdktest.Host
		noted   bool
		deploys []string
	}{
		"by its mark":        {applies, false, nil},
		"by the mark it had": {applies, false, []string{other}},
		"by the note":        {applies, true, []string{strings.ReplaceAll(other, "info", "debug"), other}},
		"by a later attempt's": {func(t *testing.T, req sdk.Request) *sdktest.Host {
			ctx, die := context.WithCancel(t.Context())
			host := &sdktest.Host{}
			_, err := deploy(t).Apply(ctx, req, telling{host, func(message string) {
				if strings.HasPrefix(message, "set the service ") && strings.HasSuffix(message, "_worker") {
					die()
				}
			}})
			if err == nil {
				t.Fatal("it lives")
			}
			req.Before, req.Notes = host.StateBefore(), host.Notes()
			applied(t, req, host)
			return host
		}, true, []string{strings.ReplaceAll(other, "info", "debug"), other}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			name := stack(t)
			req := request(t, map[string]any{"stack": name, "compose": first})
			host := test.applies(t, req)
			if !test.noted {
				for _, id := range vaulted(t, name) {
					_, err := docker.ConfigRemove(t.Context(), id, client.ConfigRemoveOptions{})
					must(t, err)
				}
			}
			for _, text := range test.deploys {
				byDocker(t, name, text)
			}
			err := deploy(t).Undo(t.Context(), undone(req, host), host)
			if len(test.deploys) == 0 {
				must(t, err)
				return
			}
			fails(t, err, sdk.Conflict, "somebody changed the service "+name+"_web meanwhile: ", "somebody changed the service "+name+"_worker meanwhile: ")
		})
	}
}

// vaulted are the IDs of what is kept in the swarm of a stack.
func vaulted(t testing.TB, name string) (ids []string) {
	t.Helper()
	configs, err := docker.ConfigList(t.Context(), client.ConfigListOptions{})
	must(t, err)
	for _, one := range configs.Items {
		if of := one.Spec.Labels[vault.Label]; of == "stack "+name || strings.HasSuffix(of, " of the stack "+name) {
			ids = append(ids, one.ID)
		}
	}
	return ids
}

// The last step is taken back first, and then the one that has made the service still knows it.
func TestStepsAreTakenBackOneAfterTheOther(t *testing.T) {
	t.Parallel()
	name := stack(t)
	req, host := request(t, map[string]any{"stack": name, "compose": one}), &sdktest.Host{}
	applied(t, req, host)
	second, last := request(t, map[string]any{"stack": name, "compose": two}), &sdktest.Host{}
	second.Key = "another-step-0-do"
	applied(t, second, last)
	must(t, deploy(t).Undo(t.Context(), undone(second, last), last))
	must(t, deploy(t).Undo(t.Context(), undone(req, host), host))
	if _, err := docker.ServiceInspect(t.Context(), name+"_web", client.ServiceInspectOptions{}); !engine.IsGone(err) {
		t.Errorf("the service stays: %v", err)
	}
}

// An undo of what changes no task leaves the tasks alone, though the engine does not know by the letter any more what
// was before: what docker has set has empty parts, and without them it would be another one to the engine.
func TestAnUndoLeavesTasksAlone(t *testing.T) {
	t.Parallel()
	name := stack(t)
	text := `version: "3.8"` + one
	byDocker(t, name, text)
	tasks := func() (ids []string) {
		found, err := docker.TaskList(t.Context(), client.TaskListOptions{Filters: make(client.Filters).Add("service", name+"_web")})
		must(t, err)
		for _, one := range found.Items {
			ids = append(ids, one.ID)
		}
		return ids
	}
	await(t, "it has a task", func() bool { return len(tasks()) == 1 })
	before := tasks()
	labelled := strings.Replace(text, "    stop_grace_period", "    deploy: {labels: {tier: web}}\n    stop_grace_period", 1)
	req, host := request(t, map[string]any{"stack": name, "compose": labelled}), &sdktest.Host{}
	applied(t, req, host)
	for _, label := range []string{"a", ""} { // somebody else sets a label, and takes it away again
		await(t, "it is labelled", func() bool {
			live := service(t, name+"_web")
			delete(live.Spec.Labels, "more")
			if label != "" {
				live.Spec.Labels["more"] = label
			}
			_, err := docker.ServiceUpdate(t.Context(), live.ID, client.ServiceUpdateOptions{Version: live.Version, Spec: live.Spec})
			return err == nil
		})
	}
	must(t, deploy(t).Undo(t.Context(), undone(req, host), host))
	if after := tasks(); !slices.Equal(after, before) {
		t.Errorf("the tasks were %v, and are %v", before, after)
	}
	if tier, is := service(t, name+"_web").Spec.Labels["tier"]; is {
		t.Errorf("the label is still %s", tier)
	}
}
