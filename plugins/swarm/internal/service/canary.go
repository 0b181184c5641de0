package service

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/spec"
	"github.com/gatebook/gatebook/plugins/swarm/internal/tasks"
)

// held is the delay that keeps the tasks behind a canary from being updated: longer than anybody
// waits.
const held = 30 * 24 * time.Hour

const (
	// paceLabel is the label of a service with a canary that says the pace it had before, where that is not the
	// engine's usual one, and of how many tasks the canary is: "2 10s 1" for two tasks at a time, ten seconds
	// after each other, behind a canary of one.
	paceLabel = "gatebook.dev/pace"
	// canaryLabel is its label that says of which run the canary is.
	canaryLabel = "gatebook.dev/canary"
)

// SetCanary gives a service a pace at which so many tasks are updated at once, and no more; run is of which
// run that is; empty: of none yet.
func SetCanary(of *swarm.ServiceSpec, tasks uint64, run string) {
	uncanary(of)
	made := *cmp.Or(of.UpdateConfig, usual())
	if of.Labels == nil {
		of.Labels = map[string]string{}
	}
	if made.Parallelism != usual().Parallelism || made.Delay != usual().Delay || tasks != usual().Parallelism {
		of.Labels[paceLabel] = fmt.Sprintf("%d %s %d", made.Parallelism, made.Delay, tasks)
	}
	if run != "" {
		of.Labels[canaryLabel] = run
	}
	made.Parallelism, made.Delay = tasks, held
	of.UpdateConfig = &made
}

// KeepCanary gives a spec that is, but for of which run its canary is, the one that was there, the run of that: the
// canary is there already, and to set it again would have the engine replace as many tasks more.
func KeepCanary(of *swarm.ServiceSpec, was swarm.ServiceSpec) {
	run, there := was.Labels[canaryLabel]
	if !isCanary(was.UpdateConfig) || !isCanary(of.UpdateConfig) {
		return
	}
	kept := *of
	kept.Labels = maps.Clone(of.Labels)
	delete(kept.Labels, canaryLabel)
	if there {
		kept.Labels[canaryLabel] = run
	}
	if spec.Alike(kept, was) {
		*of = kept
	}
}

// uncanary gives a service with a canary back the pace from before. So it does where somebody has had the
// update go on as [leftByCanary] tells him to, without a delay; what else he has set since is his, and stays.
func uncanary(of *swarm.ServiceSpec) {
	was := of.Labels[paceLabel]
	delete(of.Labels, paceLabel)
	delete(of.Labels, canaryLabel)
	if of.UpdateConfig == nil {
		return
	}
	made, before, canary := *of.UpdateConfig, *usual(), uint64(0)
	var delay string
	read, _ := fmt.Sscan(was, &before.Parallelism, &delay, &canary)
	after, err := time.ParseDuration(delay)
	if read < 2 || err != nil {
		before.Parallelism, after = usual().Parallelism, usual().Delay
	}
	switch {
	case isCanary(&made):
		made.Parallelism, made.Delay = before.Parallelism, after
	case canary > 0 && made.Parallelism == canary:
		made.Parallelism = before.Parallelism
		if made.Delay == 0 {
			made.Delay = after
		}
	}
	of.UpdateConfig = &made
}

// isCanary says of a pace that it is one of [SetCanary].
func isCanary(pace *swarm.UpdateConfig) bool { return pace != nil && pace.Delay == held }

// leftByCanary says of a service at the pace of a canary what that means for others; empty: it has another.
func leftByCanary(of swarm.ServiceSpec) string {
	if !isCanary(of.UpdateConfig) {
		return ""
	}
	return fmt.Sprintf("the service has the pace of %s, by which an update waits %d days behind its first tasks", canaryOf(of), held/(24*time.Hour))
}

// canaryOf is the canary of a service, for a sentence.
func canaryOf(of swarm.ServiceSpec) string {
	if run := of.Labels[canaryLabel]; run != "" {
		return "the canary of the run " + run
	}
	return "a canary"
}

// Stood is how a service was before a step, beside its spec.
type Stood struct {
	Ailed bool `json:"ailed,omitempty"` // not all of its tasks were as it says: its undo need not make that better
	// Behind, where another run has a canary of it, is how many of its tasks were of which spec, by the
	// prints of these: what the canary has replaced only that run can take back.
	Behind map[string]int `json:"behind,omitempty"`
}

// Stood looks how a service is before a step of a run.
func (s Services) Stood(ctx context.Context, run string, live Object) (Stood, error) {
	seen, err := s.Tasks.Look(ctx, live.ID)
	if err != nil {
		return Stood{}, err
	}
	standing := seen.Judge(live.Spec)
	stood := Stood{Ailed: standing.Updated < standing.Wanted || standing.Old > 0}
	if isCanary(live.Spec.UpdateConfig) && live.Spec.Labels[canaryLabel] != run {
		stood.Behind = seen.Makes(s.printing(live.ID))
	}
	return stood, nil
}

// printing prints specs of the tasks of a service.
func (s Services) printing(id string) func(spec.Form) string {
	return func(of spec.Form) string { return s.Prints.Of(id, of) }
}

// wait waits until a service that is behind its canary again has done with its tasks what it does at once: it
// replaces as many as the canary is of. A canary of the step's own run is taken back next, so that it is enough
// that no task is about to end, as one that another could want the port of. Where the canary is of another
// run, it is an error if the tasks are not of the specs of which they were: that takes no step of this run back.
func (s Services) wait(ctx context.Context, live Object, stall time.Duration, stood Stood) error {
	const calm = 2 // times that one look after the other finds nothing on its way
	for still, deadline := 0, time.Now().Add(stall); ; {
		seen, err := s.Tasks.Look(ctx, live.ID)
		standing := seen.Judge(live.Spec)
		still++
		if err != nil || slices.ContainsFunc(standing.Tasks, ending) || stood.Behind != nil && !standing.Still() {
			still = 0
		}
		switch over := time.Now().After(deadline); {
		case err != nil && (over || sdk.AsError(err).Class != sdk.Transient): // a swarm may lack a leader for a while
			return err
		case stood.Behind == nil && (still > 0 || over):
			return nil
		case still == calm || over:
			return s.beyond(seen, live, stood)
		}
		select {
		case <-ctx.Done():
			return sdk.StoppedErrorf(ctx, "tasks of the service %s have not ended yet", live.Name)
		case <-time.After(time.Second):
		}
	}
}

// ending says whether a task is about to end.
func ending(row tasks.Row) bool {
	return row.Desired == swarm.TaskStateShutdown && (row.State == swarm.TaskStateRunning || row.State == swarm.TaskStateStarting)
}

// beyond complains of a service behind the canary of another run whose tasks are not as they were.
func (s Services) beyond(seen tasks.Seen, live Object, stood Stood) error {
	now := seen.Makes(s.printing(live.ID))
	if maps.Equal(now, stood.Behind) {
		return nil
	}
	of := s.Prints.Of(live.ID, tasks.Form(live.Spec.TaskTemplate))
	back := "take that run back, too"
	if run := live.Spec.Labels[canaryLabel]; run != "" {
		back += ": gatebook rollback " + run
	}
	return sdk.Errorf(sdk.Permanent, "the service %s has the spec of %s again, but its tasks are not as they were before the step: %d are of that spec, which were %d. What the others were is known to that run alone: "+
		"%s; or have the update go on: docker service update --update-delay 0s %s", live.Name, canaryOf(live.Spec), now[of], stood.Behind[of], back, live.Name)
}
