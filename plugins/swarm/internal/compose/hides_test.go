package compose_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/api/types/swarm"
	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/plugins/swarm/internal/compose"
	"github.com/gatebook/gatebook/plugins/swarm/internal/spec"
)

// kept is what leads from a spec back to the one before, as it is kept, and whether that hides something.
func kept(t interface{ Fatal(...any) }, was, is swarm.ServiceSpec) (text string, hides bool) {
	back := spec.Exact(is).To(spec.Exact(was))
	encoded, err := json.Marshal(back)
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded), compose.Hides(back)
}

// hidden is a secret that nothing else of a spec has in it.
const hidden = "hunter2"

// placesOf are what puts a secret into each place of a service where a text may be.
func placesOf(value reflect.Value) (all []func(text string)) {
	switch value.Kind() {
	case reflect.Struct:
		for i := range value.NumField() {
			if value.Type().Field(i).IsExported() {
				all = append(all, placesOf(value.Field(i))...)
			}
		}
	case reflect.Pointer:
		if !value.IsNil() {
			return placesOf(value.Elem())
		}
	case reflect.Slice:
		for i := range value.Len() {
			all = append(all, placesOf(value.Index(i))...)
		}
	case reflect.Map:
		all = append(all, func(text string) {
			if value.IsNil() {
				value.Set(reflect.MakeMap(value.Type()))
			}
			value.SetMapIndex(reflect.ValueOf("o"), reflect.ValueOf(text))
			value.SetMapIndex(reflect.ValueOf("c.token"), reflect.ValueOf(hidden))
		})
	case reflect.String:
		all = append(all, value.SetString)
	}
	return all
}

// Whatever is masked of a service is not kept where everybody reads it, whatever else of it changes.
func TestNoSecretIsKeptInPlain(t *testing.T) {
	t.Parallel()
	masked := 0
	rapid.Check(t, func(t *rapid.T) {
		var drawn swarm.ServiceSpec
		fill(t, reflect.ValueOf(&drawn).Elem())
		drawn.TaskTemplate.ContainerSpec = &swarm.ContainerSpec{}
		fill(t, reflect.ValueOf(drawn.TaskTemplate.ContainerSpec).Elem())
		was := sent(t, drawn)
		place := rapid.SampledFrom(placesOf(reflect.ValueOf(&was).Elem())).Draw(t, "place")
		place(rapid.SampledFrom([]string{"PASSWORD=" + hidden, "--token=" + hidden, "username=u,password=" + hidden, "http://u:" + hidden + "@h"}).Draw(t, "text"))
		if strings.Contains(compose.Diff("web", was, swarm.ServiceSpec{}), hidden) {
			return // nobody takes it for a secret there
		}
		masked++
		is := sent(t, was)
		number := len(changesOf("", reflect.ValueOf(&is).Elem()))
		for i := rapid.IntRange(0, few).Draw(t, "first"); i < number; i += few {
			is := sent(t, was)
			one := changesOf("", reflect.ValueOf(&is).Elem())[i]
			one.do()
			if text, hides := kept(t, was, is); strings.Contains(text, hidden) && !hides {
				t.Fatalf("%s: in plain is kept %s", one.path, text)
			}
		}
		if _, hides := kept(t, was, swarm.ServiceSpec{}); !hides {
			t.Fatal("all of it is kept in plain")
		}
	})
	if masked == 0 {
		t.Error("nothing was masked")
	}
}

// What is kept in the swarm is there for a year: nothing is that holds no secret.
func TestWhatIsKeptInTheSwarm(t *testing.T) {
	t.Parallel()
	labeled := func(name string) swarm.ServiceSpec {
		of := web()
		of.Labels[name] = "run-deploy-0-do"
		return of
	}
	unlabel := func(s *swarm.ServiceSpec) { s.Labels = web().Labels }
	for name, test := range map[string]struct {
		was   swarm.ServiceSpec
		do    func(*swarm.ServiceSpec)
		hides bool
	}{
		"nothing":              {web(), func(*swarm.ServiceSpec) {}, false},
		"a variable":           {web(), func(s *swarm.ServiceSpec) { s.TaskTemplate.ContainerSpec.Env[2] = "LEVEL=debug" }, false},
		"a password":           {web(), func(s *swarm.ServiceSpec) { s.TaskTemplate.ContainerSpec.Env[1] = "DB_PASSWORD=other" }, true},
		"a password that goes": {web(), func(s *swarm.ServiceSpec) { s.TaskTemplate.ContainerSpec.Env = nil }, true},
		"a password that is new": {web(), func(s *swarm.ServiceSpec) {
			s.TaskTemplate.ContainerSpec.Env = append(s.TaskTemplate.ContainerSpec.Env, "API_TOKEN=hunter3")
		}, false},
		"an argument beside a token": {web(), func(s *swarm.ServiceSpec) { s.TaskTemplate.ContainerSpec.Args[2] = "--level=debug" }, true},
		"an option beside a token":   {web(), func(s *swarm.ServiceSpec) { s.TaskTemplate.LogDriver.Options["tag"] = "other" }, false},
		"a mount beside a password":  {web(), func(s *swarm.ServiceSpec) { s.TaskTemplate.ContainerSpec.Mounts[1].Target = "/var/tmp" }, true},
		"a mount more": {web(), func(s *swarm.ServiceSpec) {
			s.TaskTemplate.ContainerSpec.Mounts = append(s.TaskTemplate.ContainerSpec.Mounts, mount.Mount{Type: mount.TypeTmpfs, Target: "/run"})
		}, true},
		"the mark of gatebook":        {labeled("gatebook.dev/key"), unlabel, false},
		"a label that looks like one": {labeled("other.dev/key"), unlabel, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := sent(t, test.was)
			test.do(&is)
			if text, hides := kept(t, test.was, is); hides != test.hides {
				t.Errorf("it hides something: %t, of %s", hides, text)
			}
		})
	}
}

// A text that no variable may be is in the list of those as it is, and in what leads back to another.
func TestASecretThatIsNoVariable(t *testing.T) {
	t.Parallel()
	of := func(env ...string) swarm.ServiceSpec {
		return swarm.ServiceSpec{TaskTemplate: swarm.TaskSpec{ContainerSpec: &swarm.ContainerSpec{Env: env}}}
	}
	for name, pair := range map[string][2]swarm.ServiceSpec{
		"it goes":                        {of("LEVEL=info", "password hunter2"), of("LEVEL=info")},
		"it comes":                       {of("LEVEL=info"), of("LEVEL=info", "password hunter2")},
		"it stays":                       {of("LEVEL=info", "password hunter2"), of("password hunter2", "LEVEL=info")},
		"beside one that is there twice": {of("A=1", "A=2", "PASSWORD=hunter2"), of("A=1", "PASSWORD=hunter2")},
	} {
		if text, hides := kept(t, pair[0], pair[1]); !strings.Contains(text, hidden) || !hides {
			t.Errorf("%s: it hides something: %t, of %s", name, hides, text)
		}
	}
}
