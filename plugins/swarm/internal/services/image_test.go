package services_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
	"github.com/gatebook/gatebook/plugins/swarm/internal/lab"
	"github.com/gatebook/gatebook/plugins/swarm/internal/spec"
)

// pushed is an image in the registry.
func pushed(t testing.TB, image, as string) string {
	t.Helper()
	name, err := swarmed.PushAs(t.Context(), image, as)
	lab.Must(t, err)
	return name
}

// An image brings its platforms, as docker service update --image has them from the registry. A service whose
// image was for others finds nodes again, and has theirs again when that is taken back.
func TestAnImageBringsItsPlatforms(t *testing.T) {
	t.Parallel()
	image := pushed(t, lab.V2, "demo:platforms")
	other := func(s *swarm.ServiceSpec) {
		s.TaskTemplate.Placement = &swarm.Placement{Platforms: []swarm.Platform{{OS: "plan9", Architecture: "mips"}}}
	}
	lab.Must(t, swarmed.Give(t.Context(), lab.V1))
	mine, theirs := fmt.Sprintf("web%d", names.Add(1)), fmt.Sprintf("web%d", names.Add(1))
	for _, name := range []string{mine, theirs} {
		swarmed.Create(t, name, lab.V1, 1, quick, other)
	}
	was := state(t, mine)()

	found := inspect(t, theirs)
	found.Spec.TaskTemplate.ContainerSpec.Image = image
	_, err := docker().ServiceUpdate(t.Context(), theirs, client.ServiceUpdateOptions{Version: found.Version, Spec: found.Spec, QueryRegistry: true})
	lab.Must(t, err)
	want := inspect(t, theirs).Spec.TaskTemplate

	for i, text := range []string{image, want.ContainerSpec.Image} { // by its tag, and by its digest
		update, host := action(t, "service_update"), &sdktest.Host{}
		request := lab.Request(t, map[string]any{"service": mine, "image": text, "monitor": "1s", "stall": "2s"})
		request.Key = fmt.Sprintf("run-step-%d-do", i)
		_, err = update.Apply(t.Context(), request, host)
		lab.Must(t, err)
		if is := inspect(t, mine).Spec.TaskTemplate; !spec.Alike(is, want) {
			t.Errorf("%s: it is\n%v\nand docker makes it\n%v", text, spec.Of(is), spec.Of(want))
		}
		request.Before = host.StateBefore()
		lab.Must(t, update.Undo(t.Context(), request, &sdktest.Host{}))
		if is := state(t, mine)(); is != was {
			t.Errorf("%s: it is\n%s\nand was\n%s", text, is, was)
		}
	}
}

// A tag that is another image than the plan saw is not rolled out. Where the registry does not answer any
// more, it is the one that the plan saw.
func TestATagThatMovedSinceThePlan(t *testing.T) {
	t.Parallel()
	service := serve(t, lab.V1, 1)
	image := pushed(t, lab.V1, "demo:moving")
	update, request := action(t, "service_update"), lab.Request(t, map[string]any{"service": service, "image": image, "monitor": "1s"})
	preview, err := update.Plan(t.Context(), request)
	lab.Must(t, err)
	was := inspect(t, service)

	pushed(t, lab.V2, "demo:moving")
	request.Seen = preview.Observed
	_, err = update.Apply(t.Context(), request, &sdktest.Host{})
	lab.Outdated(t, err, "the tag "+image+" is another image than when it was planned: it is sha256:", "now, and was sha256:")
	if is := inspect(t, service); is.Version != was.Version {
		t.Errorf("it was changed nevertheless: %v", is.Spec)
	}

	for i, seen := range preview.Observed { // by the plan it is an image that this registry does not have
		preview.Observed[i].Name = strings.Replace(seen.Name, "demo:moving", "demo:gone", 1)
	}
	gone := strings.Replace(image, "demo:moving", "demo:gone", 1)
	request = lab.Request(t, map[string]any{"service": service, "image": gone, "monitor": "1s"})
	request.Seen = preview.Observed
	_, err = update.Apply(t.Context(), request, &sdktest.Host{})
	lab.Must(t, err)
	for _, seen := range preview.Observed {
		if is := inspect(t, service).Spec.TaskTemplate.ContainerSpec.Image; seen.Kind == "image" && is != seen.Version {
			t.Errorf("it runs %s, and the plan saw %s", is, seen.Version)
		}
	}
}

// What a registry gives only to those who log in, nodes get with the credentials that docker has here; and the
// service keeps them for its next image.
func TestAnImageThatNeedsALogin(t *testing.T) {
	t.Parallel()
	service, images := serve(t, lab.V1, 1), [2]string{}
	for i, image := range []string{lab.V1, lab.V2} {
		var err error
		images[i], err = swarmed.PushPrivate(t.Context(), image, fmt.Sprintf("demo:login%d", i))
		lab.Must(t, err)
	}
	update := action(t, "service_update")
	was := inspect(t, service)
	params := map[string]any{"service": service, "image": images[0], "resolveImage": "always", "monitor": "1s"}
	_, err := update.Apply(t.Context(), lab.Request(t, params), &sdktest.Host{})
	lab.Fails(t, err, sdk.Permanent, "no basic auth credentials", "docker login "+lab.Private, "withRegistryAuth: true")
	if is := inspect(t, service); is.Version != was.Version {
		t.Errorf("it was changed nevertheless: %v", is.Spec)
	}

	params["withRegistryAuth"] = true
	_, err = update.Apply(t.Context(), lab.Request(t, params), &sdktest.Host{})
	lab.Must(t, err)
	if is := inspect(t, service).Spec.TaskTemplate.ContainerSpec.Image; !strings.HasPrefix(is, images[0]+"@sha256:") {
		t.Errorf("it runs %s", is)
	}

	params = map[string]any{"service": service, "image": images[1], "resolveImage": "never", "monitor": "1s"}
	_, err = update.Apply(t.Context(), lab.Request(t, params), &sdktest.Host{})
	lab.Must(t, err)
	if is := inspect(t, service).Spec.TaskTemplate.ContainerSpec.Image; is != images[1] {
		t.Errorf("it runs %s", is)
	}
}
