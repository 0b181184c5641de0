package rotation_test

import (
	"strings"
	"testing"

	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
	"github.com/gatebook/gatebook/plugins/swarm/internal/lab"
)

// A config or a secret that the engine fills in is filled in still after a rotation, and after its undo.
func TestATemplateStaysOne(t *testing.T) {
	t.Parallel()
	golang := &swarm.Driver{Name: "golang"}
	for _, test := range []struct {
		kind
		make       func(t testing.TB, name string) string
		templating func(t testing.TB, name string) *swarm.Driver
	}{
		{
			config,
			func(t testing.TB, name string) string {
				made, err := docker().ConfigCreate(t.Context(), client.ConfigCreateOptions{Spec: swarm.ConfigSpec{Annotations: swarm.Annotations{Name: name}, Data: []byte("old"), Templating: golang}})
				lab.Must(t, err)
				return made.ID
			},
			func(t testing.TB, name string) *swarm.Driver {
				found, err := docker().ConfigInspect(t.Context(), name, client.ConfigInspectOptions{})
				lab.Must(t, err)
				return found.Config.Spec.Templating
			},
		},
		{
			secret,
			func(t testing.TB, name string) string {
				made, err := docker().SecretCreate(t.Context(), client.SecretCreateOptions{Spec: swarm.SecretSpec{Annotations: swarm.Annotations{Name: name}, Data: []byte("old"), Templating: golang}})
				lab.Must(t, err)
				return made.ID
			},
			func(t testing.TB, name string) *swarm.Driver {
				found, err := docker().SecretInspect(t.Context(), name, client.SecretInspectOptions{})
				lab.Must(t, err)
				return found.Secret.Spec.Templating
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			k := test.kind
			k.create = func(t testing.TB, name, _ string) string { return test.make(t, name) }
			service, old := k.serve(t, "old")
			params := map[string]any{"service": service, "target": "/settings", "content": `{{ env "HOME" }}`, "monitor": "1s"}
			if k.name == "secret" {
				params["previous"] = "old"
			}
			holds := func(name string) {
				t.Helper()
				if is := test.templating(t, name); is == nil || is.Name != golang.Name {
					t.Errorf("%s is a template of %+v", name, is)
				}
			}
			request, host := lab.Request(t, params), &sdktest.Host{}
			_, err := k.handler(t).Apply(t.Context(), request, host)
			lab.Must(t, err)
			mounted := k.mounts(t, service)
			if len(mounted) != 1 || !strings.HasPrefix(mounted[0], old+"-") {
				t.Fatalf("it mounts %q", mounted)
			}
			holds(mounted[0])
			request.Before = host.StateBefore()
			lab.Must(t, k.handler(t).Undo(t.Context(), request, &sdktest.Host{}))
			if mounted := k.mounts(t, service); len(mounted) != 1 || mounted[0] != old {
				t.Fatalf("after the undo it mounts %q", mounted)
			}
			holds(old)
		})
	}
}
