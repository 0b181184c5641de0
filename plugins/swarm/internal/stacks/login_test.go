package stacks_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
	"github.com/gatebook/gatebook/plugins/swarm/internal/lab"
)

// What a registry gives only to those who log in, nodes get with the credentials that docker has here.
func TestAStackWhoseImageNeedsALogin(t *testing.T) {
	t.Parallel()
	image, err := swarmed.PushPrivate(t.Context(), lab.V1, "demo:stacklogin")
	must(t, err)
	params := map[string]any{"stack": stack(t), "compose": "services: {web: {image: '" + image + "'}}", "monitor": "1s", "stall": "1s"}
	_, err = deploy(t).Apply(t.Context(), request(t, params), &sdktest.Host{})
	fails(t, err, sdk.Permanent, "No such image: "+image)
	name := stack(t)
	params["stack"], params["withRegistryAuth"], params["resolveImage"], params["stall"] = name, true, "always", "1m"
	applied(t, request(t, params), &sdktest.Host{})
	if is := service(t, name+"_web").Spec.TaskTemplate.ContainerSpec.Image; !strings.HasPrefix(is, image+"@sha256:") {
		t.Errorf("it runs %s", is)
	}
}

// Who forgot the credentials deploys the same once more, with them: the services whose tasks their nodes refused
// are set anew, and the others are left alone.
func TestAStackThatLackedTheLogin(t *testing.T) {
	t.Parallel()
	image, err := swarmed.PushPrivate(t.Context(), lab.V2, "demo:stackforgotten")
	must(t, err)
	name, host := stack(t), &sdktest.Host{}
	params := map[string]any{
		"stack": name, "compose": "services: {web: {image: '" + image + "'}, other: {image: demo:v1}}", "resolveImage": "never", "monitor": "1s", "stall": "1s",
	}
	first := request(t, params)
	_, err = deploy(t).Apply(t.Context(), first, host)
	fails(t, err, sdk.Permanent, "No such image: "+image)
	first.Before = host.StateBefore()
	if preview := planned(t, request(t, params)); !preview.NothingToDo() {
		t.Errorf("the plan without credentials is %+v", preview)
	}
	params["withRegistryAuth"], params["stall"] = true, "1m"
	second, host := request(t, params), &sdktest.Host{}
	preview := planned(t, second)
	if len(preview.Changes) != 1 || preview.Changes[0].Target != "service "+name+"_web" || !strings.Contains(strings.Join(preview.Warnings, ""), "No such image") {
		t.Errorf("the plan is %+v", preview)
	}
	other := service(t, name+"_other")
	second.Seen, second.Key = preview.Observed, "run-again-do"
	for _, changed := range [][]string{{"service " + name + "_web"}, {}} {
		was := service(t, name+"_web")
		if out := applied(t, second, host); !slices.Equal(out.Changed, changed) {
			t.Errorf("it returns %v, and not that %v was changed", out, changed)
		}
		if is := service(t, name+"_web"); len(changed) == 0 && is.Version != was.Version {
			t.Errorf("it was set though its task runs: %v", is.Spec)
		}
		swarmed.Running(t, name+"_web", image, 1)
	}
	if is := service(t, name+"_other"); is.Version != other.Version {
		t.Errorf("the other one was set: %v", is.Spec)
	}
	if preview := planned(t, second); !preview.NothingToDo() {
		t.Errorf("the plan of what is done is %+v", preview)
	}
	second.Before = host.StateBefore()
	must(t, deploy(t).Undo(t.Context(), second, &sdktest.Host{}))
	swarmed.Running(t, name+"_web", image, 1)
	must(t, deploy(t).Undo(t.Context(), first, &sdktest.Host{}))
	if is := state(t, name); strings.Contains(is, name+"_") {
		t.Errorf("there is still %s", is)
	}
}
