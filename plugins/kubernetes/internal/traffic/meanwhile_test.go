package traffic_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// switching connects so that somebody else switches the Service to other pods once the
// EndpointSlices are waited for.
func switching(t *testing.T, namespace, app string) *cluster.Cluster {
	var once sync.Once
	return shared.Through(t, func(w http.ResponseWriter, r *http.Request, api http.Handler) {
		if strings.HasSuffix(r.URL.Path, "/endpointslices") && !r.URL.Query().Has("watch") {
			once.Do(func() { choose(t, namespace, app) })
		}
		api.ServeHTTP(w, r)
	})
}

// A step that says that it has switched is what lets the next one take the old pods away.
func TestSwitchIsNotSaidToBeDoneWhereSomebodySwitchedBack(t *testing.T) {
	t.Parallel()
	t.Run("while it waits", func(t *testing.T) {
		t.Parallel()
		world := shop(2, nil, nil)(t)
		c := switching(t, world.Params["namespace"].(string), "blue")
		_, err := action(t, c).Apply(t.Context(), lab.Request(t, world.Params), &sdktest.Host{})
		lab.Fails(t, err, sdk.Conflict, "somebody-else changed the Service")
		if sdk.AsError(err).Unchanged {
			t.Errorf("it says that it has changed nothing: %v", err)
		}
	})
	t.Run("while its undo waits", func(t *testing.T) {
		t.Parallel()
		world, host := shop(2, nil, nil)(t), &sdktest.Host{}
		req := lab.Request(t, world.Params)
		_, err := action(t, shared.Connect(t)).Apply(t.Context(), req, host)
		lab.Must(t, err)
		req.Before = host.StateBefore()
		c := switching(t, world.Params["namespace"].(string), "green")
		lab.Fails(t, action(t, c).Undo(t.Context(), req, host), sdk.Conflict, "somebody-else changed the Service")
	})
}

// Where nothing was changed, there may be no Service to wait for.
func TestUndoOfASwitchThatChangedNothingAsksForNothing(t *testing.T) {
	t.Parallel()
	request := lab.Request(t, map[string]any{"name": "none", "namespace": shared.Namespace(t), "selector": map[string]any{"app": "green"}})
	lab.Must(t, action(t, shared.Connect(t)).Undo(t.Context(), request, &sdktest.Host{}))
}
