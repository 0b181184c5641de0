package service

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/change"
	"github.com/gatebook/gatebook/plugins/swarm/internal/printed"
	"github.com/gatebook/gatebook/plugins/swarm/internal/tasks"
)

// Converged is what an action returns of a service that it has changed, and that has converged.
type Converged struct {
	ID      string `json:"id" required:"true" doc:"ID of the service."`
	Version uint64 `json:"version" required:"true" doc:"Version index of the service now that it has converged: what a later step may say that it must still have."`
	Image   string `json:"image" required:"true" doc:"Image that its tasks run."`
	Wanted  int    `json:"wanted" required:"true" unit:"tasks" doc:"How many tasks are to run."`
	Running int    `json:"running" required:"true" unit:"tasks" doc:"How many run."`
	Updated int    `json:"updated" required:"true" unit:"tasks" doc:"How many of them are as the service now says."`
	Failed  int    `json:"failed" required:"true" unit:"tasks" doc:"How many tasks of what the service now says are known to have failed."`
	Changed bool   `json:"changed" required:"true" doc:"Whether there was anything to change."`
}

// Followed is what is followed of a change: of a canary, until so many tasks are well. Where nothing was
// to be changed, it is no news that the engine has taken an earlier update back.
func Followed(c change.Change[swarm.ServiceSpec], stall time.Duration) tasks.Followed {
	of := tasks.Followed{ID: c.Live.ID, Spec: c.Live.Spec, Monitor: Monitor(c.Live.Spec), Stall: stall, Back: c.Live.Back != "" && !c.Changed()}
	if isCanary(c.Live.Spec.UpdateConfig) {
		of.Canary = c.Live.Spec.UpdateConfig.Parallelism
	}
	return of
}

// Converge follows a service that was changed, and returns what became of it.
func (s Services) Converge(ctx context.Context, host sdk.Host, of tasks.Followed, changed bool) (Converged, error) {
	standing, err := s.Tasks.Converge(ctx, host.Progress, of)
	if err != nil {
		s.lastWords(ctx, host, of.Spec, err)
		return Converged{}, unmended(err, of)
	}
	single, cancel := s.Single(ctx)
	defer cancel()
	now, err := s.Get(single, of.ID)
	if err != nil {
		return Converged{}, s.Fault(single, err, "read the service %s", of.Spec.Name)
	}
	return Converged{
		ID: now.ID, Version: now.Index, Image: Image(now.Spec), Changed: changed,
		Wanted: standing.Wanted, Running: standing.Running, Updated: standing.Updated, Failed: standing.Failed,
	}, nil
}

// unmended is the error of a service that has not converged. Of a canary it says what is left until that is
// taken back: a run may go on without.
func unmended(err error, of tasks.Followed) error {
	left := leftByCanary(of.Spec)
	if of.Canary == 0 || left == "" {
		return err
	}
	return sdk.Errorf(sdk.AsError(err).Class, "%w; until it is taken back, %s, unless it sets --update-delay", err, left)
}

const (
	// lastLines is how many lines are shown of a task that has failed, and mostShown of how many tasks.
	lastLines, mostShown = 20, 3
	// lastWait is how long it may take to read them.
	lastWait = 10 * time.Second
)

// lastWords shows what tasks have printed last because of which a service has not converged: once they
// are replaced, it may be lost. What cannot be read is not what is wrong.
func (s Services) lastWords(ctx context.Context, host sdk.Host, of swarm.ServiceSpec, err error) {
	unconverged, is := errors.AsType[*tasks.Unconverged](err)
	if !is {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, lastWait)
	defer cancel()
	tail := int64(lastLines)
	terminal := of.TaskTemplate.ContainerSpec != nil && of.TaskTemplate.ContainerSpec.TTY
	for _, row := range unconverged.Ails[:min(len(unconverged.Ails), mostShown)] {
		if row.Container == "" {
			continue
		}
		_ = printed.Task{Engine: s.Engine, ID: row.ID, Terminal: terminal, Tail: &tail}.Each(ctx, func(text []byte) { host.Output(row.Name, text) })
	}
}

// Hold follows a service that was set, until all its tasks have stayed well for as long as monitor
// says. Of an update that is old, it is no news that the engine has taken it back.
func (s Services) Hold(ctx context.Context, host sdk.Host, live Object, monitor, stall time.Duration, old bool) error {
	of := tasks.Followed{ID: live.ID, Spec: live.Spec, Monitor: monitor, Stall: stall, Back: old && live.Back != ""}
	_, err := s.Converge(ctx, host, of, true)
	return err
}

// Settling says how far a service has converged at this moment. Whether it has stayed well is not
// known of a moment, and to follow it once more does no harm.
func (s Services) Settling(ctx context.Context, of tasks.Followed) (detail string, err error) {
	seen, err := s.Tasks.Look(ctx, of.ID)
	if err != nil {
		return "", err
	}
	standing := seen.Judge(of.Spec)
	return fmt.Sprintf("The service %s is changed, and %d of %d tasks are as it says.", of.Spec.Name, standing.Updated, standing.Wanted), nil
}

// Amiss says why a service is known, at this moment, not to converge on a spec that was set: as the engine has
// taken it back. Where nobody has kept that spec, it is empty.
func (s Services) Amiss(ctx context.Context, id string, as swarm.ServiceSpec) error {
	seen, err := s.Tasks.Look(ctx, id)
	if err != nil {
		return err
	}
	if as.Name == "" {
		as = seen.Service.Spec
	}
	_, err = seen.Now(tasks.Followed{ID: id, Spec: as})
	return err
}

// Room is for how many of its tasks a service finds nodes once it has a spec.
func (s Services) Room(ctx context.Context, id string, of swarm.ServiceSpec) (uint64, error) {
	return tasks.Room(ctx, s.Engine, swarm.Service{ID: id, Spec: of}, Replicas(of))
}

// Refused says of a service whose nodes have refused tasks of it that do not run yet, as they cannot get its
// image, what they say; empty: there is none such, or to set its spec again would do more than have these tried
// again: a job begins anew, and a canary goes on.
func (s Services) Refused(ctx context.Context, live Object) (string, error) {
	seen, err := s.Tasks.Look(ctx, live.ID)
	if err != nil {
		return "", err
	}
	is := seen.Judge(live.Spec)
	if is.Updated >= is.Wanted || is.Job || isCanary(live.Spec.UpdateConfig) {
		return "", nil
	}
	return strings.Join(tasks.Reasons(is.Refused()), "; "), nil
}

// Return follows a service whose change was taken back, to as it stood before. Where that leads to a canary,
// some tasks were of another spec before, too: what has made the canary takes it back.
// One that ailed before the step may ail again: who mends a service that is down, and fails, has
// left it as it was.
func (s Services) Return(ctx context.Context, host sdk.Host, live Object, stall time.Duration, stood Stood) error {
	if isCanary(live.Spec.UpdateConfig) {
		host.Progress(sdk.Progress{Message: "the service waits behind its canary again: tasks that were replaced since stay as they are until that goes on or is taken back"})
		return s.wait(ctx, live, stall, stood)
	}
	_, err := s.Tasks.Converge(ctx, host.Progress, tasks.Followed{
		ID: live.ID, Spec: live.Spec, Monitor: Monitor(live.Spec), Stall: stall, Back: live.Back != "", Again: true,
	})
	if unconverged, is := errors.AsType[*tasks.Unconverged](err); is && stood.Ailed && unconverged.How != tasks.Changed {
		host.Progress(sdk.Progress{Message: "it was not well before the step, and is not now: " + unconverged.Error()})
		return nil
	}
	return err
}
