package stacks_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
	"github.com/gatebook/gatebook/plugins/swarm/internal/connection"
	"github.com/gatebook/gatebook/plugins/swarm/internal/engine"
	"github.com/gatebook/gatebook/plugins/swarm/internal/spec"
	"github.com/gatebook/gatebook/plugins/swarm/internal/stacks"
	"github.com/gatebook/gatebook/plugins/swarm/internal/vault"
	"github.com/gatebook/gatebook/schema"
)

// dying is a host that dies when the state before the change is on the disk.
type dying struct {
	*sdktest.Host
	die context.CancelFunc
}

func (d dying) Before(ctx context.Context, state json.RawMessage) error {
	defer d.die()
	return errors.Join(d.Host.Before(ctx, state))
}

// A later attempt meets what an earlier one has done, and does not do it twice.
func TestALaterAttemptMeetsAnEarlierOne(t *testing.T) {
	t.Parallel()
	name := stack(t)
	deployed(t, name, one)
	before := state(t, name)
	req := request(t, map[string]any{"stack": name, "compose": two, "prune": true})
	ctx, die := context.WithCancel(t.Context())
	host := &sdktest.Host{}
	if _, err := deploy(t).Apply(ctx, req, dying{host, die}); err == nil {
		t.Fatal("it lives")
	}
	req.Before = host.StateBefore()
	seen, err := deploy(t).Observe(t.Context(), req, host)
	if err != nil || seen.State != sdk.Untouched {
		t.Fatalf("it is seen %+v, %v", seen, err)
	}
	untouched := &sdktest.Host{}
	must(t, deploy(t).Undo(t.Context(), undone(req, host), untouched))
	if follows(untouched) {
		t.Errorf("an undo follows services that were never changed: %+v", untouched.ProgressTold())
	}
	scaled(t, name+"_web", 3)
	_, err = deploy(t).Apply(t.Context(), req, host)
	fails(t, err, sdk.Conflict, "somebody changed the service "+name+"_web meanwhile: deploy.replicas is 3, was 1")
	if is := *service(t, name+"_web").Spec.Mode.Replicated.Replicas; is != 3 {
		t.Errorf("it was overwritten: %d replicas", is)
	}
	scaled(t, name+"_web", 1)
	out := applied(t, req, host)
	first := service(t, name+"_web").Version
	again := applied(t, req, host)
	if !slices.Equal(out.Changed, []string{"service " + name + "_web"}) || !slices.Equal(again.Changed, out.Changed) || !slices.Equal(again.Created, out.Created) {
		t.Errorf("the outputs are %+v and %+v", out, again)
	}
	if second := service(t, name+"_web").Version; second != first {
		t.Errorf("it was set twice: index %d, then %d", first.Index, second.Index)
	}
	other := request(t, map[string]any{"stack": name, "compose": one})
	other.Before = host.StateBefore()
	_, err = deploy(t).Apply(t.Context(), other, host)
	fails(t, err, sdk.Permanent, "says something else than when the step began")
	must(t, deploy(t).Undo(t.Context(), undone(req, host), host))
	if after := state(t, name); after != before {
		t.Errorf("after undo the stack is %s, and it was %s", after, before)
	}
	// Of one that is cut off at the end, only another attempt knows that its tasks run.
	back := undone(req, host)
	back.Undo = true
	if seen, err := deploy(t).Observe(t.Context(), back, host); err != nil || seen.State != sdk.NotDone || !strings.Contains(seen.Detail, "another attempt sees") {
		t.Errorf("it is seen %+v, %v", seen, err)
	}
}

// What was kept in the swarm may be removed there: a later attempt keeps it once more as far as that can be
// told, and an undo says what is not known any more.
func TestWhatWasKeptIsRemoved(t *testing.T) {
	t.Parallel()
	name := stack(t)
	deployed(t, name, one)
	before := service(t, name+"_web").Spec
	req, host := request(t, map[string]any{"stack": name, "compose": two}), &sdktest.Host{}
	applied(t, req, host)
	forget(t, name)
	req.Before = host.StateBefore()
	applied(t, req, host)
	scaled(t, name+"_web", 3)
	scaled(t, name+"_web", 2) // now the engine does not know what was before the step
	must(t, deploy(t).Undo(t.Context(), undone(req, host), host))
	if after := service(t, name+"_web").Spec; !spec.Alike(after, before) {
		t.Errorf("after undo the service is %+v, and it was %+v", after, before)
	}

	host = &sdktest.Host{}
	req.Before = nil
	applied(t, req, host)
	scaled(t, name+"_web", 3)
	scaled(t, name+"_web", 2)
	forget(t, name)
	err := deploy(t).Undo(t.Context(), undone(req, host), host)
	fails(t, err, sdk.Permanent, "what the service "+name+"_web was is not known any more")
}

// forget is somebody who removes what is kept in the swarm of a stack.
func forget(t testing.TB, name string) {
	t.Helper()
	configs, err := docker.ConfigList(t.Context(), client.ConfigListOptions{})
	must(t, err)
	for _, one := range configs.Items {
		if one.Spec.Labels[vault.Label] == "stack "+name {
			_, err := docker.ConfigRemove(t.Context(), one.ID, client.ConfigRemoveOptions{})
			must(t, err)
		}
	}
}

// cutOff is a step that dies before it has changed anything, and before it has kept anything in the swarm.
func cutOff(t testing.TB, req sdk.Request) (sdk.Request, *sdktest.Host) {
	t.Helper()
	ctx, die := context.WithCancel(t.Context())
	host := &sdktest.Host{}
	if _, err := deploy(t).Apply(ctx, req, dying{host, die}); err == nil {
		t.Fatal("it lives")
	}
	req.Before = host.StateBefore()
	return req, host
}

// What is to be pruned may be gone before it was kept what it was: the step goes on, and its undo cannot make it anew.
func TestWhatIsToBePrunedIsGoneBefore(t *testing.T) {
	t.Parallel()
	name := stack(t)
	old := strings.Replace(one, "services:", "services:\n  old: {image: \"demo:v1\", environment: {DB_PASSWORD: hunter2, PORT: \"0\"}, healthcheck: {disable: true}}", 1)
	deployed(t, name, old)
	req, host := cutOff(t, request(t, map[string]any{"stack": name, "compose": one, "prune": true}))
	_, err := docker.ServiceRemove(t.Context(), name+"_old", client.ServiceRemoveOptions{})
	must(t, err)
	applied(t, req, host)
	if said := fmt.Sprint(host.Lines()); !strings.Contains(said, "the service "+name+"_old is gone, and nothing is kept of what it was") {
		t.Errorf("it says %s", said)
	}
	err = deploy(t).Undo(t.Context(), undone(req, host), host)
	fails(t, err, sdk.Permanent, "what the service "+name+"_old was is not known any more", "or has changed the service "+name+"_old before that was kept")
}

// Labels that smell of secrets are never wiped since what they were is not known any more, and are no conflict where
// nothing was changed.
func TestLabelsThatNobodyKept(t *testing.T) {
	t.Parallel()
	name := stack(t)
	path := file(t, "site", "hello")
	with := func(labels string) sdk.Request {
		req := request(t, map[string]any{"stack": name, "compose": one + "configs: {site: {file: " + path + ", labels: {" + labels + "}}}\n"})
		req.Key = "run-" + labels + "-0-do"
		return req
	}
	applied(t, with(""), &sdktest.Host{})
	for _, labels := range []string{"api.token: hunter-a", "tier: a"} { // from no labels to some, and from some that smell
		before := state(t, name)
		req, host := cutOff(t, with(labels))
		if seen, err := deploy(t).Observe(t.Context(), req, host); err != nil || seen.State != sdk.Untouched {
			t.Errorf("it is seen %+v, %v", seen, err)
		}
		must(t, deploy(t).Undo(t.Context(), undone(req, host), host))
		if after := state(t, name); after != before {
			t.Errorf("after undo the stack is %s, and it was %s", after, before)
		}
		applied(t, req, host)
	}
	req, host := with("api.token: hunter-b"), &sdktest.Host{}
	applied(t, req, host) // from labels that do not smell
	req, host = with("api.token: hunter-c"), &sdktest.Host{}
	applied(t, req, host)
	forget(t, name)
	req.Before = host.StateBefore()
	applied(t, req, host)
	set := state(t, name)
	err := deploy(t).Undo(t.Context(), undone(req, host), host)
	fails(t, err, sdk.Permanent, "what the config "+name+"_site was is not known any more")
	if after := state(t, name); after != set {
		t.Errorf("after undo the stack is %s, and it was %s", after, set)
	}
}

// telling is a host that does something when it is told of the progress of a step.
type telling struct {
	*sdktest.Host
	tell func(message string)
}

func (h telling) Progress(p sdk.Progress) { h.tell(p.Message) }

// rolling is a stack whose first service the engine takes back by itself where its tasks fail.
func rolling(image, level string) string {
	service := "\n    stop_grace_period: 1s\n    healthcheck: {disable: true}\n    networks: [host]\n    environment: {PORT: '0', LEVEL: " + level + "}\n"
	return "services:\n  web:\n    image: " + image + service +
		"    deploy: {update_config: {failure_action: rollback, monitor: 5s}}\n  worker:\n    image: demo:v1" + service + "networks: {host: {external: true}}\n"
}

// That the engine takes an update back is no change of somebody else's, however soon it does.
func TestTheEngineTakesTheFirstOneBackBeforeTheLastOneIsSet(t *testing.T) {
	t.Parallel()
	name := stack(t)
	deployed(t, name, rolling("demo:v1", "info"))
	host := telling{&sdktest.Host{}, func(message string) {
		if message == "set the service "+name+"_worker" {
			await(t, "the engine takes back what was set first", func() bool {
				status := service(t, name+"_web").UpdateStatus
				return status != nil && strings.HasPrefix(string(status.State), "rollback_")
			})
		}
	}}
	_, err := deploy(t).Apply(t.Context(), request(t, map[string]any{"stack": name, "compose": rolling("demo:bad", "debug")}), host)
	fails(t, err, sdk.Permanent, "the service "+name+"_web has not converged: the engine ", " update back: ", name+"_web.1", "non-zero exit (1)")
}

// Who puts a service back between two attempts is not overruled by the second one.
func TestWhoPutsAServiceBackIsNotOverruled(t *testing.T) {
	t.Parallel()
	name := stack(t)
	deployed(t, name, rolling("demo:v1", "info"))
	ctx, die := context.WithCancel(t.Context())
	host := telling{&sdktest.Host{}, func(message string) {
		if message == "set the service "+name+"_worker" {
			die()
		}
	}}
	req := request(t, map[string]any{"stack": name, "compose": rolling("demo:v2", "debug")})
	if _, err := deploy(t).Apply(ctx, req, host); err == nil {
		t.Fatal("it lives")
	}
	live := service(t, name+"_web")
	await(t, "somebody puts it back", func() bool {
		is := service(t, name+"_web")
		_, err := docker.ServiceUpdate(t.Context(), is.ID, client.ServiceUpdateOptions{Version: is.Version, Spec: *live.PreviousSpec})
		return err == nil
	})
	req.Before, req.Notes = host.StateBefore(), host.Notes()
	_, err := deploy(t).Apply(t.Context(), req, host)
	fails(t, err, sdk.Conflict, "somebody changed the service "+name+"_web meanwhile: ", "image is demo:v1, was demo:v2")
	if is := service(t, name+"_web").Spec.TaskTemplate.ContainerSpec.Image; is != "demo:v1" {
		t.Errorf("it runs %s", is)
	}
	must(t, deploy(t).Undo(t.Context(), undone(req, host.Host), host))
}

// follows says whether an undo has followed tasks.
func follows(host *sdktest.Host) bool {
	return slices.ContainsFunc(host.ProgressTold(), func(p sdk.Progress) bool { return p.Message == followed })
}

// followed is what an undo says that is about to follow tasks.
const followed = "take back the tasks"

// An undo follows what an earlier attempt of it has made anew, and was cut off then.
func TestALaterUndoFollowsWhatAnEarlierOneHasMade(t *testing.T) {
	t.Parallel()
	name := stack(t)
	both := rolling("demo:v1", "info")
	deployed(t, name, both)
	web, _, _ := strings.Cut(both, "  worker:")
	req, host := request(t, map[string]any{"stack": name, "prune": true, "compose": web + "networks: {host: {external: true}}\n"}), &sdktest.Host{}
	if out := applied(t, req, host); len(out.Pruned) != 1 || len(out.Unchanged) != 1 {
		t.Fatalf("it says %+v", out)
	}
	ctx, die := context.WithCancel(t.Context())
	err := deploy(t).Undo(ctx, undone(req, host), telling{&sdktest.Host{}, func(message string) {
		if message == followed {
			die()
		}
	}})
	if err == nil {
		t.Fatal("it lives")
	}
	second := &sdktest.Host{}
	must(t, deploy(t).Undo(t.Context(), undone(req, host), second))
	if !follows(second) {
		t.Errorf("it says %+v", second.ProgressTold())
	}
}

// A request that is not answered in time says so, and what it was.
func TestARequestThatIsLate(t *testing.T) {
	t.Parallel()
	e := &engine.Engine{}
	must(t, e.Connect(t.Context(), connection.Config{Endpoint: "unix://" + swarmed.Nodes[0].Socket, Timeout: schema.Duration(20 * time.Second)}))
	e.Timeout = time.Nanosecond
	for doing, err := range stacks.Requests(t.Context(), e) {
		fails(t, err, sdk.Transient, doing+": ", "has not answered within 1ns")
	}
}
