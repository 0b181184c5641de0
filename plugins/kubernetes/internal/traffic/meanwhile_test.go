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

// waiting connects so that something happens once the EndpointSlices are waited for.
func waiting(t *testing.T, then func()) *cluster.Cluster {
	var once sync.Once
	return shared.Through(t, func(w http.ResponseWriter, r *http.Request, api http.Handler) {
		if strings.HasSuffix(r.URL.Path, "/endpointslices") && !r.URL.Query().Has("watch") {
			once.Do(then)
		}
		api.ServeHTTP(w, r)
	})
}

// switching connects so that somebody else switches the Service to other pods by then.
func switching(t *testing.T, namespace, app string) *cluster.Cluster {
	return waiting(t, func() { choose(t, namespace, app) })
}

// A Service that selects no more is one that somebody changed after it was switched.
func TestASelectorThatIsGoneByThenIsAConflict(t *testing.T) {
	t.Parallel()
	for name, patch := range map[string]string{
		"taken away":      `{"spec":{"selector":null}}`,
		"of another type": `{"spec":{"type":"ExternalName","externalName":"example.com"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world := shop(2, nil, nil)(t)
			c := waiting(t, func() { change(t, world.Params["namespace"].(string), patch) })
			_, err := action(t, c).Apply(t.Context(), lab.Request(t, world.Params), &sdktest.Host{})
			lab.Fails(t, err, sdk.Conflict, "changed the Service", "meanwhile: the Service web")
			if sdk.AsError(err).Unchanged {
				t.Errorf("it says that it has changed nothing: %v", err)
			}
		})
	}
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
