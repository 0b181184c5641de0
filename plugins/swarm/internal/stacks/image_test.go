package stacks_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
	"github.com/gatebook/gatebook/plugins/swarm/internal/lab"
)

// pushed puts an image into the registry under a tag.
func pushed(t testing.TB, image, tag string) string {
	t.Helper()
	reference, err := swarmed.PushAs(t.Context(), image, tag)
	must(t, err)
	return reference
}

// silence has the registry know nothing of a tag or digest any more, as one that does not answer.
func silence(t testing.TB, reference string) {
	t.Helper()
	name, digest, digested := strings.Cut(reference, "@")
	path, tag, _ := strings.Cut(strings.TrimPrefix(name, lab.Registry+"/"), ":")
	if digested {
		tag = digest
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, "http://"+lab.Registry+"/v2/"+path+"/manifests/"+tag, http.NoBody)
	must(t, err)
	transport := &http.Transport{DialContext: swarmed.Dial}
	defer transport.CloseIdleConnections()
	answer, err := transport.RoundTrip(req)
	must(t, err)
	must(t, answer.Body.Close())
	if answer.StatusCode != http.StatusAccepted {
		t.Fatalf("the registry keeps %s: %s", reference, answer.Status)
	}
}

// resolving is the request to deploy one service, with its image as the registry has it.
func resolving(t testing.TB, name, image string) sdk.Request {
	return request(t, map[string]any{"stack": name, "resolveImage": "always", "compose": strings.ReplaceAll(one, "demo:v1", image)})
}

// A registry may answer when a plan is made and be silent when the step begins, or the other way round: what a service
// has stays as it is, and nobody is said to have changed the compose file.
func TestARegistryThatAnswersNowAndThen(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		planned, begins bool // whether it answers then
		digest          bool // which the compose file says
	}{
		"at the plan alone":                         {planned: true},
		"as the step begins alone":                  {begins: true},
		"never":                                     {},
		"at the plan alone, with a digest":          {planned: true, digest: true},
		"as the step begins alone, with the digest": {begins: true, digest: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			name := stack(t)
			tag := name + "-now-and-then:1"
			image := pushed(t, lab.V1, tag)
			given := image
			answers := func(is bool) {
				pushed(t, lab.V1, tag)
				if !is {
					silence(t, given)
				}
			}
			if test.digest {
				applied(t, resolving(t, name, image), &sdktest.Host{})
				given = service(t, name+"_web").Spec.TaskTemplate.ContainerSpec.Image
			}
			req := resolving(t, name, given)
			applied(t, req, &sdktest.Host{})
			before := service(t, name+"_web")
			answers(test.planned)
			preview := planned(t, req)
			if !preview.NothingToDo() {
				t.Errorf("the plan is %+v", preview)
			}
			answers(test.begins)
			req.Seen = preview.Observed
			out := applied(t, req, &sdktest.Host{})
			if after := service(t, name+"_web"); !slices.Equal(out.Unchanged, []string{"service " + name + "_web"}) || after.Version != before.Version {
				t.Errorf("it says %+v, and the service is %+v, and was %+v", out, after, before)
			}
		})
	}
}

// Where the registry is silent by the time that the step begins, the image is the one to which people agreed.
func TestAnImageIsTheOneOfThePlan(t *testing.T) {
	t.Parallel()
	for name, earlier := range map[string]string{"of a new service": "", "of another tag": "demo:v1", "of the tag that has moved": "itself"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			name := stack(t)
			tag := name + "-planned:1"
			image := pushed(t, lab.V1, tag)
			if earlier != "" {
				applied(t, resolving(t, name, strings.Replace(earlier, "itself", image, 1)), &sdktest.Host{})
			}
			pushed(t, lab.V2, tag)
			req := resolving(t, name, image)
			preview := planned(t, req)
			silence(t, image)
			req.Seen = preview.Observed
			applied(t, req, &sdktest.Host{})
			is := service(t, name+"_web").Spec.TaskTemplate.ContainerSpec.Image
			if !strings.HasPrefix(is, image+"@sha256:") || !strings.Contains(preview.Changes[0].Diff, "+image: "+is+"\n") {
				t.Errorf("it runs %s, and the plan is\n%s", is, preview.Changes[0].Diff)
			}
			swarmed.Running(t, name+"_web", image, 1)
		})
	}
}

// A tag that is another image than the plan said, by the registry or by what the service has, is not rolled out; it is
// named, with the service, of which there may be several with one tag.
func TestATagThatMovesSinceThePlan(t *testing.T) {
	t.Parallel()
	for name, silent := range map[string]bool{"by the registry": false, "by what the service has": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			name := stack(t)
			tag := name + "-moves:1"
			image := pushed(t, lab.V1, tag)
			req, host := resolving(t, name, image), &sdktest.Host{}
			applied(t, req, &sdktest.Host{})
			before := state(t, name)
			if silent {
				silence(t, image)
			}
			req.Seen = planned(t, req).Observed
			pushed(t, lab.V2, tag)
			_, err := deploy(t).Apply(t.Context(), req, host)
			lab.Outdated(t, err, "the tag "+image+" of the service "+name+"_web is another image than when it was planned: it is sha256:")
			if host.StateBefore() != nil || state(t, name) != before {
				t.Errorf("it has begun: %v", err)
			}
			req.Seen = planned(t, req).Observed
			if out := applied(t, req, host); !slices.Equal(out.Changed, []string{"service " + name + "_web"}) {
				t.Errorf("with a new plan it says %+v", out)
			}
		})
	}
}
