package engine_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/moby/moby/api/pkg/authconfig"
	"github.com/moby/moby/api/types/registry"
	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/engine"
	"github.com/gatebook/gatebook/plugins/swarm/internal/lab"
)

var swarmed *lab.Lab

func TestMain(m *testing.M) { os.Exit(lab.Run(m, 3, func(l *lab.Lab) { swarmed = l })) }

// Whichever manager is asked, it is one swarm.
func TestASwarmIsOneTarget(t *testing.T) {
	var first sdk.Target
	for i, node := range swarmed.Nodes {
		target, err := node.Connect(t).Target(t.Context())
		if err != nil || !strings.HasPrefix(target.ID, "swarm:") || !strings.Contains(target.Title, node.Socket) {
			t.Fatalf("%+v, %v", target, err)
		}
		if i == 0 {
			first = target
		} else if target.ID != first.ID {
			t.Errorf("%s is another swarm than %s", target.Title, first.Title)
		}
	}
}

func TestTheVersionOfTheAPIIsNegotiated(t *testing.T) {
	if version := swarmed.Nodes[0].Connect(t).Docker.ClientVersion(); version != "1.41" {
		t.Errorf("it speaks %s", version)
	}
}

// What an engine says no to has the class by which the run goes on.
func TestErrorsHaveTheirClass(t *testing.T) {
	e := swarmed.Nodes[0].Connect(t)
	one := uint64(0)
	spec := swarm.ServiceSpec{Annotations: swarm.Annotations{Name: "classes"}, TaskTemplate: swarm.TaskSpec{ContainerSpec: &swarm.ContainerSpec{Image: "none"}}}
	spec.Mode.Replicated = &swarm.ReplicatedService{Replicas: &one}
	made, err := e.Docker.ServiceCreate(t.Context(), client.ServiceCreateOptions{Spec: spec})
	if err != nil {
		t.Fatal(err)
	}
	ended, end := context.WithCancelCause(t.Context())
	end(errors.New("the operator has pressed Ctrl-C"))
	constrained := func(by string) func(context.Context) error {
		return func(ctx context.Context) error {
			bad := spec
			bad.Name, bad.TaskTemplate.Placement = "constrained", &swarm.Placement{Constraints: []string{by}}
			_, err := e.Docker.ServiceCreate(ctx, client.ServiceCreateOptions{Spec: bad})
			return err
		}
	}
	image, err := swarmed.PushPrivate(t.Context(), lab.V1, "demo:classes")
	if err != nil {
		t.Fatal(err)
	}
	registered := func(as string) func(context.Context) error {
		return func(ctx context.Context) error {
			var credentials string
			if as != "" {
				credentials, err = authconfig.Encode(registry.AuthConfig{Username: as, Password: "guessed", ServerAddress: lab.Private})
				lab.Must(t, err)
			}
			_, err := e.Docker.DistributionInspect(ctx, image, client.DistributionInspectOptions{EncodedRegistryAuth: credentials})
			return err
		}
	}
	for name, test := range map[string]struct {
		ctx   context.Context
		does  func(context.Context) error
		class sdk.Class
		says  string
	}{
		"a stale index": {nil, func(ctx context.Context) error {
			_, err := e.Docker.ServiceUpdate(ctx, made.ID, client.ServiceUpdateOptions{Version: swarm.Version{Index: 1}, Spec: spec})
			if !engine.Stale(err) {
				t.Errorf("%v is not taken for a stale index", err)
			}
			return err
		}, sdk.Conflict, "do it: update out of sequence"},
		"what is not there": {nil, func(ctx context.Context) error {
			_, err := e.Docker.ServiceInspect(ctx, "nobody", client.ServiceInspectOptions{})
			if !engine.IsGone(err) {
				t.Errorf("%v is not taken for gone", err)
			}
			return err
		}, sdk.Permanent, "do it: service nobody not found"},
		"a name that is taken": {nil, func(ctx context.Context) error {
			_, err := e.Docker.ServiceCreate(ctx, client.ServiceCreateOptions{Spec: spec})
			return err
		}, sdk.Conflict, "name conflicts"},
		"what is no spec": {nil, func(ctx context.Context) error {
			_, err := e.Docker.ServiceCreate(ctx, client.ServiceCreateOptions{})
			return err
		}, sdk.Permanent, "do it: "},
		"constraints that are none":    {nil, constrained("foo"), sdk.Permanent, "constraint"},
		"a constraint's key is none":   {nil, constrained("a b==c"), sdk.Permanent, "key 'a b' is invalid"},
		"a constraint's value is none": {nil, constrained("node.id==<>"), sdk.Permanent, "value '<>' is invalid"},
		"a name that is too long": {nil, func(ctx context.Context) error {
			bad := spec
			bad.Name = strings.Repeat("a", 64)
			_, err := e.Docker.ServiceCreate(ctx, client.ServiceCreateOptions{Spec: bad})
			return err
		}, sdk.Permanent, "name"},
		"a registry that wants a login":     {nil, registered(""), sdk.Permanent, "no basic auth credentials"},
		"a registry that wants another one": {nil, registered("mallory"), sdk.Denied, "unauthorized"},
		"the end of the action": {ended, func(ctx context.Context) error {
			_, err := e.Docker.ServiceList(ctx, client.ServiceListOptions{})
			return err
		}, sdk.Permanent, "Ctrl-C"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := test.ctx
			if ctx == nil {
				ctx = t.Context()
			}
			err := e.Fault(ctx, test.does(ctx), "do it")
			if err == nil || sdk.AsError(err).Class != test.class || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got a %s error %v, want a %s one that says %q", sdk.AsError(err).Class, err, test.class, test.says)
			}
		})
	}
}
