package rotation_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
	"github.com/gatebook/gatebook/plugins/swarm/internal/lab"
	"github.com/gatebook/gatebook/plugins/swarm/internal/vault"
)

// An old one that somebody uses still stays: a plan says so, and who that is, and so does the step.
func TestAPlanForetellsThatTheOldOneStays(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		kind
		elsewhere bool // another service uses it, and else the same one at another place
	}{
		"a config of another service":  {config, true},
		"a config at another place":    {config, false},
		"a secret of another service":  {secret, true},
		"a secret mounted twice at it": {secret, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := test.kind
			var id string
			k.create = func(t testing.TB, name, data string) string {
				id = test.kind.create(t, name, data)
				return id
			}
			if !test.elsewhere {
				k.mount = func(of *swarm.ContainerSpec, id, name string) {
					test.mount(of, id, name)
					test.mount(of, id, name)
					for _, one := range of.Configs[min(1, len(of.Configs)):] {
						one.File.Name = "/again"
					}
					for _, one := range of.Secrets[min(1, len(of.Secrets)):] {
						one.File.Name = "/again"
					}
				}
			}
			service, old := k.serve(t, "old")
			user := service
			if test.elsewhere {
				user = service + "-other"
				swarmed.Create(t, user, lab.V1, 0, func(s *swarm.ServiceSpec) { test.mount(s.TaskTemplate.ContainerSpec, id, old) })
			}
			params := map[string]any{"service": service, "target": "/settings", "content": "new", "monitor": "1s"}
			if k.name == "secret" {
				params["previous"] = "old"
			}
			says := fmt.Sprintf("he %s %s stays: the service %s uses it", k.name, old, user)
			preview, err := k.handler(t).Plan(t.Context(), lab.Request(t, params))
			lab.Must(t, err)
			if told := fmt.Sprint(preview.Warnings); !strings.Contains(told, "T"+says) {
				t.Errorf("the plan says %s", told)
			}
			for _, one := range preview.Changes {
				if one.Op == "delete" {
					t.Errorf("the plan removes %s", one.Target)
				}
			}
			host := &sdktest.Host{}
			_, err = k.handler(t).Apply(t.Context(), lab.Request(t, params), host)
			lab.Must(t, err)
			if told := fmt.Sprint(host.ProgressTold()); !strings.Contains(told, "t"+says) || strings.Contains(told, "rpc error") {
				t.Errorf("the step says %s", told)
			}
			if !slices.Contains(k.list(t), old) {
				t.Error("it was removed")
			}
		})
	}
}

// Where a service mounts none, the complaint says just that.
func TestAServiceThatMountsNone(t *testing.T) {
	t.Parallel()
	service, _ := config.serve(t, "old")
	_, err := secret.handler(t).Plan(t.Context(), lab.Request(t, map[string]any{"service": service, "target": "key", "content": "new"}))
	if err == nil || !strings.Contains(err.Error(), "the service "+service+" mounts no secret") || strings.Contains(err.Error(), "no place") {
		t.Errorf("it says %v", err)
	}
}

// What two services share each run has from its own step: the one that has rotated first, and left the old one to
// the other service, can put it back though the other run has removed it since, whichever is taken back first.
func TestWhatTwoServicesShareIsPutBack(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		kind
		previous []string // what each of both runs says that it holds
		order    []int    // in which they are taken back
		refused  string   // what the first of these says at first
		within   bool     // whether the last run goes while the first still follows its service
	}{
		"a config, the first run first":          {config, nil, []int{0, 1}, "", false},
		"a config, the last run first":           {config, nil, []int{1, 0}, "", false},
		"a config, in two runs at once":          {config, nil, []int{0, 1}, "", true},
		"a secret, the first run first":          {secret, []string{"old", "old"}, []int{0, 1}, "", false},
		"a secret, the last run first":           {secret, []string{"old", "old"}, []int{1, 0}, "", false},
		"a secret of which the last alone knows": {secret, []string{"", "old"}, []int{0, 1, 0}, "take that run back first", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := test.kind
			var id string
			k.create = func(t testing.TB, name, data string) string {
				id = test.kind.create(t, name, data)
				return id
			}
			first, old := k.serve(t, "old")
			second := first + "-second"
			swarmed.Create(t, second, lab.V1, 0, func(s *swarm.ServiceSpec) { test.mount(s.TaskTemplate.ContainerSpec, id, old) })
			requests := make([]sdk.Request, 2)
			rotate := func(i int, service string, meanwhile func()) {
				t.Helper()
				params := map[string]any{"service": service, "target": "/settings", "content": "new", "monitor": "1s"}
				if len(test.previous) > 0 && test.previous[i] != "" {
					params["previous"] = test.previous[i]
				}
				request, host := lab.Request(t, params), &following{does: meanwhile}
				request.Key = fmt.Sprintf("run%d-%s-do", i, first)
				_, err := k.handler(t).Apply(t.Context(), request, host)
				lab.Must(t, err)
				request.Before = host.StateBefore()
				requests[i] = request
			}
			last := func() { rotate(1, second, func() {}) }
			if test.within {
				rotate(0, first, last)
			} else {
				rotate(0, first, func() {})
				last()
			}
			if slices.Contains(k.list(t), old) {
				t.Fatal("the second run has not removed it")
			}
			for at, i := range test.order {
				request := requests[i]
				request.Key += "-undo"
				err := k.handler(t).Undo(t.Context(), request, &sdktest.Host{})
				if at == 0 && test.refused != "" {
					lab.Fails(t, err, sdk.Conflict, test.refused)
					continue
				}
				lab.Must(t, err)
			}
			for _, service := range []string{first, second} {
				if is := k.mounts(t, service); !slices.Equal(is, []string{old}) {
					t.Errorf("the service %s mounts %v", service, is)
				}
			}
			if all := k.versions(t, old); len(all) != 1 || k.name == "config" && all[0] != old+" old" {
				t.Errorf("there are %q", all)
			}
			kept, err := docker().ConfigList(t.Context(), client.ConfigListOptions{Filters: make(client.Filters).Add("label", vault.Label+"="+k.name+" "+old)})
			lab.Must(t, err)
			if len(kept.Items) > 0 {
				t.Errorf("%d things are kept yet", len(kept.Items))
			}
		})
	}
}

// following is the host of a rotation in which something happens once that follows its service.
type following struct {
	sdktest.Host
	once sync.Once
	does func()
}

func (f *following) Progress(p sdk.Progress) {
	f.once.Do(f.does)
	f.Host.Progress(p)
}
