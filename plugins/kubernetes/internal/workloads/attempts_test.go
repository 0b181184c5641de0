package workloads_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// changing are uses of the actions that change the Deployment web.
var changing = map[string]struct {
	world    func(testing.TB) sdktest.World
	outputs  string                     // part of them, of every attempt
	somebody func(d *appsv1.Deployment) // changes the same
}{
	"set_image": {
		deployed(map[string]any{"images": map[string]any{"main": "web:2"}}, nil),
		`"before":{"main":"web:1"},"changed":true`,
		func(d *appsv1.Deployment) { d.Spec.Template.Spec.Containers[0].Image = "web:9" },
	},
	"scale": {
		deployed(map[string]any{"replicas": 3}, nil), `"before":2,"changed":true`,
		func(d *appsv1.Deployment) { d.Spec.Replicas = new(int32(5)) },
	},
	"rollout_undo": {
		upgraded(nil), `"images":{"main":"web:1"}`,
		func(d *appsv1.Deployment) { d.Spec.Template.Spec.Containers[0].Image = "web:9" },
	},
}

// A first attempt may end at any point. What the second one does, and what can be taken
// back after it, is the same as if there had been one alone.
func TestSecondAttempts(t *testing.T) {
	t.Parallel()
	type ending struct {
		seen sdk.State
		end  func(t *testing.T, name string, req sdk.Request, host *sdktest.Host)
	}
	ends := map[string]ending{
		"after the change, before its answer": {sdk.Done, func(t *testing.T, name string, req sdk.Request, host *sdktest.Host) {
			_, err := action(t, shared.Losing(t), name).Apply(t.Context(), req, host)
			if err == nil || sdk.AsError(err).Class != sdk.Transient {
				t.Fatalf("the first attempt ended with %v, want a transient error", err)
			}
		}},
		"before the change": {sdk.Untouched, func(t *testing.T, name string, req sdk.Request, host *sdktest.Host) {
			ctx, cancel := context.WithCancel(t.Context())
			host.OnBefore = cancel
			_, err := action(t, shared.Connect(t), name).Apply(ctx, req, host)
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("the first attempt ended with %v, want that it was cancelled", err)
			}
		}},
	}
	for name, use := range changing {
		for when, first := range ends {
			t.Run(name+" "+when, func(t *testing.T) {
				t.Parallel()
				world, host := use.world(t), &sdktest.Host{}
				before := world.Probe()
				req, handler := lab.Request(t, world.Params), action(t, shared.Connect(t), name)
				first.end(t, name, req, host)
				counted := func() { shared.AwaitDeployment(t, world.Params["namespace"].(string), "web") }
				counted()
				req.Before, req.Attempt = host.StateBefore(), 2
				seen, err := handler.Observe(t.Context(), req, host)
				if err != nil || seen.State != first.seen {
					t.Errorf("the first attempt was seen as %s (%v), want %s", seen.State, err, first.seen)
				}

				second := &sdktest.Host{}
				outputs, err := handler.Apply(t.Context(), req, second)
				lab.Must(t, err)
				if !strings.Contains(string(outputs), use.outputs) {
					t.Errorf("the second attempt returned %s, want in it %s", outputs, use.outputs)
				}
				if saved := second.StateBefore(); saved != nil {
					t.Errorf("the second attempt saved %s over the state before", saved)
				}
				counted()
				seen, err = handler.Observe(t.Context(), req, second)
				lab.Must(t, err)
				if seen.State != sdk.Done || !strings.Contains(string(seen.Outputs), use.outputs) {
					t.Errorf("it was seen as %s with %s", seen.State, seen.Outputs)
				}
				lab.Must(t, handler.Undo(t.Context(), req, second))
				if after := world.Probe(); after != before {
					t.Errorf("after the undo it is\n%s\nand was\n%s", after, before)
				}
			})
		}
	}
}

// What somebody changes after the look and before the change is not overwritten, nor
// between two attempts.
func TestApplyOverwritesNobody(t *testing.T) {
	t.Parallel()
	for name, use := range changing {
		t.Run(name+" after its look", func(t *testing.T) {
			t.Parallel()
			world, host := use.world(t), &sdktest.Host{}
			host.OnBefore = func() { edit(t, world.Params["namespace"].(string), use.somebody) }
			_, err := action(t, shared.Connect(t), name).Apply(t.Context(), lab.Request(t, world.Params), host)
			keepsWhatSomebodySet(t, world, use.somebody, err)
		})
		t.Run(name+" between its attempts", func(t *testing.T) {
			t.Parallel()
			world, host := use.world(t), &sdktest.Host{}
			ctx, cancel := context.WithCancel(t.Context())
			host.OnBefore = cancel
			handler, req := action(t, shared.Connect(t), name), lab.Request(t, world.Params)
			if _, err := handler.Apply(ctx, req, host); err == nil {
				t.Fatal("the first attempt succeeded")
			}
			edit(t, world.Params["namespace"].(string), use.somebody)
			req.Before, req.Attempt = host.StateBefore(), 2
			_, err := handler.Apply(t.Context(), req, &sdktest.Host{})
			keepsWhatSomebodySet(t, world, use.somebody, err)
		})
		t.Run(name+" after its change, whose answer is lost", func(t *testing.T) {
			t.Parallel()
			afterALostAnswer(t, name, use.world, func(namespace string) {
				edit(t, namespace, use.somebody)
				shared.AwaitDeployment(t, namespace, "web")
			}, use.somebody)
		})
		t.Run(name+" after that, with its rollouts paused", func(t *testing.T) {
			t.Parallel()
			afterALostAnswer(t, name, use.world, func(namespace string) {
				edit(t, namespace, func(d *appsv1.Deployment) {
					d.Spec.Paused = true // so that what somebody sets makes no revision
					use.somebody(d)
				})
			}, use.somebody)
		})
	}
}

// afterALostAnswer lets somebody change what a first attempt has set.
func afterALostAnswer(t *testing.T, name string, in func(testing.TB) sdktest.World, then func(namespace string), set func(*appsv1.Deployment)) {
	t.Helper()
	world, host := in(t), &sdktest.Host{}
	req := lab.Request(t, world.Params)
	if _, err := action(t, shared.Losing(t), name).Apply(t.Context(), req, host); err == nil {
		t.Fatal("the first attempt succeeded")
	}
	then(world.Params["namespace"].(string))
	req.Before, req.Attempt = host.StateBefore(), 2
	handler := action(t, shared.Connect(t), name)
	seen, err := handler.Observe(t.Context(), req, host)
	lab.Must(t, err)
	if seen.State != sdk.NotDone {
		t.Errorf("it was seen as %s: %s", seen.State, seen.Detail)
	}
	_, err = handler.Apply(t.Context(), req, &sdktest.Host{})
	keepsWhatSomebodySet(t, world, set, err)
}

func keepsWhatSomebodySet(t *testing.T, world sdktest.World, set func(*appsv1.Deployment), err error) {
	t.Helper()
	if err == nil || sdk.AsError(err).Class != sdk.Conflict || !strings.Contains(err.Error(), "somebody-else") {
		t.Errorf("got %v, want a conflict with somebody-else", err)
	}
	now := world.Probe()
	edit(t, world.Params["namespace"].(string), set)
	if again := world.Probe(); again != now {
		t.Errorf("what somebody set was overwritten: it is\n%s\nand with it again\n%s", now, again)
	}
}

// All attempts of one step are one restart, also where it was paused since.
func TestASecondAttemptRestartsNothingAnew(t *testing.T) {
	t.Parallel()
	world := deployed(nil, nil)(t)
	req, host := lab.Request(t, world.Params), &sdktest.Host{}
	_, err := action(t, shared.Losing(t), "rollout_restart").Apply(t.Context(), req, host)
	if err == nil || sdk.AsError(err).Class != sdk.Transient {
		t.Fatalf("the first attempt ended with %v, want a transient error", err)
	}
	edit(t, world.Params["namespace"].(string), func(d *appsv1.Deployment) { d.Spec.Paused = true })
	once := world.Probe()
	if !strings.Contains(once, cluster.KeyAnnotation) {
		t.Fatalf("the first attempt changed nothing: %s", once)
	}
	_, err = action(t, shared.Connect(t), "rollout_restart").Apply(t.Context(), req, host)
	lab.Must(t, err)
	if twice := world.Probe(); twice != once {
		t.Errorf("it is\n%s\nand was\n%s", twice, once)
	}
}

// A restart is over where another one came after it, also where nobody heard of the first.
func TestARestartIsNotMadeAgainAfterAnother(t *testing.T) {
	t.Parallel()
	another := func(t *testing.T, world sdktest.World) {
		t.Helper()
		req := lab.Request(t, world.Params)
		req.Key = "run-other-0-do"
		_, err := action(t, shared.Connect(t), "rollout_restart").Apply(t.Context(), req, &sdktest.Host{})
		lab.Must(t, err)
	}
	for name, c := range map[string]struct {
		lost    bool // the first attempt's answer
		between func(t *testing.T, world sdktest.World)
	}{
		"of which there is no answer": {true, another},
		"of which there is one":       {false, another},
		"and who made that has no key": {false, func(t *testing.T, world sdktest.World) {
			t.Helper()
			edit(t, world.Params["namespace"].(string), func(d *appsv1.Deployment) { d.Spec.Template.Annotations = nil })
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world, host, first := deployed(nil, nil)(t), &sdktest.Host{}, shared.Connect(t)
			if c.lost {
				first = shared.Losing(t)
			}
			req := lab.Request(t, world.Params)
			if _, err := action(t, first, "rollout_restart").Apply(t.Context(), req, host); (err != nil) != c.lost {
				t.Fatal(err)
			}
			c.between(t, world)
			once := world.Probe()
			req.Notes, req.Attempt = host.Notes(), 2
			handler := action(t, shared.Connect(t), "rollout_restart")
			seen, err := handler.Observe(t.Context(), req, host)
			if err != nil || seen.State != sdk.Done || !strings.Contains(seen.Detail, "was changed again") {
				t.Errorf("it was seen as %+v (%v)", seen, err)
			}
			_, err = handler.Apply(t.Context(), req, host)
			lab.Must(t, err)
			if twice := world.Probe(); twice != once {
				t.Errorf("it is\n%s\nand was\n%s", twice, once)
			}
		})
	}
}
