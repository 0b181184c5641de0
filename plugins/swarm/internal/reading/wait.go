package reading

import (
	"context"
	"errors"
	"strings"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/tasks"
	"github.com/gatebook/gatebook/schema"
)

// WaitInput is what service_wait is given.
type WaitInput struct {
	Target
	For        schema.Duration `json:"for" default:"5s" min:"0s" doc:"How long all must have been well, with no task that failed or was replaced."`
	Within     schema.Duration `json:"within" default:"10m" min:"0s" doc:"How long it may take. With 0s it must be so now."`
	Stall      schema.Duration `json:"stall" default:"2m" min:"0s" doc:"How long nothing may come forward while something is known to be wrong, as an image that is nowhere."`
	RolledBack bool            `json:"rolledBack" doc:"Whether it is well too where the engine has taken its last update back, as by docker service rollback."`
}

// errWithin is the end of the time that a service may take.
var errWithin = errors.New("the time for it has passed")

func (r reading) wait() sdk.Action[WaitInput, Status] {
	return sdk.Action[WaitInput, Status]{
		Name:    "service_wait",
		Summary: "Wait until a service has converged, and has stayed well",
		Description: `Follows a service until as many tasks run as are to, all of them as the service now says, none of the old is left, the engine's
update is over, and this has been so for ` + "`for`" + ` without a task that failed. A job has converged when as many tasks have ended well as are to.
The progress tells each task that gets on.

It ends as a *permanent* error as soon as it is known that this does not come to pass, with the reasons in the words of the tasks
(*2 tasks: No such image: shop/web:9*): where the engine has paused its update, or takes it back or has done so, and where nothing has come
forward for ` + "`stall`" + ` while something is known to be wrong. Where nothing is known to be, ` + "`within`" + ` ends it, as a *transient* error.
A swarm that has no leader for a while, or a manager that does not answer, is waited for.

It waits for what the service says when it begins. Who changes the service while it waits, or removes it, ends it as a *conflict* that
names what was changed.`,
		Effect:     sdk.Read,
		Idempotent: true,
		InPlan:     true,
		Examples: []schema.Example{
			{Title: "Until it is well for a minute", With: map[string]any{"service": "shop_web", "for": "1m", "within": "15m"}},
		},
		Plan: func(_ context.Context, call *sdk.Call[WaitInput]) (sdk.Preview, error) {
			return would(call, call.Input.Target, "wait for")
		},
		Apply: r.applyWait,
	}
}

func (r reading) applyWait(ctx context.Context, call *sdk.Call[WaitInput]) (Status, error) {
	in := call.Input
	seen, err := r.look(ctx, in.Target)
	if err != nil {
		return Status{}, err
	}
	of := tasks.Followed{ID: seen.Service.ID, Spec: seen.Service.Spec, Monitor: in.For.Std(), Stall: in.Stall.Std(), Back: in.RolledBack}
	if call.InPlan || in.Within == 0 {
		if err := now(seen, of); err != nil {
			return Status{}, err
		}
		return r.status(ctx, seen)
	}
	waiting, cancel := context.WithTimeoutCause(ctx, in.Within.Std(), errWithin)
	defer cancel()
	if _, err := r.Converge(waiting, call.Host.Progress, of); err != nil {
		if ctx.Err() == nil && errors.Is(context.Cause(waiting), errWithin) && errors.Is(err, errWithin) {
			return Status{}, sdk.Errorf(sdk.Transient, "it is not so within %s: %s", in.Within, sdk.AsError(err).Message)
		}
		return Status{}, err
	}
	if seen, err = r.look(ctx, in.Target); err != nil {
		return Status{}, err
	}
	return r.status(ctx, seen)
}

// now says why a service has not converged at this moment; nil: it has.
func now(seen tasks.Seen, of tasks.Followed) error {
	standing, err := seen.Now(of)
	if err != nil || standing.Converged() {
		return err
	}
	said := []string{standing.Count()}
	said = append(said, tasks.Reasons(standing.Ails())...)
	return sdk.Errorf(sdk.Transient, "the service %s has not converged: %s", standing.Service, strings.Join(said, "; "))
}
