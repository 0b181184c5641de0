package stacks_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/cli/cli/compose/convert"
	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
	"github.com/gatebook/gatebook/plugins/swarm/internal/lab"
	"github.com/gatebook/gatebook/plugins/swarm/internal/spec"
)

// fails ends the test unless an error is of a class, and tells what it does not say.
func fails(t testing.TB, err error, class sdk.Class, says ...string) {
	t.Helper()
	if err == nil || sdk.AsError(err).Class != class {
		t.Fatalf("got %v, want a %s error that says %q", err, class, says)
	}
	for _, text := range says {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("got %v, want it to say %q", err, text)
		}
	}
}

// undone is the request of the undo of a step.
func undone(req sdk.Request, host *sdktest.Host) sdk.Request {
	req.Before, req.Key, req.Seen = host.StateBefore(), "run-step-0-undo", nil
	return req
}

// scaled is somebody else who sets how many tasks a service has.
func scaled(t testing.TB, name string, replicas uint64) {
	t.Helper()
	await(t, name+" is scaled", func() bool {
		live := service(t, name)
		live.Spec.Mode.Replicated = &swarm.ReplicatedService{Replicas: &replicas}
		_, err := docker.ServiceUpdate(context.Background(), live.ID, client.ServiceUpdateOptions{Version: live.Version, Spec: live.Spec})
		return err == nil
	})
}

// A value of the file that an earlier step gives is not taken for an empty one, be it a secret or not.
func TestAPlanByWhatIsNotKnownYet(t *testing.T) {
	t.Parallel()
	for _, unknown := range []string{"variables.PASSWORD", "secretVariables.PASSWORD"} {
		req := request(t, map[string]any{"stack": stack(t), "compose": strings.ReplaceAll(two, "hunter3", `"${PASSWORD:?}"`)})
		req.Unknown = []string{unknown}
		if preview := planned(t, req); !strings.Contains(preview.Summary, "by what is not known yet") || len(preview.Observed)+len(preview.Changes) > 0 {
			t.Errorf("%s: the plan is %+v", unknown, preview)
		}
	}
}

func TestAPlanShowsWhatChanges(t *testing.T) {
	t.Parallel()
	name := stack(t)
	deployed(t, name, two)
	preview := planned(t, request(t, map[string]any{"stack": name, "compose": one}))
	if want := "would deploy the stack " + name + ": update 1 service"; preview.Summary != want || len(preview.Changes) != 1 {
		t.Fatalf("the plan is %+v", preview)
	}
	shows := preview.Changes[0].Diff
	for _, line := range []string{"-image: demo:v2", "+image: demo:v1", "-  replicas: 2", "+  replicas: 1", "-  - DB_PASSWORD=*** (before)", "+  - DB_PASSWORD=*** (after)", "-  - LEVEL=debug"} {
		if !strings.Contains(shows, "\n"+line+"\n") {
			t.Errorf("the diff lacks %q:\n%s", line, shows)
		}
	}
	if strings.Contains(shows, "hunter") {
		t.Errorf("a password is shown:\n%s", shows)
	}
	if !slices.ContainsFunc(preview.Warnings, func(text string) bool { return strings.Contains(text, "stay: "+name+"_worker.") }) {
		t.Errorf("it warns of %q", preview.Warnings)
	}
	pruning := planned(t, request(t, map[string]any{"stack": name, "compose": one, "prune": true}))
	if last := pruning.Changes[len(pruning.Changes)-1]; last.Op != "delete" || last.Target != "service "+name+"_worker" || !strings.Contains(last.Diff, "\n-image: demo:v1\n") {
		t.Errorf("the plan of a prune is %+v", pruning)
	}
}

// What would be refused is told by the plan, and not begun.
func TestWhatWouldBeRefusedIsABlocker(t *testing.T) {
	t.Parallel()
	name := stack(t)
	holding := func(config, secret string) map[string]any {
		return map[string]any{"stack": name, "compose": one + "configs: {site: {file: " + file(t, "site", config) + "}}\nsecrets: {key: {file: " + file(t, "key", secret) + "}}\n"}
	}
	applied(t, request(t, holding("hello", "opensesame")), &sdktest.Host{})
	before := state(t, name)
	t.Run("another content of a config", func(t *testing.T) {
		req := request(t, holding("goodbye", "opensesame"))
		if preview := planned(t, req); len(preview.Blockers) != 1 || !strings.Contains(preview.Blockers[0], "config "+name+"_site has another content") {
			t.Errorf("its blockers are %q", preview.Blockers)
		}
		_, err := deploy(t).Apply(t.Context(), req, &sdktest.Host{})
		fails(t, err, sdk.Permanent, "has another content", "another name")
	})
	t.Run("another content of a secret", func(t *testing.T) {
		req := request(t, holding("hello", "closesesame"))
		if preview := planned(t, req); !slices.ContainsFunc(preview.Warnings, func(text string) bool { return strings.Contains(text, "nobody can read") }) {
			t.Errorf("it warns of %q", preview.Warnings)
		}
		_, err := deploy(t).Apply(t.Context(), req, &sdktest.Host{})
		if preview := planned(t, req); !preview.NothingToDo() {
			t.Errorf("the plan is %+v", preview)
		}
		fails(t, err, sdk.Permanent, "the secret "+name+"_key holds something else")
	})
	t.Run("a network of others", func(t *testing.T) {
		_, err := docker.NetworkCreate(t.Context(), name+"_others", client.NetworkCreateOptions{Driver: "overlay"})
		must(t, err)
		t.Cleanup(func() {
			_, _ = docker.NetworkRemove(context.Background(), name+"_others", client.NetworkRemoveOptions{})
		})
		preview := planned(t, request(t, map[string]any{"stack": name, "compose": `{services: {web: {image: demo:v1, networks: [others]}}, networks: {others: {}}}`}))
		if len(preview.Blockers) != 1 || !strings.Contains(preview.Blockers[0], "a network "+name+"_others already, which is not of the stack") {
			t.Errorf("its blockers are %q", preview.Blockers)
		}
	})
	t.Run("names that no service may have", func(t *testing.T) {
		long := strings.Repeat("a", 63)
		req := request(t, map[string]any{"stack": name, "compose": "services: {" + long + ": {image: demo:v1}, b.c: {image: demo:v1}}"})
		said := strings.Join(planned(t, req).Blockers, "\n")
		for _, what := range []string{"would be called " + name + "_" + long + ", which has ", "an engine takes 63", "would be called " + name + "_b.c; an engine takes letters"} {
			if !strings.Contains(said, what) {
				t.Errorf("its blockers are %q, want %q", said, what)
			}
		}
		_, err := deploy(t).Apply(t.Context(), req, &sdktest.Host{})
		fails(t, err, sdk.Permanent, "an engine takes 63")
	})
	t.Run("what is not there", func(t *testing.T) {
		text := `{services: {web: {image: demo:v1, secrets: [key], configs: [site], networks: [back]}}, secrets: {key: {external: true}}, configs: {site: {external: true, name: a}}, networks: {back: {external: true, name: b}}}`
		preview := planned(t, request(t, map[string]any{"stack": name, "compose": text}))
		said := strings.Join(preview.Blockers, "\n")
		for _, what := range []string{"no network b,", "no secret key,", "no config a,"} {
			if !strings.Contains(said, what) {
				t.Errorf("its blockers are %q, want %q", said, what)
			}
		}
		if len(preview.Changes) != 1 { // the diff is shown all the same
			t.Errorf("its changes are %+v", preview.Changes)
		}
	})
	if after := state(t, name); after != before {
		t.Errorf("something was changed: %s", after)
	}
}

// What somebody else changed since the plan, or since the step, is not overwritten.
func TestWhatSomebodyElseChangedIsAConflict(t *testing.T) {
	t.Parallel()
	name := stack(t)
	deployed(t, name, one)
	req := request(t, map[string]any{"stack": name, "compose": two})
	req.Seen = planned(t, req).Observed
	scaled(t, name+"_web", 3)
	host := &sdktest.Host{}
	_, err := deploy(t).Apply(t.Context(), req, host)
	lab.Outdated(t, err, "somebody changed the service "+name+"_web since it was planned: deploy.replicas is 3, was 1")
	if host.StateBefore() != nil {
		t.Errorf("it has begun: %v", err)
	}

	req.Seen = nil // whoever looked again goes on
	applied(t, req, host)
	if text := string(host.StateBefore()); strings.Contains(text, "hunter") || !strings.Contains(text, `"vault":true`) {
		t.Errorf("what leads back is kept where everybody reads: %s", text)
	}
	scaled(t, name+"_web", 1)
	back := undone(req, host)
	err = deploy(t).Undo(t.Context(), back, host)
	fails(t, err, sdk.Conflict, "somebody changed the service "+name+"_web meanwhile: deploy.replicas is 1, was 2")
	if live := service(t, name+"_web"); *live.Spec.Mode.Replicated.Replicas != 1 {
		t.Errorf("it was overwritten")
	}
	if _, err := docker.ServiceInspect(t.Context(), name+"_worker", client.ServiceInspectOptions{}); err == nil {
		t.Errorf("what nobody changed is not taken back")
	}
}

// What the run itself has changed before is not held against its plan: neither the service, which the engine
// leaves out then, nor the compose file, of which nothing has changed. What has is named.
func TestAPlanIsHeldToTheFileAlone(t *testing.T) {
	t.Parallel()
	name := stack(t)
	deployed(t, name, one)
	site := file(t, "site", "hello")
	req := request(t, map[string]any{"stack": name, "compose": two + "x-more: .nan\nconfigs: {site: {file: " + site + "}}\n"})
	seen := planned(t, req).Observed
	await(t, "its tasks are made anew by force", func() bool {
		live := service(t, name+"_web")
		live.Spec.TaskTemplate.ForceUpdate++
		live.Spec.TaskTemplate.ContainerSpec.Image = "demo:v2"
		_, err := docker.ServiceUpdate(t.Context(), live.ID, client.ServiceUpdateOptions{Version: live.Version, Spec: live.Spec})
		return err == nil
	})
	req.Seen = seen
	_, err := deploy(t).Apply(t.Context(), req, &sdktest.Host{})
	lab.Outdated(t, err, "somebody changed the service "+name+"_web since it was planned: ")

	req.Seen = slices.DeleteFunc(slices.Clone(seen), func(one sdk.Seen) bool { return one.Name == name+"_web" })
	must(t, os.WriteFile(site, []byte("goodbye"), 0o600))
	_, err = deploy(t).Apply(t.Context(), req, &sdktest.Host{})
	lab.Outdated(t, err, "the compose file of the stack "+name+", or what it takes in")
	must(t, os.WriteFile(site, []byte("hello"), 0o600))
	applied(t, req, &sdktest.Host{})
}

// Where a service is not the one that the plan saw, or nobody can tell what was changed of it, people look at a new
// plan, too.
func TestAPlanOfServicesThatAreOthers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		meddle func(t *testing.T, web string)
		says   string
	}{
		"removed": {func(t *testing.T, web string) { remove(t, web) }, "_web is not the one that the plan saw: that was spec "},
		"made anew": {func(t *testing.T, web string) {
			spec := service(t, web).Spec
			remove(t, web)
			_, err := docker.ServiceCreate(t.Context(), client.ServiceCreateOptions{Spec: spec})
			must(t, err)
		}, "_web is not the one that the plan saw: that was spec "},
		"changed twice": {func(t *testing.T, web string) { scaled(t, web, 3); scaled(t, web, 2) }, "_web since it was planned, more than once"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			name := stack(t)
			deployed(t, name, one)
			req, host := request(t, map[string]any{"stack": name, "compose": two}), &sdktest.Host{}
			req.Seen = planned(t, req).Observed
			test.meddle(t, name+"_web")
			_, err := deploy(t).Apply(t.Context(), req, host)
			lab.Outdated(t, err, "the service "+name+test.says)
			if host.StateBefore() != nil {
				t.Errorf("it has begun: %v", err)
			}
		})
	}
}

// remove removes a service as somebody else does.
func remove(t *testing.T, name string) {
	t.Helper()
	_, err := docker.ServiceRemove(t.Context(), name, client.ServiceRemoveOptions{})
	must(t, err)
}

// guest is somebody else who adds a service to a stack, without tasks.
func guest(t testing.TB, name string, networks ...string) {
	t.Helper()
	none := uint64(0)
	guest := swarm.ServiceSpec{
		Annotations:  swarm.Annotations{Name: name + "_guest", Labels: map[string]string{convert.LabelNamespace: name}},
		TaskTemplate: swarm.TaskSpec{ContainerSpec: &swarm.ContainerSpec{Image: "demo:v1"}},
		Mode:         swarm.ServiceMode{Replicated: &swarm.ReplicatedService{Replicas: &none}},
	}
	for _, network := range networks {
		guest.TaskTemplate.Networks = append(guest.TaskTemplate.Networks, swarm.NetworkAttachmentConfig{Target: network})
	}
	_, err := docker.ServiceCreate(t.Context(), client.ServiceCreateOptions{Spec: guest})
	must(t, err)
}

// Nothing is removed that the plan did not say.
func TestWhatSomebodyAddsIsNotPruned(t *testing.T) {
	t.Parallel()
	name := stack(t)
	deployed(t, name, one)
	req := request(t, map[string]any{"stack": name, "compose": one, "prune": true})
	req.Seen = planned(t, req).Observed
	guest(t, name)
	host := &sdktest.Host{}
	_, err := deploy(t).Apply(t.Context(), req, host)
	lab.Outdated(t, err, "somebody has added the service "+name+"_guest to the stack since it was planned")
	if host.StateBefore() != nil {
		t.Errorf("it has begun: %v", err)
	}
	req.Seen = planned(t, req).Observed
	if out := applied(t, req, host); !slices.Equal(out.Pruned, []string{"service " + name + "_guest"}) {
		t.Errorf("it says %+v", out)
	}
}

// What fails says why, and can be taken back.
func TestADeploymentThatFailsIsTakenBack(t *testing.T) {
	t.Parallel()
	name := stack(t)
	deployed(t, name, one)
	before := state(t, name)
	req, host := request(t, map[string]any{"stack": name, "monitor": "8s", "stall": "3s", "compose": strings.ReplaceAll(two, "image: demo:v2", "image: demo:bad")}), &sdktest.Host{}
	_, err := deploy(t).Apply(t.Context(), req, host)
	fails(t, err, sdk.Permanent, "of 2 services have converged", "the service "+name+"_web has not converged")
	must(t, deploy(t).Undo(t.Context(), undone(req, host), host))
	if after := state(t, name); after != before {
		t.Errorf("after undo the stack is %s, and it was %s", after, before)
	}
	if left := vaulted(t, name); len(left) > 0 {
		t.Errorf("what has led back is still kept: %q", left)
	}
}

// A network that somebody else uses by now is not removed.
func TestWhatOthersUseStays(t *testing.T) {
	t.Parallel()
	name := stack(t)
	text := `{services: {web: {image: demo:v1, networks: [back], stop_grace_period: 1s, healthcheck: {disable: true}}}, networks: {back: {attachable: true}}}`
	req, host := request(t, map[string]any{"stack": name, "compose": text}), &sdktest.Host{}
	applied(t, req, host)
	guest(t, name, name+"_back")
	err := deploy(t).Undo(t.Context(), undone(req, host), host)
	fails(t, err, sdk.Conflict, "the network "+name+"_back is used by the service "+name+"_guest, which this step did not make")
}

// An image is fixed to the digest that its registry has, so that all nodes run the same.
func TestAnImageIsFixedToItsDigest(t *testing.T) {
	t.Parallel()
	name := stack(t)
	image, err := swarmed.Push(t.Context(), lab.V1)
	must(t, err)
	with := func(resolve string) sdk.Request {
		return request(t, map[string]any{"stack": name, "resolveImage": resolve, "compose": strings.ReplaceAll(one, "demo:v1", image)})
	}
	applied(t, with("always"), &sdktest.Host{})
	if is := service(t, name+"_web").Spec.TaskTemplate.ContainerSpec.Image; !strings.HasPrefix(is, image+"@sha256:") {
		t.Errorf("it runs %s", is)
	}
	for _, resolve := range []string{"always", "changed", "never"} { // as docker, which fixes no image anew that is the same
		if preview := planned(t, with(resolve)); !preview.NothingToDo() {
			t.Errorf("the plan of %s is %+v", resolve, preview)
		}
	}
	nowhere := planned(t, request(t, map[string]any{"stack": name, "resolveImage": "always", "compose": strings.ReplaceAll(one, "demo:v1", lab.Registry+"/none:1")}))
	if len(nowhere.Changes) != 1 || !slices.ContainsFunc(nowhere.Warnings, func(text string) bool {
		return strings.Contains(text, "does not tell the digest of the image "+lab.Registry+"/none:1")
	}) {
		t.Errorf("the plan of an image that is nowhere is %+v", nowhere)
	}
}

// Labels are the one thing of a config that can be changed.
func TestLabelsAreChangedAndTakenBack(t *testing.T) {
	t.Parallel()
	name := stack(t)
	path := file(t, "site", "hello")
	with := func(tier string) map[string]any {
		return map[string]any{"stack": name, "compose": one + "configs: {site: {file: " + path + ", labels: {tier: " + tier + ", api.token: hunter-" + tier + "}}}\n"}
	}
	applied(t, request(t, with("a")), &sdktest.Host{})
	before := state(t, name)
	req, host := request(t, with("b")), &sdktest.Host{}
	if preview := planned(t, req); len(preview.Changes) != 1 || !strings.Contains(preview.Changes[0].Diff, "-labels.api.token: *** (before)\n+labels.api.token: *** (after)\n") ||
		!strings.Contains(preview.Changes[0].Diff, "-labels.tier: a\n+labels.tier: b\n") {
		t.Errorf("the plan is %+v", preview)
	}
	applied(t, req, host)
	if kept := string(host.StateBefore()); strings.Contains(kept, "hunter") {
		t.Errorf("on the disk is %s", kept)
	}
	if state(t, name) == before {
		t.Error("nothing was changed")
	}
	must(t, deploy(t).Undo(t.Context(), undone(req, host), host))
	if after := state(t, name); after != before {
		t.Errorf("after undo the stack is %s, and it was %s", after, before)
	}
}

// A service may wait behind the canary of another run. Where a stack that went beyond that is taken back, its
// tasks are not as they were, and that is said; once the canary is taken back, too, nothing is left to do.
func TestAStackBeyondTheCanaryOfAnotherRun(t *testing.T) {
	t.Parallel()
	name := stack(t)
	compose := "version: '3.8'\nservices: {web: {image: demo:v1, deploy: {replicas: 3}}}"
	deployed(t, name, compose)
	web := name + "_web"
	before := service(t, web).Spec
	canary := service(t, web).Spec
	canary.TaskTemplate.ContainerSpec.Image = lab.V2
	canary.UpdateConfig = &swarm.UpdateConfig{Parallelism: 1, Delay: 30 * 24 * time.Hour, Order: "stop-first"}
	canary.Labels["gatebook.dev/canary"] = "earlier"
	put(t, web, canary)
	await(t, "one task is new, and runs", func() bool {
		found, err := docker.TaskList(t.Context(), client.TaskListOptions{Filters: make(client.Filters).Add("service", web)})
		must(t, err)
		return slices.ContainsFunc(found.Items, func(task swarm.Task) bool {
			return task.Spec.ContainerSpec.Image == lab.V2 && task.Status.State == swarm.TaskStateRunning
		})
	})

	req, host := request(t, map[string]any{"stack": name, "compose": strings.Replace(compose, "v1", "v2", 1)}), &sdktest.Host{}
	req.Run = "run"
	applied(t, req, host)
	swarmed.Running(t, web, lab.V2, 3)
	fails(t, deploy(t).Undo(t.Context(), undone(req, host), &sdktest.Host{}), sdk.Permanent, "has the spec of the canary of the run earlier again", "gatebook rollback earlier")
	put(t, web, before)
	must(t, deploy(t).Undo(t.Context(), undone(req, host), &sdktest.Host{}))
	if is := service(t, web).Spec; !spec.Alike(is, before) {
		t.Errorf("it is %v, and was %v", is, before)
	}
}

// put is somebody else who sets the spec of a service.
func put(t testing.TB, name string, to swarm.ServiceSpec) {
	t.Helper()
	await(t, name+" is set", func() bool {
		_, err := docker.ServiceUpdate(t.Context(), name, client.ServiceUpdateOptions{Version: service(t, name).Version, Spec: to})
		return err == nil
	})
}
