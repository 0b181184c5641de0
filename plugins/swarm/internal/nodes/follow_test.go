package nodes

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/state"
)

// task is one of web.1, as old as it says.
func task(node string, desired, is swarm.TaskState, age time.Duration, why string) swarm.Task {
	t := swarm.Task{ID: node + string(is), ServiceID: "web", Slot: 1, NodeID: node, DesiredState: desired}
	t.Status.State, t.Status.Err = is, why
	t.CreatedAt = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).Add(-age)
	return t
}

// What takes the place of a task is told by all that have had its place.
func TestADrainIsJudged(t *testing.T) {
	t.Parallel()
	const run, end = swarm.TaskStateRunning, swarm.TaskStateShutdown
	there := task("n1", end, end, time.Hour, "")
	for name, test := range map[string]struct {
		tasks   []swarm.Task
		removed bool // the service
		down    bool // the node
		force   bool
		settled bool
		says    string
		wrong   string
	}{
		"it runs elsewhere":        {tasks: []swarm.Task{there, task("n2", run, run, 0, "")}, settled: true, says: "1 of 1 task elsewhere, 0 left on n1"},
		"it has not ended yet":     {tasks: []swarm.Task{task("n1", end, run, time.Hour, ""), task("n2", run, run, 0, "")}, says: "1 of 1 task elsewhere, 1 left on n1: web.1"},
		"it is to end":             {tasks: []swarm.Task{task("n1", run, run, 0, "")}, says: "0 of 1 task elsewhere, 1 left on n1; web.1 is still there"},
		"another one starts":       {tasks: []swarm.Task{there, task("n2", run, "preparing", 0, "")}, says: "0 of 1 task elsewhere, 0 left on n1; web.1 is preparing on n2"},
		"another one is to start":  {tasks: []swarm.Task{there, task("n2", "ready", "ready", 0, "")}, says: "0 of 1 task elsewhere, 0 left on n1; web.1 is ready on n2"},
		"another one fails":        {tasks: []swarm.Task{there, task("n2", end, "rejected", time.Minute, "No such image: web:2"), task("n2", run, "preparing", 0, "")}, says: "0 of 1 task elsewhere, 0 left on n1; web.1 is preparing on n2", wrong: "web.1: No such image: web:2"},
		"it has no place":          {tasks: []swarm.Task{there, task("", run, "pending", 0, "no suitable node")}, says: "0 of 1 task elsewhere, 0 left on n1; web.1 is pending", wrong: "web.1: no suitable node"},
		"it has none, and may":     {tasks: []swarm.Task{there, task("", run, "pending", 0, "no suitable node")}, force: true, settled: true, says: "0 of 1 task elsewhere, 0 left on n1; without a place: web.1"},
		"what it failed of before": {tasks: []swarm.Task{task("n1", end, "failed", time.Hour, "exit code 1"), task("n2", run, "starting", 0, "")}, says: "0 of 1 task elsewhere, 0 left on n1; web.1 is starting on n2"},
		"the service is removed":   {removed: true, settled: true, says: "1 of 1 task elsewhere, 0 left on n1"},
		"it is to have fewer":      {tasks: []swarm.Task{there}, settled: true, says: "1 of 1 task elsewhere, 0 left on n1"},
		"the node cannot tell":     {tasks: []swarm.Task{task("n1", end, run, time.Hour, ""), task("n2", run, run, 0, "")}, down: true, settled: true, says: "1 of 1 task elsewhere, 1 left on n1: web.1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			node := swarm.Node{ID: "n1"}
			node.Status.State = swarm.NodeStateReady
			if test.down {
				node.Status.State = swarm.NodeStateDown
			}
			web := swarm.Service{ID: "web"}
			web.Spec.Name = "web"
			services := []swarm.Service{web}
			if test.removed {
				services = nil
			}
			went := going{Slots: []slot{{Service: "web", Number: 1, Title: "web.1"}}}
			at := judge(state.New([]swarm.Node{node}, services, test.tasks), node, went, test.force)
			if at.settled() != test.settled || at.Message != test.says || at.wrong != test.wrong {
				t.Errorf("settled: %t, %q, wrong: %q; want %t, %q, %q", at.settled(), at.Message, at.wrong, test.settled, test.says, test.wrong)
			}
		})
	}
}

// What is awaited may take as long as it likes, as long as nothing is wrong with it.
func TestAwait(t *testing.T) {
	t.Parallel()
	says := func(message, wrong string) sight {
		return sight{Progress: sdk.Progress{Message: message}, wrong: wrong}
	}
	lost := sdk.Errorf(sdk.Transient, "The swarm does not have a leader")
	for name, test := range map[string]struct {
		look func(seconds int) (sight, error)
		took time.Duration
		told []string
		err  string
	}{
		"it comes": {func(s int) (sight, error) {
			seen := says("coming", "")
			if seen.done = s >= 3600; seen.done {
				seen.Message = "here"
			}
			return seen, nil
		}, time.Hour, []string{"coming", "here"}, ""},
		"it stalls": {func(int) (sight, error) { return says("coming", "no image"), nil }, 10 * time.Second, []string{"coming"}, "waited until it is here, and nothing has gone on for 10s: coming; no image"},
		"it goes on and fails": {func(s int) (sight, error) {
			seen := says(strings.Repeat("x", min(s/5, 4)), "no image")
			seen.ahead = len(seen.Message)
			return seen, nil
		}, 30 * time.Second, []string{"x", "xx", "xxx", "xxxx"}, "nothing has gone on for 10s: xxxx; no image"},
		"it comes and goes": {func(s int) (sight, error) {
			return sight{Progress: sdk.Progress{Message: []string{"up", "down"}[s/4%2]}, ahead: 1 - s/4%2, wrong: "exit code 1"}, nil
		}, 10 * time.Second, []string{"up", "down", "up"}, "nothing has gone on for 10s: up; exit code 1"},
		"nobody leads for a while": {func(s int) (sight, error) {
			if s < 60 {
				return sight{}, lost
			}
			return sight{done: true}, nil
		}, time.Minute, []string{lost.Error(), ""}, ""},
		"somebody else was there": {func(int) (sight, error) { return sight{}, sdk.Errorf(sdk.Conflict, "changed") }, 0, nil, "changed"},
		"the step is ended":       {func(int) (sight, error) { return says("coming", ""), nil }, 2 * time.Hour, []string{"coming"}, "waited until it is here: coming"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Hour)
				defer cancel()
				began := time.Now()
				var told []string
				err := await(ctx, "it is here", 10*time.Second, func(p sdk.Progress) { told = append(told, p.Message) }, func(context.Context) (sight, error) {
					return test.look(int(time.Since(began).Seconds()))
				})
				if took := time.Since(began); took != test.took || !slices.Equal(told, test.told) {
					t.Errorf("it took %s, and said %q; want %s, %q", took, told, test.took, test.told)
				}
				if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
					t.Errorf("got %v, want %q", err, test.err)
				}
			})
		})
	}
}
