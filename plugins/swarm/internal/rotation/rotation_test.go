package rotation_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
	"github.com/gatebook/gatebook/plugins/swarm/internal/engine"
	"github.com/gatebook/gatebook/plugins/swarm/internal/lab"
	"github.com/gatebook/gatebook/plugins/swarm/internal/rotation"
)

var swarmed *lab.Lab

func TestMain(m *testing.M) {
	os.Exit(lab.Run(m, 1, func(l *lab.Lab) { swarmed = l }))
}

// names counts the services of tests.
var names atomic.Int64

// kind is how an administrator sees configs or secrets.
type kind struct {
	name   string // "config"
	action string
	create func(t testing.TB, name, data string) string
	list   func(t testing.TB) []string // their names
	data   func(t testing.TB, name string) string
	remove func(ctx context.Context, name string) error
	mount  func(of *swarm.ContainerSpec, id, name string)
	names  func(of *swarm.ContainerSpec) []string // of what is mounted
}

func docker() *client.Client { return swarmed.Nodes[0].Docker }

func labels() map[string]string { return map[string]string{"team": "web"} }

var config = kind{
	name: "config", action: "config_rotate",
	create: func(t testing.TB, name, data string) string {
		made, err := docker().ConfigCreate(t.Context(), client.ConfigCreateOptions{Spec: swarm.ConfigSpec{Annotations: swarm.Annotations{Name: name, Labels: labels()}, Data: []byte(data)}})
		lab.Must(t, err)
		return made.ID
	},
	list: func(t testing.TB) (all []string) {
		found, err := docker().ConfigList(context.WithoutCancel(t.Context()), client.ConfigListOptions{})
		lab.Must(t, err)
		for _, one := range found.Items {
			all = append(all, one.Spec.Name)
		}
		return all
	},
	data: func(t testing.TB, name string) string {
		found, err := docker().ConfigInspect(t.Context(), name, client.ConfigInspectOptions{})
		lab.Must(t, err)
		return string(found.Config.Spec.Data)
	},
	remove: func(ctx context.Context, name string) error {
		_, err := docker().ConfigRemove(ctx, name, client.ConfigRemoveOptions{})
		return err
	},
	mount: func(of *swarm.ContainerSpec, id, name string) {
		of.Configs = append(of.Configs, &swarm.ConfigReference{ConfigID: id, ConfigName: name, File: &swarm.ConfigReferenceFileTarget{Name: "/settings", UID: "0", GID: "0", Mode: 0o444}})
	},
	names: func(of *swarm.ContainerSpec) (all []string) {
		for _, one := range of.Configs {
			all = append(all, one.ConfigName)
		}
		return all
	},
}

var secret = kind{
	name: "secret", action: "secret_rotate",
	create: func(t testing.TB, name, data string) string {
		made, err := docker().SecretCreate(t.Context(), client.SecretCreateOptions{Spec: swarm.SecretSpec{Annotations: swarm.Annotations{Name: name, Labels: labels()}, Data: []byte(data)}})
		lab.Must(t, err)
		return made.ID
	},
	list: func(t testing.TB) (all []string) {
		found, err := docker().SecretList(context.WithoutCancel(t.Context()), client.SecretListOptions{})
		lab.Must(t, err)
		for _, one := range found.Items {
			all = append(all, one.Spec.Name)
		}
		return all
	},
	data: func(testing.TB, string) string { return "" }, // nobody can read it
	remove: func(ctx context.Context, name string) error {
		_, err := docker().SecretRemove(ctx, name, client.SecretRemoveOptions{})
		return err
	},
	mount: func(of *swarm.ContainerSpec, id, name string) {
		of.Secrets = append(of.Secrets, &swarm.SecretReference{SecretID: id, SecretName: name, File: &swarm.SecretReferenceFileTarget{Name: "/settings", UID: "0", GID: "0", Mode: 0o444}})
	},
	names: func(of *swarm.ContainerSpec) (all []string) {
		for _, one := range of.Secrets {
			all = append(all, one.SecretName)
		}
		return all
	},
}

// serve makes a service that mounts something old, and returns its name and that.
func (k kind) serve(t testing.TB, holds string) (service, old string) {
	t.Helper()
	lab.Must(t, swarmed.Give(t.Context(), lab.V1))
	number := names.Add(1)
	service, old = fmt.Sprintf("web%d", number), fmt.Sprintf("settings%d", number)
	id := k.create(t, old, holds)
	t.Cleanup(func() { // after the service is removed
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		for _, one := range k.list(t) {
			if one == old || strings.HasPrefix(one, old+"-") {
				if err := k.remove(ctx, one); err != nil {
					t.Errorf("remove %s: %v", one, err)
				}
			}
		}
	})
	swarmed.Service(t, service, lab.V1, 1, func(s *swarm.ServiceSpec) {
		grace := time.Second
		s.TaskTemplate.ContainerSpec.StopGracePeriod = &grace
		s.UpdateConfig = &swarm.UpdateConfig{Parallelism: 1, FailureAction: swarm.UpdateFailureActionPause, Monitor: time.Second, Order: swarm.UpdateOrderStopFirst}
		k.mount(s.TaskTemplate.ContainerSpec, id, old)
	})
	return service, old
}

// mounts are the names of what a service mounts.
func (k kind) mounts(t testing.TB, service string) []string {
	t.Helper()
	found, err := docker().ServiceInspect(t.Context(), service, client.ServiceInspectOptions{})
	lab.Must(t, err)
	return k.names(found.Service.Spec.TaskTemplate.ContainerSpec)
}

// versions are those of one thing that there are, with what they hold.
func (k kind) versions(t testing.TB, old string) (all []string) {
	t.Helper()
	for _, one := range k.list(t) {
		if one == old || strings.HasPrefix(one, old+"-") {
			all = append(all, one+" "+k.data(t, one))
		}
	}
	slices.Sort(all)
	return all
}

func (k kind) probe(t testing.TB, service, old string) func() string {
	return func() string { return fmt.Sprint(k.mounts(t, service), k.versions(t, old)) }
}

func (k kind) handler(t testing.TB) sdk.Handler {
	t.Helper()
	return lab.Action(t, engine.Truthful(rotation.Actions(swarmed.Nodes[0].Connect(t))), k.action)
}

func TestRotationsKeepTheContract(t *testing.T) {
	t.Parallel()
	sdktest.Run(t, config.handler(t),
		sdktest.Case{
			Name: "a config",
			World: func(t testing.TB) sdktest.World {
				service, old := config.serve(t, "old")
				return sdktest.World{Params: map[string]any{"service": service, "target": "/settings", "content": "new", "monitor": "1s"}, Probe: config.probe(t, service, old)}
			},
			Moves: []string{"version"},
		},
		sdktest.Case{
			Name: "nothing is mounted there",
			World: func(t testing.TB) sdktest.World {
				service, old := config.serve(t, "old")
				return sdktest.World{Params: map[string]any{"service": service, "target": "/elsewhere", "content": "new"}, Probe: config.probe(t, service, old)}
			},
			Fails: sdk.Permanent,
		},
	)
	sdktest.Run(t, secret.handler(t), sdktest.Case{
		Name: "a secret",
		World: func(t testing.TB) sdktest.World {
			service, old := secret.serve(t, "opensesame-old")
			return sdktest.World{
				Params: map[string]any{"service": service, "target": "/settings", "content": "opensesame-new", "previous": "opensesame-old", "monitor": "1s"},
				Probe:  secret.probe(t, service, old),
			}
		},
		Moves: []string{"version"},
	})
}

// The old one is gone once all tasks have the new one, but where that could not be taken back.
func TestTheOldOneIsRemovedWhereItCanBeMadeAgain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		kind   kind
		params map[string]any
		stays  bool
	}{
		"a config":                            {config, map[string]any{}, false},
		"a config that is to stay":            {config, map[string]any{"keepOld": true}, true},
		"a secret that nobody can read":       {secret, map[string]any{}, true},
		"a secret of which the content known": {secret, map[string]any{"previous": "old"}, false},
		"one with a name that is given":       {config, map[string]any{"name": "given"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := test.kind
			service, old := k.serve(t, "old")
			params := map[string]any{"service": service, "target": "/settings", "content": "new", "monitor": "1s"}
			maps.Copy(params, test.params)
			if params["name"] != nil {
				params["name"] = old + "-given"
			}
			handler, host, request := k.handler(t), &sdktest.Host{}, lab.Request(t, params)
			_, err := handler.Apply(t.Context(), request, host)
			lab.Must(t, err)
			mounted := k.mounts(t, service)
			if len(mounted) != 1 || !strings.HasPrefix(mounted[0], old+"-") || params["name"] != nil && mounted[0] != params["name"] {
				t.Errorf("it mounts %v", mounted)
			}
			if stays := slices.Contains(k.list(t), old); stays != test.stays {
				t.Errorf("the old one is there: %t", stays)
			}
			request.Before = host.StateBefore()
			lab.Must(t, handler.Undo(t.Context(), request, &sdktest.Host{}))
			if mounted := k.mounts(t, service); !slices.Equal(mounted, []string{old}) {
				t.Errorf("after the undo it mounts %v", mounted)
			}
			if all := k.versions(t, old); len(all) != 1 || k.name == "config" && all[0] != old+" old" {
				t.Errorf("after the undo there are %q", all)
			}
		})
	}
}

// Of a secret nobody knows what it holds but the engine, which is asked before anything is changed.
func TestASecretThatHoldsSomethingElseIsNotReplaced(t *testing.T) {
	t.Parallel()
	service, old := secret.serve(t, "opensesame-old")
	before := secret.probe(t, service, old)()
	request := lab.Request(t, map[string]any{"service": service, "target": "/settings", "content": "new", "previous": "opensesame-wrong", "monitor": "1s"})
	_, err := secret.handler(t).Apply(t.Context(), request, &sdktest.Host{})
	lab.Fails(t, err, sdk.Permanent, "the secret "+old+" holds something else")
	if fault := sdk.AsError(err); fault.Field != "previous" || !fault.Unchanged {
		t.Errorf("it says %+v", fault)
	}
	if after := secret.probe(t, service, old)(); after != before {
		t.Errorf("it is %s, and was %s", after, before)
	}
}

// What one run has rotated twice is taken back twice, to what was there before both.
func TestTwoRotationsAreTakenBack(t *testing.T) {
	t.Parallel()
	for _, k := range []kind{config, secret} {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			service, old := k.serve(t, "one")
			before := k.probe(t, service, old)()
			var requests []sdk.Request
			for i, content := range []string{"two", "three"} {
				params := map[string]any{"service": service, "target": "/settings", "content": content, "monitor": "1s"}
				if k.name == "secret" {
					params["previous"] = []string{"one", "two"}[i]
				}
				request, host := lab.Request(t, params), &sdktest.Host{}
				request.Key = fmt.Sprintf("run-step-%d-do", i)
				_, err := k.handler(t).Apply(t.Context(), request, host)
				lab.Must(t, err)
				request.Before = host.StateBefore()
				requests = append(requests, request)
			}
			if all := k.versions(t, old); len(all) != 1 || !strings.HasPrefix(all[0], old+"-") {
				t.Errorf("there are %q", all)
			}
			for _, request := range slices.Backward(requests) {
				request.Key += "-undo"
				lab.Must(t, k.handler(t).Undo(t.Context(), request, &sdktest.Host{}))
			}
			if after := k.probe(t, service, old)(); after != before {
				t.Errorf("it is %s, and was %s", after, before)
			}
		})
	}
}

// One that another service uses stays, and what somebody else has made under the name is a conflict.
func TestOthersAreNotInTheWay(t *testing.T) {
	t.Parallel()
	service, old := config.serve(t, "old")
	found, err := docker().ConfigInspect(t.Context(), old, client.ConfigInspectOptions{})
	lab.Must(t, err)
	other := service + "-other"
	swarmed.Create(t, other, lab.V1, 0, func(s *swarm.ServiceSpec) { config.mount(s.TaskTemplate.ContainerSpec, found.Config.ID, old) })
	params := map[string]any{"service": service, "target": "/settings", "content": "new", "monitor": "1s"}
	_, err = config.handler(t).Apply(t.Context(), lab.Request(t, params), &sdktest.Host{})
	lab.Must(t, err)
	if !slices.Contains(config.list(t), old) {
		t.Error("it was removed")
	}
	params["name"] = old
	preview, err := config.handler(t).Plan(t.Context(), lab.Request(t, params))
	lab.Must(t, err)
	if !strings.Contains(strings.Join(preview.Blockers, " "), "There is a config "+old+" already.") {
		t.Errorf("the plan says %+v", preview)
	}
	request := lab.Request(t, params)
	request.Key = "run-step-1-do"
	_, err = config.handler(t).Apply(t.Context(), request, &sdktest.Host{})
	lab.Fails(t, err, sdk.Conflict, "there is a config "+old+" already, which this step has not made")
}

// Where somebody was quicker, what they have set stays, and what the step has made for it goes.
func TestWhereSomebodyWasQuickerTheNewOneIsRemoved(t *testing.T) {
	t.Parallel()
	service, old := config.serve(t, "old")
	request := lab.Request(t, map[string]any{"service": service, "target": "/settings", "content": "new", "monitor": "1s"})
	host := &lab.Between{Does: func() {
		found, err := docker().ServiceInspect(t.Context(), service, client.ServiceInspectOptions{})
		lab.Must(t, err)
		found.Service.Spec.TaskTemplate.ContainerSpec.Configs = nil
		_, err = docker().ServiceUpdate(t.Context(), service, client.ServiceUpdateOptions{Version: found.Service.Version, Spec: found.Service.Spec})
		lab.Must(t, err)
	}}
	_, err := config.handler(t).Apply(t.Context(), request, host)
	lab.Fails(t, err, sdk.Conflict, "somebody changed the service "+service+" meanwhile: configs")
	request.Before = host.StateBefore()
	for range 2 {
		lab.Must(t, config.handler(t).Undo(t.Context(), request, &sdktest.Host{}))
	}
	if is := config.probe(t, service, old)(); is != fmt.Sprint([]string{}, []string{old + " old"}) {
		t.Errorf("it is %s", is)
	}
}

// A second run of the same runbook has nothing to do, where the new one has a name of its own; and where its
// content is another since, it is told that it needs another name.
func TestANameThatIsMountedAlready(t *testing.T) {
	t.Parallel()
	for _, k := range []kind{config, secret} {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			service, old := k.serve(t, "old")
			params := map[string]any{"service": service, "target": "/settings", "content": "new", "name": old + "-new", "monitor": "1s"}
			var was string
			for i := range 2 {
				request, host := lab.Request(t, params), &sdktest.Host{}
				request.Key = fmt.Sprintf("run-step-%d-do", i)
				preview, err := k.handler(t).Plan(t.Context(), request)
				lab.Must(t, err)
				if is := preview.NothingToDo(); is != (i == 1) {
					t.Errorf("the plan of run %d is %+v", i, preview)
				}
				_, err = k.handler(t).Apply(t.Context(), request, host)
				lab.Must(t, err)
				if is := k.probe(t, service, old)(); i == 1 && is != was {
					t.Errorf("it is %s, and was %s", is, was)
				} else {
					was = is
				}
			}
			params["content"] = "another"
			request := lab.Request(t, params)
			_, err := k.handler(t).Apply(t.Context(), request, &sdktest.Host{})
			lab.Fails(t, err, sdk.Permanent, "mounts a "+k.name+" of this name already, which holds something else")
			if is := k.probe(t, service, old)(); is != was {
				t.Errorf("it is %s, and was %s", is, was)
			}
		})
	}
}

// What the old secret holds the step may say, so that it can be made again where somebody has removed it,
// with the labels that it had. What becomes of it is not told before the step is known.
func TestAnOldSecretThatSomebodyRemoved(t *testing.T) {
	t.Parallel()
	service, old := secret.serve(t, "old")
	params := map[string]any{"service": service, "target": "/settings", "content": "new", "monitor": "1s"}
	planned := lab.Request(t, params)
	planned.Unknown = []string{"previous"}
	preview, err := secret.handler(t).Plan(t.Context(), planned)
	lab.Must(t, err)
	if told := fmt.Sprint(preview.Warnings); !strings.Contains(told, "It is not known yet whether the secret "+old+" is removed or stays.") || strings.Contains(told, "previous") {
		t.Errorf("the plan says %s", told)
	}

	handler, request, host := secret.handler(t), lab.Request(t, params), &sdktest.Host{}
	_, err = handler.Apply(t.Context(), request, host)
	lab.Must(t, err)
	lab.Must(t, secret.remove(t.Context(), old))
	request.Before = host.StateBefore()
	lab.Fails(t, handler.Undo(t.Context(), request, &sdktest.Host{}), sdk.Conflict, "nobody here knows what it held")
	params["previous"] = "old"
	request.Params = lab.Request(t, params).Params
	lab.Must(t, handler.Undo(t.Context(), request, &sdktest.Host{}))
	found, err := docker().SecretInspect(t.Context(), old, client.SecretInspectOptions{})
	lab.Must(t, err)
	if is := secret.mounts(t, service); !slices.Equal(is, []string{old}) || !maps.Equal(found.Secret.Spec.Labels, labels()) {
		t.Errorf("it mounts %q, with %v", is, found.Secret.Spec.Labels)
	}
}
