// Package truthful holds the actions of a plugin to what they asked its server for, and not to
// what they believe they did.
//
// Two things decide what becomes of a step that failed: whether its error says that nothing was
// changed, so that there is nothing to take back, and what its preview was made from, by which a
// sealed plan is refused where that is another since. An author who has to think of both in every
// branch of every action forgets one. So a plugin notes it in the one place that its requests all
// come through, by the context that they are made with, and says how in a [Noting]:
//
//	Actions: truthful.All(actions, truthful.Noting{
//		Attempt: func(func(string)) truthful.Attempt { return &request.Attempt{} },
//	})
//
// It leaves out which actions there are, and what a request is. Floor 2: it imports plugins/sdk.
package truthful

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// Noting is how a plugin notes what its actions ask for.
type Noting struct {
	// Attempt begins to note the requests of one attempt. Whatever it gives to tell reaches the
	// person at the keyboard: that the requests wait for somebody's login, say.
	Attempt func(tell func(message string)) Attempt
	// Reading begins to note what one preview reads; nil: the actions name that themselves.
	Reading func() Reading
}

// Attempt is what is known of the requests of one attempt. It is safe for concurrent use.
type Attempt interface {
	// In returns a context whose requests the attempt knows of.
	In(ctx context.Context) context.Context
	// Changed says whether the server may have changed something: it was asked to, and did
	// not surely refuse. A question and a dry run ask for no change; an answer that was lost
	// is no refusal.
	Changed() bool
}

// Runner is an [Attempt] that may have had a program run, of which only the action that began it
// can say what it changed: what the action says stands then.
type Runner interface {
	Attempt
	// Ran says whether a program may have begun.
	Ran() bool
}

// Reading is what one preview read. It is safe for concurrent use.
type Reading interface {
	// In returns a context whose requests are part of the reading.
	In(ctx context.Context) context.Context
	// Seen is what they read, but for what moves by itself, in any order.
	Seen() []sdk.Seen
}

// All lets the errors of actions say that nothing was changed, where that is so, and
// only there: an attempt that asked the server for no change, or whose changes it all
// refused, leaves nothing to take back, and one that changed something does, whatever it
// believes. What the server was asked for tells it of any action, however far that came.
//
// It also lets previews say what they were made from.
func All(declared []sdk.Declaration, by Noting) []sdk.Declaration {
	all := make([]sdk.Declaration, 0, len(declared))
	for _, one := range declared {
		all = append(all, noted{one, by})
	}
	return all
}

// noted is a declaration whose action is noted.
type noted struct {
	sdk.Declaration
	by Noting
}

// Handler makes of the declaration what an engine calls.
func (n noted) Handler() (sdk.Handler, error) {
	handler, err := n.Declaration.Handler()
	return attempted{handler, n.by}, err
}

type attempted struct {
	sdk.Handler
	by Noting
}

// Plan says what the action says, and what it read for that.
func (a attempted) Plan(ctx context.Context, asked sdk.Request) (sdk.Preview, error) {
	if a.by.Reading == nil {
		return a.Handler.Plan(ctx, asked)
	}
	reading := a.by.Reading()
	preview, err := a.Handler.Plan(reading.In(ctx), asked)
	preview.Observed = append(preview.Observed, named(reading.Seen())...)
	return preview, err
}

// Apply does what the action does. Where an earlier attempt came as far as a change, that
// this one did not is no news.
func (a attempted) Apply(ctx context.Context, asked sdk.Request, host sdk.Host) (json.RawMessage, error) {
	attempt := a.attempt(host)
	outputs, err := a.Handler.Apply(attempt.In(ctx), asked, host)
	if err == nil || errors.Is(err, sdk.ErrUnsupported) {
		return outputs, err
	}
	switch said := sdk.AsError(err); {
	case attempt.Changed() && said.Unchanged:
		changed := *said
		changed.Unchanged = false
		return outputs, &changed
	case !attempt.Changed() && !ran(attempt) && len(asked.Before) == 0:
		return outputs, said.NothingChanged()
	}
	return outputs, err
}

// Observe looks as the action does.
func (a attempted) Observe(ctx context.Context, asked sdk.Request, host sdk.Host) (sdk.Observation, error) {
	return a.Handler.Observe(a.attempt(host).In(ctx), asked, host)
}

// Undo takes back what the action takes back.
func (a attempted) Undo(ctx context.Context, asked sdk.Request, host sdk.Host) error {
	return a.Handler.Undo(a.attempt(host).In(ctx), asked, host)
}

// attempt begins an attempt on which a host looks.
func (a attempted) attempt(host sdk.Host) Attempt {
	return a.by.Attempt(func(message string) {
		if host != nil {
			host.Progress(sdk.Progress{Message: message})
		}
	})
}

// ran says whether an attempt may have had a program run.
func ran(attempt Attempt) bool {
	runner, is := attempt.(Runner)
	return is && runner.Ran()
}
