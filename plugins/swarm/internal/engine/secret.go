package engine

import (
	"context"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"
)

// mostTries is how often a change is tried that others come between.
const mostTries = 5

// Holds has the engine say whether a secret holds something. Nobody can read it: it is set to what it
// should hold, which the engine refuses where that is something else, and where it is not, nothing
// changes but its version. Its error is the engine's own.
func (e *Engine) Holds(ctx context.Context, id string, data []byte) (bool, error) {
	var err error
	for range mostTries {
		var found client.SecretInspectResult
		if found, err = e.Docker.SecretInspect(ctx, id, client.SecretInspectOptions{}); err != nil {
			return false, err
		}
		is := found.Secret.Spec
		is.Data = data
		_, err = e.Docker.SecretUpdate(ctx, id, client.SecretUpdateOptions{Version: found.Secret.Version, Spec: is})
		switch {
		case err == nil:
			return true, nil
		case errdefs.IsInvalidArgument(err) && strings.Contains(err.Error(), "only updates to Labels are allowed"):
			return false, nil
		case !Stale(err):
			return false, err
		}
	}
	return false, err
}
