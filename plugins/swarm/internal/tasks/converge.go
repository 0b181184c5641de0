package tasks

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/engine"
)

// Unconverged is the error of a service that does not converge. It has a class: a conflict where
// somebody else has changed the service, and else permanent.
type Unconverged struct {
	How      How
	Standing Standing // as it was last
	Ails     []Row    // the tasks that are the reason
	Reasons  []string // what is wrong with them
	typed    *sdk.Error
}

// Error says what became of the service, and why.
func (u *Unconverged) Error() string { return u.typed.Error() }

// Unwrap is the error with its class.
func (u *Unconverged) Unwrap() error { return u.typed }

const (
	// lookAgain is how long it takes at most to the next look, and settled how long to the next after
	// an event: they come in bursts.
	lookAgain = time.Second
	settled   = 100 * time.Millisecond
)

// Converge follows a service until it has converged and stayed well, and tells what is new task by
// task. Its error is an [*Unconverged] as soon as it is known that this does not come to pass. What is
// transient, as a swarm that has no leader, is told and outlasted: the context alone bounds it.
func (t Tasks) Converge(ctx context.Context, tell func(sdk.Progress), of Followed) (Standing, error) {
	watching, cancel := context.WithCancel(ctx)
	defer cancel()
	wakes := t.wakes(watching, of.ID)
	f := &following{Followed: of, name: of.Spec.Name}
	var standing Standing
	var lost string
	for {
		seen, err := t.look(ctx, of.ID, f.name)
		switch {
		case ctx.Err() != nil:
			return standing, sdk.StoppedErrorf(ctx, "the service %s has not converged: %s", f.name, strings.TrimPrefix(f.last+lost, "; "))
		case engine.IsGone(err):
			return standing, f.end(verdict{Standing: standing, how: Changed, why: "somebody has removed it"})
		case err != nil && sdk.AsError(err).Class != sdk.Transient:
			return standing, err
		case err != nil:
			f.away(time.Now())
			if now := "; " + err.Error(); now != lost {
				lost = now
				tell(sdk.Progress{Message: "waiting for the swarm to answer: " + err.Error()})
			}
		default:
			lost = ""
			v := f.see(time.Now(), seen)
			standing = v.Standing
			if progress := f.tell(v); progress.Message != "" {
				tell(progress)
			}
			if v.how != "" {
				v.ails = f.excused(t.withHealth(ctx, v.ails))
				return standing, f.end(v)
			}
			if v.done {
				return standing, nil
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(lookAgain):
		case <-wakes:
			select {
			case <-ctx.Done():
			case <-time.After(settled):
			}
		}
	}
}

// Now says how a service is that is to converge, at this moment, without waiting. Its error is an
// [*Unconverged] where it is known already that it does not.
func (s Seen) Now(of Followed) (Standing, error) {
	of.Stall = math.MaxInt64 // a moment is no time
	f := &following{Followed: of}
	v := f.see(time.Now(), s)
	if v.how != "" {
		return v.Standing, f.end(v)
	}
	return v.Standing, nil
}

// end is the error of a service that does not converge.
func (f *following) end(v verdict) error {
	class := sdk.Permanent
	if v.how == Changed {
		class = sdk.Conflict
	}
	u := &Unconverged{How: v.how, Standing: v.Standing, Ails: v.ails, Reasons: Reasons(v.ails)}
	what := fmt.Sprintf("the service %s has not converged: %s", f.name, v.why)
	switch {
	case len(u.Reasons) > 0:
		what += ": " + strings.Join(u.Reasons, "; ")
	case (v.how == Paused || v.how == RolledBack) && v.Message != "":
		what += ": " + v.Message
	}
	if look := whereToLook(v.ails); look != "" {
		what += "; " + look
	}
	if v.next != "" {
		what += "; " + v.next
	}
	u.typed = sdk.Errorf(class, "%s", what)
	return u
}
