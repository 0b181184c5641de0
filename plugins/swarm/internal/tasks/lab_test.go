package tasks_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/engine"
	"github.com/gatebook/gatebook/plugins/swarm/internal/lab"
	"github.com/gatebook/gatebook/plugins/swarm/internal/tasks"
)

var swarmed *lab.Lab

func TestMain(m *testing.M) {
	os.Exit(lab.Run(m, 1, func(l *lab.Lab) { swarmed = l }))
}

// give puts the images on the node, once.
var give = sync.OnceValue(func() error {
	return swarmed.Give(context.Background(), lab.V1, lab.V2, lab.Bad, lab.Sick)
})

// world is a service of a test, and who follows it.
type world struct {
	*testing.T
	tasks  tasks.Tasks
	id     string
	docker *client.Client
}

// served makes a service named as the test, and follows it until it has converged.
func served(t *testing.T, change func(*swarm.ServiceSpec)) world {
	t.Helper()
	lab.Must(t, give())
	name := regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(path.Base(strings.ToLower(t.Name())), "-")
	id := swarmed.Create(t, name, lab.V1, 2, func(spec *swarm.ServiceSpec) {
		// The image's own health check gives up on a machine that is busy with other tests.
		spec.TaskTemplate.ContainerSpec.Healthcheck = &container.HealthConfig{
			Test: []string{"CMD", "/demo", "healthy"}, Interval: time.Second, Timeout: 30 * time.Second, Retries: 2,
		}
		if change != nil {
			change(spec)
		}
	})
	return world{t, tasks.Tasks{Engine: swarmed.Nodes[0].Connect(t)}, id, swarmed.Nodes[0].Docker}
}

// put changes the spec of the service, and reads it back.
func (w world) put(change func(*swarm.ServiceSpec)) swarm.ServiceSpec {
	w.Helper()
	w.update(client.ServiceUpdateOptions{}, change)
	return w.spec()
}

// back has the engine put back the spec that it had before.
func (w world) back() {
	w.Helper()
	w.update(client.ServiceUpdateOptions{Rollback: "previous"}, func(*swarm.ServiceSpec) {})
}

func (w world) update(options client.ServiceUpdateOptions, change func(*swarm.ServiceSpec)) {
	w.Helper()
	for {
		live, err := w.docker.ServiceInspect(w.Context(), w.id, client.ServiceInspectOptions{})
		lab.Must(w, err)
		options.Version, options.Spec = live.Service.Version, live.Service.Spec
		change(&options.Spec)
		if _, err = w.docker.ServiceUpdate(w.Context(), w.id, options); !engine.Stale(err) {
			lab.Must(w, err)
			return
		}
	}
}

// spec reads what the service is to be.
func (w world) spec() swarm.ServiceSpec {
	w.Helper()
	live, err := w.docker.ServiceInspect(w.Context(), w.id, client.ServiceInspectOptions{})
	lab.Must(w, err)
	return live.Service.Spec
}

// converge follows the service, and returns what was told.
func (w world) converge(of tasks.Followed) (tasks.Standing, []string, error) {
	w.Helper()
	var told []string
	ctx, cancel := context.WithTimeout(w.Context(), 3*time.Minute)
	defer cancel()
	standing, err := w.tasks.Converge(ctx, func(p sdk.Progress) { told = append(told, p.Message) }, of)
	for _, line := range told {
		w.Log(line)
	}
	w.Log(err)
	return standing, told, err
}

// running has the service converged.
func (w world) running() {
	w.Helper()
	_, _, err := w.converge(tasks.Followed{ID: w.id, Spec: w.spec(), Monitor: time.Second, Stall: time.Minute})
	lab.Must(w, err)
}

func image(of string) func(*swarm.ServiceSpec) {
	return func(s *swarm.ServiceSpec) { s.TaskTemplate.ContainerSpec.Image = of }
}

// quick has an update of all tasks at once, with what is to be done where it fails.
func quick(failing swarm.FailureAction) func(*swarm.ServiceSpec) {
	return func(s *swarm.ServiceSpec) {
		s.UpdateConfig = &swarm.UpdateConfig{Parallelism: 0, FailureAction: failing, Monitor: 3 * time.Second, Order: swarm.UpdateOrderStopFirst}
	}
}

func with(changes ...func(*swarm.ServiceSpec)) func(*swarm.ServiceSpec) {
	return func(s *swarm.ServiceSpec) {
		for _, change := range changes {
			change(s)
		}
	}
}

// An update ends well where it does, and else as soon as that is known, with the reason.
func TestAnUpdateIsFollowedToItsEnd(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*swarm.ServiceSpec)
		how    tasks.How
		says   []string
	}{
		"another version": {with(image(lab.V2)), "", nil},
		"one that ends, paused": {
			with(image(lab.Bad), quick(swarm.UpdateFailureActionPause)), tasks.Paused,
			[]string{"the engine has paused its update: 2 tasks: task: non-zero exit (1)"},
		},
		"one that ends, rolled back": {
			with(image(lab.Bad), quick(swarm.UpdateFailureActionRollback)), tasks.RolledBack,
			[]string{"its update back", "task: non-zero exit (1)"},
		},
		"one that is sick": {
			with(image(lab.Sick), quick(swarm.UpdateFailureActionPause)), tasks.Paused,
			[]string{"unhealthy container, and its health check says: the database is not there"},
		},
		"an image that is nowhere": {
			with(image("demo:v9"), quick(swarm.UpdateFailureActionPause)), tasks.Paused,
			[]string{"No such image: demo:v9"},
		},
		"no node for it": {with(image(lab.V2), quick(swarm.UpdateFailureActionPause), func(s *swarm.ServiceSpec) {
			s.TaskTemplate.Placement = &swarm.Placement{Constraints: []string{"node.labels.disk==ssd"}}
		}), tasks.Stalled, []string{"2 tasks: no suitable node (scheduling constraints not satisfied on 1 node)"}},
		"a port that is taken": {with(quick(swarm.UpdateFailureActionPause), func(s *swarm.ServiceSpec) {
			s.EndpointSpec = &swarm.EndpointSpec{Ports: []swarm.PortConfig{{TargetPort: 8080, PublishedPort: 9081, Protocol: "tcp", PublishMode: swarm.PortConfigPublishModeHost}}}
		}), tasks.Stalled, []string{"no suitable node (host-mode port already in use on 1 node)"}},
		"more memory than there is": {with(quick(swarm.UpdateFailureActionPause), func(s *swarm.ServiceSpec) {
			s.TaskTemplate.Resources = &swarm.ResourceRequirements{Reservations: &swarm.Resources{MemoryBytes: 1 << 50}}
		}), tasks.Stalled, []string{"2 tasks: no suitable node (insufficient resources on 1 node)"}},
		"none of it": {func(s *swarm.ServiceSpec) { s.Mode.Replicated.Replicas = new(uint64(0)) }, "", nil},
		"more of it": {func(s *swarm.ServiceSpec) { s.Mode.Replicated.Replicas = new(uint64(3)) }, "", nil},
		"other ports alone": {func(s *swarm.ServiceSpec) {
			s.EndpointSpec = &swarm.EndpointSpec{Ports: []swarm.PortConfig{{TargetPort: 8080, PublishedPort: 9080, Protocol: "tcp", PublishMode: swarm.PortConfigPublishModeHost}}}
			s.Mode.Replicated.Replicas = new(uint64(1))
		}, "", nil},
		"other labels alone": {func(s *swarm.ServiceSpec) { s.Labels = map[string]string{"team": "web"} }, "", nil},
		"other places alone": {func(s *swarm.ServiceSpec) {
			s.TaskTemplate.Placement = &swarm.Placement{Constraints: []string{"node.role==manager"}}
		}, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := served(t, nil)
			w.running()
			spec := w.put(test.change)
			standing, told, err := w.converge(tasks.Followed{ID: w.id, Spec: spec, Monitor: 2 * time.Second, Stall: 5 * time.Second})
			if test.how == "" {
				lab.Must(t, err)
				if !standing.Converged() || standing.Wanted != int(*spec.Mode.Replicated.Replicas) || standing.Updated != standing.Wanted {
					t.Errorf("it has converged, and is %+v", standing)
				}
				if len(told) == 0 {
					t.Error("nothing was told")
				}
				return
			}
			ended, is := errors.AsType[*tasks.Unconverged](err)
			if !is || ended.How != test.how || sdk.AsError(err).Class != sdk.Permanent {
				t.Fatalf("got %v, want that it is %s", err, test.how)
			}
			for _, text := range test.says {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("got %v, want it to say %q", err, text)
				}
			}
		})
	}
}

// A service may run on each node, and its tasks may be there to end.
func TestOtherModesConverge(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*swarm.ServiceSpec)
		fails  string
	}{
		"on each node": {func(s *swarm.ServiceSpec) { s.Mode = swarm.ServiceMode{Global: &swarm.GlobalService{}} }, ""},
		"a job": {func(s *swarm.ServiceSpec) {
			job(s, "healthy")
			s.Mode.ReplicatedJob = &swarm.ReplicatedJob{TotalCompletions: new(uint64(2))}
		}, ""},
		"one on each node": {func(s *swarm.ServiceSpec) { job(s, "healthy"); s.Mode.GlobalJob = &swarm.GlobalJob{} }, ""},
		"a job that fails": {func(s *swarm.ServiceSpec) { image(lab.Bad)(s); job(s); s.Mode.ReplicatedJob = &swarm.ReplicatedJob{} }, "non-zero exit (1)"},
		"on a node not yet": {func(s *swarm.ServiceSpec) {
			s.TaskTemplate.Placement = &swarm.Placement{Constraints: []string{"node.role==worker"}}
			s.Mode = swarm.ServiceMode{Global: &swarm.GlobalService{}}
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := served(t, test.change)
			standing, _, err := w.converge(tasks.Followed{ID: w.id, Spec: w.spec(), Monitor: time.Second, Stall: 5 * time.Second})
			switch {
			case test.fails == "" && err != nil:
				t.Error(err)
			case test.fails == "" && !standing.Converged():
				t.Errorf("it is %+v", standing)
			case test.fails != "" && (err == nil || !strings.Contains(err.Error(), test.fails)):
				t.Errorf("got %v, want %q", err, test.fails)
			}
		})
	}
}

func job(s *swarm.ServiceSpec, args ...string) {
	s.Mode = swarm.ServiceMode{}
	s.TaskTemplate.ContainerSpec.Args = args
	s.TaskTemplate.RestartPolicy = &swarm.RestartPolicy{Condition: swarm.RestartPolicyConditionNone}
}

// Who changes the service while it is followed is not taken for part of it.
func TestSomebodyElseChangesTheService(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		meddle func(w world)
		says   string
	}{
		"another image": {func(w world) { w.put(image("demo:v3")) }, "somebody has changed it: image is demo:v3, was demo:v2"},
		"more replicas": {func(w world) { w.put(func(s *swarm.ServiceSpec) { s.Mode.Replicated.Replicas = new(uint64(4)) }) }, "deploy.replicas is 4, was 2"},
		"it is removed": {func(w world) {
			_, err := swarmed.Nodes[0].Docker.ServiceRemove(w.Context(), w.id, client.ServiceRemoveOptions{})
			lab.Must(w, err)
		}, "somebody has removed it"},
		"it is put back": {func(w world) { w.back() }, "somebody has asked the engine to roll it back"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := served(t, nil)
			w.running()
			spec := w.put(with(image(lab.V2), func(s *swarm.ServiceSpec) {
				s.UpdateConfig = &swarm.UpdateConfig{Parallelism: 1, Delay: time.Minute}
			}))
			meddled := sync.OnceFunc(func() { test.meddle(w) })
			var told []string
			_, err := w.tasks.Converge(t.Context(), func(p sdk.Progress) { told = append(told, p.Message); meddled() },
				tasks.Followed{ID: w.id, Spec: spec, Monitor: time.Second, Stall: time.Minute})
			ended, is := errors.AsType[*tasks.Unconverged](err)
			if !is || ended.How != tasks.Changed || sdk.AsError(err).Class != sdk.Conflict || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want a conflict that says %q", err, test.says)
			}
		})
	}
}

// The engine's own way back is none for who follows another spec, and one for who has asked for it.
func TestAWayBackThatWasAskedFor(t *testing.T) {
	t.Parallel()
	w := served(t, nil)
	w.running()
	w.put(with(image(lab.V2), quick(swarm.UpdateFailureActionPause)))
	w.running()
	w.back()
	followed := tasks.Followed{ID: w.id, Spec: w.spec(), Monitor: time.Second, Stall: time.Minute, Back: true}
	_, _, err := w.converge(followed)
	lab.Must(t, err)
	followed.Back = false
	_, _, err = w.converge(followed)
	if ended, is := errors.AsType[*tasks.Unconverged](err); !is || ended.How != tasks.RolledBack {
		t.Errorf("got %v", err)
	}
	seen, err := w.tasks.Look(t.Context(), w.id)
	lab.Must(t, err)
	if images := seen.Judge(w.spec()).Tasks; !slices.ContainsFunc(images, func(r tasks.Row) bool { return r.Image == lab.V2 && !r.Current }) {
		t.Errorf("the tasks before are not told: %v", images)
	}
}

// The engine pauses its way back where a task fails at first, as its port is still taken. Once all are well again,
// that is no reason to call them anything else; and what the error says has the engine done with it.
func TestAWayBackThatTheEngineHasPaused(t *testing.T) {
	t.Parallel()
	one := func(s *swarm.ServiceSpec) {
		s.Mode.Replicated.Replicas = new(uint64(1))
		s.RollbackConfig = &swarm.UpdateConfig{FailureAction: swarm.UpdateFailureActionPause, Monitor: 5 * time.Second}
	}
	w := served(t, with(one, lab.Ports(9300)))
	w.running()
	was := w.spec()
	w.put(func(s *swarm.ServiceSpec) { s.TaskTemplate.ContainerSpec.Env = []string{"PORT=9309"} })
	w.running()
	other := swarmed.Service(t, was.Name+"-other", lab.V1, 1, lab.Ports(9300))
	w.back()
	lab.Eventually(t, "the engine has paused its way back", func(ctx context.Context) error {
		live, err := w.docker.ServiceInspect(ctx, w.id, client.ServiceInspectOptions{})
		if err == nil && (live.Service.UpdateStatus == nil || live.Service.UpdateStatus.State != swarm.UpdateStateRollbackPaused) {
			err = fmt.Errorf("its update is %+v", live.Service.UpdateStatus)
		}
		return err
	})
	followed := tasks.Followed{ID: w.id, Spec: was, Monitor: time.Second, Stall: time.Minute, Back: true}
	_, _, err := w.converge(followed)
	if ended, is := errors.AsType[*tasks.Unconverged](err); !is || ended.How != tasks.Paused || !strings.Contains(err.Error(), "docker service update "+was.Name) {
		t.Errorf("got %v", err)
	}
	_, err = w.docker.ServiceRemove(t.Context(), other, client.ServiceRemoveOptions{})
	lab.Must(t, err)
	followed.Again = true
	_, _, err = w.converge(followed)
	lab.Must(t, err)
	w.put(func(*swarm.ServiceSpec) {}) // as docker service update does
	w.running()
}
