package traffic_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// narrowing stands before the API server as admission that lets a Service select green pods
// of the shop alone: the server keeps whose request it was as the one who set it.
func narrowing(w http.ResponseWriter, r *http.Request, api http.Handler) {
	if r.Method == http.MethodPatch {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body = bytes.ReplaceAll(body, []byte(`"app":"green"`), []byte(`"app":"green","of":"shop"`))
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		r.Header.Del("Content-Length")
	}
	api.ServeHTTP(w, r)
}

// What admission makes of a selector is the step's own: it is waited for, by every attempt,
// and nobody is accused of it.
func TestASelectorThatAdmissionNarrowsIsTheStepsOwn(t *testing.T) {
	t.Parallel()
	world, host := shop(2, nil, nil)(t), &sdktest.Host{}
	handler, req := action(t, shared.Through(t, narrowing)), lab.Request(t, world.Params)
	before := world.Probe()
	for range 2 {
		outputs, err := handler.Apply(t.Context(), req, host)
		lab.Must(t, err)
		if want := `{"selector":{"app":"green","of":"shop"},"before":{"app":"blue"},"changed":true,"endpoints":2}`; string(outputs) != want {
			t.Errorf("got %s, want %s", outputs, want)
		}
		req.Before, req.Notes, req.Attempt = host.StateBefore(), host.Notes(), 2
	}
	seen, err := handler.Observe(t.Context(), req, host)
	if err != nil || seen.State != sdk.Done || !strings.Contains(string(seen.Outputs), `"of":"shop"`) {
		t.Errorf("it was seen as %+v (%v)", seen, err)
	}
	req.Notes = nil // those of the step are not its undo's
	lab.Must(t, handler.Undo(t.Context(), req, &sdktest.Host{}))
	if world.Probe() != before {
		t.Error("it was not taken back")
	}
}
