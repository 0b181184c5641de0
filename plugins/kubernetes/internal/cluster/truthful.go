package cluster

import (
	"path"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/request"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/truthful"
)

// Truthful holds actions to what they asked the API server for, by any client, and lets their
// previews name what they were made from.
func Truthful(declared []sdk.Declaration) []sdk.Declaration {
	return truthful.All(declared, truthful.Noting{
		Attempt: func(tell func(string)) truthful.Attempt { return &request.Attempt{Tell: tell} },
		Reading: func() truthful.Reading { return &reading{} },
	})
}

var _ truthful.Runner = (*request.Attempt)(nil)

// reading is what a preview read of the API server.
type reading struct{ request.Reading }

// Seen names the objects.
func (r *reading) Seen() []sdk.Seen {
	var seen []sdk.Seen
	for _, o := range r.Objects() {
		seen = append(seen, sdk.Seen{Kind: o.Kind, Name: path.Join(o.Namespace, o.Name), Version: o.Version, ID: o.UID})
	}
	return seen
}
