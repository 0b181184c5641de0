// Package truthful holds actions to what they did: to what requests they made, and not to
// what they believe. It leaves out which actions there are.
package truthful

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/request"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// All lets the errors of actions say that nothing was changed, where that is so, and
// only there: an attempt that asked the server for no change, or whose changes it all
// refused, leaves nothing to take back, and one that changed something does, whatever it
// believes. What the connection was asked for tells it of any action, however far that came.
//
// It also tells whoever looks on what requests wait for, and lets previews say which objects
// they were made from.
func All(declared []sdk.Declaration) []sdk.Declaration {
	all := make([]sdk.Declaration, 0, len(declared))
	for _, one := range declared {
		all = append(all, truthful{one})
	}
	return all
}

type truthful struct{ sdk.Declaration }

// Handler makes of the declaration what an engine calls.
func (d truthful) Handler() (sdk.Handler, error) {
	handler, err := d.Declaration.Handler()
	return attempted{handler}, err
}

type attempted struct{ sdk.Handler }

// mostSeen is how many objects of one kind a preview names. Of more it has one hash.
const mostSeen = 500

// Plan says what the action says, and what it read for that.
func (a attempted) Plan(ctx context.Context, asked sdk.Request) (sdk.Preview, error) {
	var reading request.Reading
	preview, err := a.Handler.Plan(reading.In(ctx), asked)
	preview.Observed = append(preview.Observed, observed(reading.Objects())...)
	return preview, err
}

// observed is what was read, as a preview names it.
func observed(objects []request.Object) []sdk.Seen {
	var seen []sdk.Seen
	for len(objects) > 0 {
		others := slices.IndexFunc(objects, func(o request.Object) bool { return o.Kind != objects[0].Kind })
		if others < 0 {
			others = len(objects)
		}
		alike := objects[:others]
		objects = objects[others:]
		if len(alike) > mostSeen {
			seen = append(seen, sdk.Seen{Kind: alike[0].Kind, Name: "(all of them)", Version: fmt.Sprintf("%d, sha256:%x", len(alike), sha256.Sum256(fmt.Append(nil, alike)))})
			continue
		}
		for _, o := range alike {
			seen = append(seen, sdk.Seen{Kind: o.Kind, Name: path.Join(o.Namespace, o.Name), Version: o.Version, ID: o.UID})
		}
	}
	return seen
}

// Apply does what the action does. Where an earlier attempt came as far as a change, that
// this one did not is no news.
func (a attempted) Apply(ctx context.Context, asked sdk.Request, host sdk.Host) (json.RawMessage, error) {
	attempt := attemptFor(host)
	outputs, err := a.Handler.Apply(attempt.In(ctx), asked, host)
	if err == nil || errors.Is(err, sdk.ErrUnsupported) {
		return outputs, err
	}
	switch said := sdk.AsError(err); {
	case attempt.Changed() && said.Unchanged:
		changed := *said
		changed.Unchanged = false
		return outputs, &changed
	case !attempt.Changed() && !attempt.Ran() && len(asked.Before) == 0:
		return outputs, said.NothingChanged()
	}
	return outputs, err
}

// Observe looks as the action does.
func (a attempted) Observe(ctx context.Context, asked sdk.Request, host sdk.Host) (sdk.Observation, error) {
	return a.Handler.Observe(attemptFor(host).In(ctx), asked, host)
}

// Undo takes back what the action takes back.
func (a attempted) Undo(ctx context.Context, asked sdk.Request, host sdk.Host) error {
	return a.Handler.Undo(attemptFor(host).In(ctx), asked, host)
}

// attemptFor is an attempt on which a host looks.
func attemptFor(host sdk.Host) *request.Attempt {
	if host == nil {
		return &request.Attempt{}
	}
	return &request.Attempt{Tell: func(message string) { host.Progress(sdk.Progress{Message: message}) }}
}
