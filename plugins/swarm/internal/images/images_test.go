package images_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
	"github.com/gatebook/gatebook/plugins/swarm/internal/engine"
	"github.com/gatebook/gatebook/plugins/swarm/internal/images"
	"github.com/gatebook/gatebook/plugins/swarm/internal/lab"
)

var swarmed *lab.Lab

func TestMain(m *testing.M) {
	os.Exit(lab.Run(m, 1, func(l *lab.Lab) { swarmed = l }, lab.Workers(1), lab.LoggedIn()))
}

func action(t testing.TB, l *lab.Lab) sdk.Handler {
	t.Helper()
	return lab.Action(t, engine.Truthful(images.Actions(l.Nodes[0].Connect(t))), "image_prefetch")
}

// apply applies the action, and reads its outputs.
func apply(t testing.TB, l *lab.Lab, params map[string]any) (out images.PrefetchOutput, host *sdktest.Host, err error) {
	t.Helper()
	host = &sdktest.Host{}
	outputs, err := action(t, l).Apply(t.Context(), lab.Request(t, params), host)
	if err == nil {
		lab.Must(t, json.Unmarshal(outputs, &out))
	}
	return out, host, err
}

// pushed is an image in the registry that no node has.
func pushed(t testing.TB, tag string) string {
	t.Helper()
	image, err := swarmed.Push(t.Context(), "demo:"+tag)
	lab.Must(t, err)
	return image
}

// has says whether a node has an image.
func has(t testing.TB, node *lab.Node, image string) bool {
	t.Helper()
	_, err := node.Docker.ImageInspect(t.Context(), image)
	if err != nil && !engine.IsGone(err) {
		t.Fatal(err)
	}
	return err == nil
}

// services are the names of those that there are.
func services(t testing.TB, l *lab.Lab) string {
	listed, err := l.Nodes[0].Docker.ServiceList(context.WithoutCancel(t.Context()), client.ServiceListOptions{})
	lab.Must(t, err)
	var names []string
	for _, service := range listed.Items {
		names = append(names, service.Spec.Name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// containers are the names of those that a node has, whether they run or not.
func containers(ctx context.Context, node *lab.Node) ([]string, error) {
	listed, err := node.Docker.ContainerList(ctx, client.ContainerListOptions{All: true})
	var names []string
	for _, one := range listed.Items {
		names = append(names, one.Names...)
	}
	return names, err
}

// Each node pulls the image, nothing of it runs, and nothing is left but the image.
func TestAllNodesPullAnImage(t *testing.T) {
	image := pushed(t, "everywhere")
	before, begun := services(t, swarmed), time.Now()
	preview, err := action(t, swarmed).Plan(t.Context(), lab.Request(t, map[string]any{"image": image}))
	lab.Must(t, err)
	if !strings.HasPrefix(preview.Summary, "would pull "+image+" (sha256:") || !strings.HasSuffix(preview.Summary, "onto 2 nodes: n0, n1") || len(preview.Changes) != 1 {
		t.Errorf("the plan is %+v", preview)
	}
	out, host, err := apply(t, swarmed, map[string]any{"image": image})
	lab.Must(t, err)
	if len(out.Nodes) != 2 || out.Nodes[0].Node != "n0" || !strings.HasPrefix(out.Digest, "sha256:") || out.Image != image+"@"+out.Digest {
		t.Errorf("got %+v", out)
	}
	if last := host.ProgressTold()[len(host.ProgressTold())-1]; last.Message != "2 of 2 nodes have it" || last.Done != 2 {
		t.Errorf("told last was %+v", last)
	}
	for _, node := range swarmed.Nodes {
		lab.Eventually(t, "no container is left on "+node.Name, func(ctx context.Context) error {
			left, err := containers(ctx, node)
			if err == nil && len(left) > 0 {
				err = fmt.Errorf("there are %q", left)
			}
			return err
		})
		if !has(t, node, out.Image) {
			t.Errorf("%s does not have %s", node.Name, out.Image)
		}
		heard := node.Docker.Events(t.Context(), client.EventsListOptions{
			Since: begun.Format(time.RFC3339Nano), Until: time.Now().Format(time.RFC3339Nano),
			Filters: make(client.Filters).Add("type", "container").Add("event", "start"),
		})
		select {
		case event := <-heard.Messages:
			t.Errorf("on %s something has run: %+v", node.Name, event)
		case err := <-heard.Err: // that is all
			if !errors.Is(err, io.EOF) {
				t.Errorf("what has run on %s is not told: %v", node.Name, err)
			}
		}
	}
	if after := services(t, swarmed); after != before {
		t.Errorf("there are the services %q, and were %q", after, before)
	}
}

// A tag that is another image than the plan saw is not pulled: the update that follows would not be what people
// agreed to.
func TestATagThatMovedSinceThePlan(t *testing.T) {
	image := pushed(t, "moving")
	request := lab.Request(t, map[string]any{"image": image})
	preview, err := action(t, swarmed).Plan(t.Context(), request)
	lab.Must(t, err)
	_, err = swarmed.PushAs(t.Context(), "demo:everywhere", "demo:moving")
	lab.Must(t, err)
	request.Seen = preview.Observed
	_, err = action(t, swarmed).Apply(t.Context(), request, &sdktest.Host{})
	lab.Outdated(t, err, "the tag "+image+" is another image than when it was planned: it is sha256:", "now, and was sha256:")
}

// What a registry gives only to those who log in, nodes get with the credentials that docker has here.
func TestNodesPullWhatNeedsALogin(t *testing.T) {
	image, err := swarmed.PushPrivate(t.Context(), lab.V1, "demo:private")
	lab.Must(t, err)
	_, _, err = apply(t, swarmed, map[string]any{"image": image, "resolveImage": "never"})
	if err == nil || !strings.Contains(err.Error(), "No such image: "+image) {
		t.Fatalf("without credentials, got %v", err)
	}
	out, host, err := apply(t, swarmed, map[string]any{"image": image, "withRegistryAuth": true})
	lab.Must(t, err)
	for _, node := range swarmed.Nodes {
		if !has(t, node, out.Image) {
			t.Errorf("%s does not have %s", node.Name, out.Image)
		}
	}
	if told := fmt.Sprint(string(host.StateBefore()), host.ProgressTold()); strings.Contains(told, "hunter2") {
		t.Errorf("the password is told: %s", told)
	}
}

// The nodes may be those of a list, of constraints or of a service.
func TestTheNodesThatAreNamedPullAnImage(t *testing.T) {
	swarmed.Create(t, "placed", lab.V1, 0, func(s *swarm.ServiceSpec) {
		s.TaskTemplate.Placement = &swarm.Placement{Constraints: []string{"node.role==worker"}}
	})
	for name, test := range map[string]struct {
		more map[string]any
		on   string
	}{
		"list":        {map[string]any{"nodes": []string{"n1"}}, "n1"},
		"constraints": {map[string]any{"constraints": []string{"node.role==manager"}}, "n0"},
		"service":     {map[string]any{"service": "placed"}, "n1"},
	} {
		t.Run(name, func(t *testing.T) {
			test.more["image"] = pushed(t, "on-"+name)
			out, _, err := apply(t, swarmed, test.more)
			lab.Must(t, err)
			for _, node := range swarmed.Nodes {
				if is := has(t, node, out.Image); is != (node.Name == test.on) {
					t.Errorf("%s has it: %t", node.Name, is)
				}
			}
			if len(out.Nodes) != 1 || out.Nodes[0].Node != test.on {
				t.Errorf("got %+v", out)
			}
		})
	}
}

// Why nodes do not get an image is told by what the registry tells.
func TestWhyAnImageIsNotGot(t *testing.T) {
	before := services(t, swarmed)
	lab.Must(t, swarmed.Give(t.Context(), lab.V1))
	for name, test := range map[string]struct {
		params map[string]any
		class  sdk.Class
		says   []string
	}{
		"there is none": {
			map[string]any{"image": lab.Registry + "/demo:none"},
			sdk.Permanent,
			[]string{"0 of 2 nodes have it", "n0, n1: No such image: " + lab.Registry + "/demo:none", "ask the registry"},
		},
		"the registry is not reached": {map[string]any{"image": "10.77.0.250:5000/demo:v1"}, sdk.Transient, []string{"n0, n1: No such image", "ask the registry"}},
		"and must be":                 {map[string]any{"image": "10.77.0.250:5000/demo:v1", "resolveImage": "always"}, sdk.Transient, []string{"ask the registry"}},
		"no such node":                {map[string]any{"image": lab.V1, "nodes": []string{"n7"}}, sdk.Permanent, []string{"nodes[0]: there is no node"}},
		"no such service":             {map[string]any{"image": lab.V1, "service": "nobody"}, sdk.Permanent, []string{"service: there is no service nobody"}},
		"no node is like that":        {map[string]any{"image": lab.V1, "resolveImage": "never", "constraints": []string{"node.labels.a==b"}}, sdk.Permanent, []string{"no node"}},
		"no name":                     {map[string]any{"image": "Demo::v1"}, sdk.Permanent, []string{"image: "}},
	} {
		t.Run(name, func(t *testing.T) {
			_, host, err := apply(t, swarmed, test.params)
			lab.Fails(t, err, test.class, test.says...)
			if printed := fmt.Sprint(host.Lines()); strings.Contains(printed, "ask the registry") {
				t.Errorf("it is printed once more: %s", printed)
			}
			if after := services(t, swarmed); after != before {
				t.Errorf("there are the services %q, and were %q", after, before)
			}
		})
	}
	out, host, err := apply(t, swarmed, map[string]any{"image": lab.V1})
	if printed := fmt.Sprint(host.Lines()); !strings.Contains(printed, "ask the registry") {
		t.Errorf("why the tag is not resolved is not in %s", printed)
	}
	if err != nil || len(out.Nodes) != 2 || out.Digest != "" || out.Image != lab.V1 {
		t.Errorf("what nodes have already without a registry: %+v, %v", out, err)
	}
	preview, err := action(t, swarmed).Plan(t.Context(), lab.Request(t, map[string]any{"image": lab.V1}))
	if err != nil || len(preview.Warnings) != 1 || !strings.Contains(preview.Warnings[0], "does not say what demo:v1 is") {
		t.Errorf("the plan of that is %+v, %v", preview, err)
	}
}

// Where an attempt was cut off, the next one removes what it has left.
func TestWhatAnAttemptHasLeftIsRemoved(t *testing.T) {
	lab.Must(t, swarmed.Give(t.Context(), lab.V1))
	before, handler, request := services(t, swarmed), action(t, swarmed), lab.Request(t, map[string]any{"image": lab.V1, "resolveImage": "never"})
	swarmed.Create(t, "gatebook-prefetch-left", lab.V1, 0, func(s *swarm.ServiceSpec) {
		s.Labels = map[string]string{"gatebook.dev/key": request.Key}
		s.TaskTemplate.ContainerSpec.Command = []string{"/gatebook-runs-nothing-of-this-image"}
	})
	request.Attempt = 2
	_, err := handler.Apply(t.Context(), request, &sdktest.Host{})
	lab.Must(t, err)
	if after := services(t, swarmed); after != before {
		t.Errorf("there are the services %q, and were %q", after, before)
	}
}

// A node that is down cannot get an image, which is known before, and may be as it should be.
func TestANodeThatIsDown(t *testing.T) {
	l := lab.Own(t, 1, lab.Workers(1))
	lab.Must(t, l.Give(t.Context(), lab.V1))
	lab.Must(t, l.Nodes[1].Kill())
	lab.Eventually(t, "the node is down", func(ctx context.Context) error {
		listed, err := l.Nodes[0].Docker.NodeList(ctx, client.NodeListOptions{})
		if err == nil && !slices.ContainsFunc(listed.Items, func(n swarm.Node) bool { return n.Status.State == swarm.NodeStateDown }) {
			err = fmt.Errorf("all are up")
		}
		return err
	})
	params := map[string]any{"image": lab.V1, "resolveImage": "never"}
	preview, err := action(t, l).Plan(t.Context(), lab.Request(t, params))
	if err != nil || len(preview.Blockers) != 1 || !strings.Contains(preview.Blockers[0], "down: n1") {
		t.Errorf("the plan is %+v, %v", preview, err)
	}
	_, _, err = apply(t, l, params)
	lab.Fails(t, err, sdk.Transient, "down: n1")
	if !sdk.AsError(err).Unchanged {
		t.Errorf("%v does not say that nothing was changed", err)
	}
	params["skipDown"] = true
	out, _, err := apply(t, l, params)
	if err != nil || len(out.Nodes) != 1 || !slices.Equal(out.Skipped, []string{"n1"}) {
		t.Errorf("got %+v, %v", out, err)
	}
}

func TestPrefetchKeepsTheContract(t *testing.T) {
	lab.Must(t, swarmed.Give(t.Context(), lab.V1))
	var alone sync.Mutex // all checks have one key, by which one would take the other's helper for its own
	of := func(params map[string]any) func(testing.TB) sdktest.World {
		return func(t testing.TB) sdktest.World {
			alone.Lock()
			t.Cleanup(alone.Unlock)
			return sdktest.World{Params: params, Probe: func() string { return services(t, swarmed) }}
		}
	}
	sdktest.Run(t, action(t, swarmed),
		sdktest.Case{Name: "an image that is there", World: of(map[string]any{"image": lab.V1, "resolveImage": "never", "within": "2m"})},
		sdktest.Case{Name: "one that is not", World: of(map[string]any{"image": "demo:none", "resolveImage": "never"}), Fails: sdk.Transient},
		sdktest.Case{Name: "no node", World: of(map[string]any{"image": lab.V1, "resolveImage": "never", "nodes": []any{"n7"}}), Fails: sdk.Permanent})
}
