package stacks_test

import (
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
