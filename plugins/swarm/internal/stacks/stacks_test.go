package stacks_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/docker/cli/cli/compose/convert"
	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
	"github.com/gatebook/gatebook/plugins/swarm/internal/connection"
	"github.com/gatebook/gatebook/plugins/swarm/internal/engine"
	"github.com/gatebook/gatebook/plugins/swarm/internal/lab"
	"github.com/gatebook/gatebook/plugins/swarm/internal/stacks"
	"github.com/gatebook/gatebook/schema"
)

var (
	swarmed *lab.Lab
	docker  *client.Client
)

func TestMain(m *testing.M) {
	flag.Parse()
	if flag.Lookup("test.fuzz").Value.String() != "" { // which is of the file alone, in many processes
		os.Exit(m.Run())
	}
	if err := flag.Set("test.parallel", "4"); err != nil { // they wait, most of the time
		panic(err)
	}
	os.Exit(lab.Run(m, 1, func(l *lab.Lab) {
		swarmed, docker = l, l.Nodes[0].Docker
		if err := l.Give(context.Background(), lab.V1, lab.V2, lab.Bad); err != nil {
			panic(err)
		}
	}, lab.LoggedIn()))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// deploy is the action as the plugin has it.
func deploy(t testing.TB) sdk.Handler {
	t.Helper()
	e := &engine.Engine{}
	must(t, e.Connect(t.Context(), connection.Config{Endpoint: "unix://" + swarmed.Nodes[0].Socket, Timeout: schema.Duration(20 * time.Second)}))
	handler, err := engine.Truthful(stacks.Actions(e))[0].Handler()
	must(t, err)
	return handler
}

// number makes the names of stacks that no other test has.
var number atomic.Int32

// stack is the name of one that a test has for itself, and that is gone when the test is.
func stack(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("s%d", number.Add(1))
	t.Cleanup(func() { clear(t, name) })
	return name
}

// clear removes a stack.
func clear(t testing.TB, name string) {
	ctx := context.Background()
	filter := make(client.Filters).Add("label", convert.LabelNamespace+"="+name)
	services, err := docker.ServiceList(ctx, client.ServiceListOptions{Filters: filter})
	must(t, err)
	for _, one := range services.Items {
		_, err := docker.ServiceRemove(ctx, one.ID, client.ServiceRemoveOptions{})
		must(t, err)
	}
	secrets, err := docker.SecretList(ctx, client.SecretListOptions{Filters: filter})
	must(t, err)
	for _, one := range secrets.Items {
		_, err := docker.SecretRemove(ctx, one.ID, client.SecretRemoveOptions{})
		must(t, err)
	}
	configs, err := docker.ConfigList(ctx, client.ConfigListOptions{Filters: filter})
	must(t, err)
	for _, one := range configs.Items {
		_, err := docker.ConfigRemove(ctx, one.ID, client.ConfigRemoveOptions{})
		must(t, err)
	}
	networks, err := docker.NetworkList(ctx, client.NetworkListOptions{Filters: filter})
	must(t, err)
	for _, one := range networks.Items {
		await(t, "the network "+one.Name+" is removed", func() bool {
			_, err := docker.NetworkRemove(ctx, one.ID, client.NetworkRemoveOptions{})
			return err == nil || engine.IsGone(err)
		})
	}
}

// await asks until something is so.
func await(t testing.TB, what string, is func() bool) {
	t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for !is() {
		if time.Now().After(deadline) {
			t.Fatalf("not within 2 min: %s", what)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// state is all that there is of a stack, but for what moves by itself, in words.
func state(t testing.TB, name string) string {
	t.Helper()
	ctx := context.Background()
	filter := make(client.Filters).Add("label", convert.LabelNamespace+"="+name)
	all := map[string]any{}
	services, err := docker.ServiceList(ctx, client.ServiceListOptions{Filters: filter})
	must(t, err)
	for _, one := range services.Items {
		all["service "+one.Spec.Name] = one.Spec
	}
	networks, err := docker.NetworkList(ctx, client.NetworkListOptions{Filters: filter})
	must(t, err)
	for _, one := range networks.Items {
		all["network "+one.Name] = []any{one.Driver, one.Attachable, one.Labels}
	}
	secrets, err := docker.SecretList(ctx, client.SecretListOptions{Filters: filter})
	must(t, err)
	for _, one := range secrets.Items {
		all["secret "+one.Spec.Name] = one.Spec
	}
	configs, err := docker.ConfigList(ctx, client.ConfigListOptions{Filters: filter})
	must(t, err)
	for _, one := range configs.Items {
		all["config "+one.Spec.Name] = one.Spec
	}
	text, err := json.MarshalIndent(all, "", " ")
	must(t, err)
	return string(text)
}

// service reads a service.
func service(t testing.TB, name string) swarm.Service {
	t.Helper()
	found, err := docker.ServiceInspect(context.Background(), name, client.ServiceInspectOptions{})
	must(t, err)
	return found.Service
}

func request(t testing.TB, params map[string]any) sdk.Request {
	t.Helper()
	given := map[string]any{"resolveImage": "never", "monitor": "100ms", "stall": "20s"}
	maps.Copy(given, params)
	text, err := json.Marshal(given)
	must(t, err)
	return sdk.Request{Params: text, Key: "run-step-0-do", Attempt: 1}
}

// deployed deploys a compose file, as another run did before.
func deployed(t testing.TB, name, compose string) stacks.Output {
	t.Helper()
	return applied(t, request(t, map[string]any{"stack": name, "compose": compose}), &sdktest.Host{})
}

func applied(t testing.TB, req sdk.Request, host sdk.Host) (out stacks.Output) {
	t.Helper()
	text, err := deploy(t).Apply(t.Context(), req, host)
	must(t, err)
	must(t, json.Unmarshal(text, &out))
	return out
}

func planned(t testing.TB, req sdk.Request) sdk.Preview {
	t.Helper()
	preview, err := deploy(t).Plan(t.Context(), req)
	must(t, err)
	return preview
}

// file is a file of a test, with its folder.
func file(t testing.TB, name, text string) string {
	t.Helper()
	path := t.TempDir() + "/" + name
	must(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

const one = `
services:
  web:
    image: demo:v1
    environment: {LEVEL: info, DB_PASSWORD: hunter2, PORT: "0"}
    stop_grace_period: 1s
    healthcheck: {disable: true}
networks: {default: {external: true, name: host}}
`

// full has most of what a stack has.
func full(t testing.TB) string {
	return `
services:
  web:
    image: ${IMAGE}
    command: [--level, info]
    environment: [LEVEL=info, "DB_PASSWORD=${PASSWORD}"]
    networks: [back]
    ports: ["8080:80"]
    configs: [site]
    secrets: [{source: key, target: tls.key, mode: 0400}]
    volumes: ["data:/data", {type: tmpfs, target: /tmp}]
    stop_grace_period: 2s
    ulimits: {nofile: {soft: 1024, hard: 2048}}
    extra_hosts: ["db:10.0.0.1"]
    healthcheck: {test: [CMD, /demo, healthy], interval: 2s, timeout: 1m}
    logging: {driver: json-file, options: {max-size: 1m}}
    deploy:
      labels: {tier: web}
      update_config: {parallelism: 2, order: start-first}
      rollback_config: {parallelism: 0}
      restart_policy: {condition: any, delay: 1s}
      resources: {limits: {cpus: "0.5", memory: 64M}}
      placement: {constraints: [node.role==manager], preferences: [{spread: node.labels.zone}]}
      endpoint_mode: dnsrr
  worker:
    image: demo:v1
    init: true
    healthcheck: {disable: true}
    deploy: {mode: global}
networks:
  back: {attachable: true}
volumes: {data: {}}
configs: {site: {file: ` + file(t, "site", "hello") + `}}
secrets: {key: {file: ` + file(t, "key", "opensesame") + `}}
`
}

// hosted is the full one, with a port that this kernel can carry.
func hosted(t testing.TB, params map[string]any) map[string]any {
	given := map[string]any{
		"compose":   strings.ReplaceAll(full(t), `["8080:80"]`, fmt.Sprintf("[{target: 80, published: %d, mode: host}]", 8100+number.Add(1))),
		"variables": map[string]any{"IMAGE": "demo:v1", "PASSWORD": "hunter2"},
	}
	maps.Copy(given, params)
	return given
}

// What was deployed is as the compose file says: neither what the engine adds nor what it writes
// otherwise is a change.
func TestWhatIsDeployedIsSettled(t *testing.T) {
	t.Parallel()
	name := stack(t)
	req := request(t, hosted(t, map[string]any{"stack": name}))
	out := applied(t, req, &sdktest.Host{})
	want := []string{"network " + name + "_back", "network " + name + "_default", "secret " + name + "_key", "config " + name + "_site", "service " + name + "_web", "service " + name + "_worker"}
	if !slices.Equal(out.Created, want) || len(out.Changed)+len(out.Unchanged)+len(out.Pruned)+len(out.Left) > 0 {
		t.Errorf("it says %+v", out)
	}
	preview := planned(t, req)
	if !preview.NothingToDo() || len(preview.Changes) > 0 {
		t.Errorf("a second plan is %q: %+v", preview.Summary, preview.Changes)
	}
	for _, warning := range preview.Warnings {
		if !strings.Contains(warning, "nobody can read") {
			t.Errorf("a second plan warns: %s", warning)
		}
	}
}

// world is one in which something was deployed before, and something else is now.
func world(params map[string]any, earlier ...string) func(testing.TB) sdktest.World {
	return func(t testing.TB) sdktest.World {
		name := stack(t)
		for _, before := range earlier {
			deployed(t, name, before)
		}
		given := map[string]any{"stack": name, "resolveImage": "never", "monitor": "100ms", "stall": "20s"}
		maps.Copy(given, params)
		return sdktest.World{Params: given, Probe: func() string { return state(t, name) }, Secrets: []any{"opensesame"}}
	}
}

const two = `
services:
  web:
    image: demo:v2
    environment: {LEVEL: debug, DB_PASSWORD: hunter3, PORT: "0"}
    stop_grace_period: 1s
    healthcheck: {disable: true}
    deploy: {replicas: 2}
  worker:
    image: demo:v1
    environment: {PORT: "0"}
    healthcheck: {disable: true}
networks: {default: {external: true, name: host}}
`

func TestStackDeployKeepsTheContract(t *testing.T) {
	t.Parallel()
	missing := `{services: {web: {image: demo:v1, secrets: [key]}}, secrets: {key: {external: true, name: nobody-has-it}}}`
	sdktest.Run(t, deploy(t),
		sdktest.Case{Name: "a new stack", World: func(t testing.TB) sdktest.World { return world(hosted(t, nil))(t) }},
		sdktest.Case{Name: "one that changes", World: world(map[string]any{"compose": two}, one)},
		sdktest.Case{Name: "one with a value that is secret", World: world(map[string]any{
			"compose": strings.ReplaceAll(two, "hunter3", `"${PASSWORD}"`), "secretVariables": map[string]any{"PASSWORD": "opensesame-43"},
		}, one)},
		sdktest.Case{Name: "one that is as it should be", World: world(map[string]any{"compose": one}, one)},
		sdktest.Case{Name: "one that is pruned", World: world(map[string]any{"compose": one, "prune": true}, two)},
		sdktest.Case{Name: "no YAML", World: world(map[string]any{"compose": "a: b: c"}), Fails: sdk.Permanent},
		sdktest.Case{Name: "what is not there", World: world(map[string]any{"compose": missing}), Fails: sdk.Permanent},
		sdktest.Case{Name: "an image that ends at once", World: world(map[string]any{"monitor": "8s", "stall": "3s", "compose": strings.ReplaceAll(one, "demo:v1", "demo:bad")}), Fails: sdk.Permanent},
	)
}
