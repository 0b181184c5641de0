package workloads_test

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

// pinning stands before the API server as admission that pins the tag of an image to its
// digest: the server keeps whose request it was as the one who set it.
func pinning(w http.ResponseWriter, r *http.Request, api http.Handler) {
	if r.Method == http.MethodPatch {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body = bytes.ReplaceAll(body, []byte(`"op":"add","path":"/spec/template/spec/containers/0/image","value":"web:2"`),
			[]byte(`"op":"add","path":"/spec/template/spec/containers/0/image","value":"web:2@`+digest+`"`))
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		r.Header.Del("Content-Length")
	}
	api.ServeHTTP(w, r)
}

var digest = "sha256:" + strings.Repeat("a", 64)

// An image that admission has pinned is the step's own: a second attempt finds it done, and
// the undo, which has but the state before, takes it back.
func TestAnImageThatAdmissionPinsIsTheStepsOwn(t *testing.T) {
	t.Parallel()
	world, host := deployed(map[string]any{"images": map[string]any{"main": "web:2"}}, nil)(t), &sdktest.Host{}
	handler, req := action(t, shared.Through(t, pinning), "set_image"), lab.Request(t, world.Params)
	before := world.Probe()
	preview, err := handler.Plan(t.Context(), req)
	lab.Must(t, err)
	if len(preview.Changes) != 1 || !strings.Contains(preview.Changes[0].Diff, "image: web:2@"+digest) {
		t.Errorf("the plan is %+v", preview)
	}
	first, err := handler.Apply(t.Context(), req, host)
	lab.Must(t, err)
	req.Before, req.Attempt = host.StateBefore(), 2 // without the notes, as after a lost answer
	seen, err := handler.Observe(t.Context(), req, host)
	lab.Must(t, err)
	second, err := handler.Apply(t.Context(), req, &sdktest.Host{})
	lab.Must(t, err)
	if seen.State != sdk.Done || string(second) != string(first) || !strings.Contains(string(first), `"main":"web:2@`+digest) {
		t.Errorf("it was seen as %s; the first attempt returned %s, the second %s", seen.State, first, second)
	}
	lab.Must(t, handler.Undo(t.Context(), req, host))
	if world.Probe() != before {
		t.Error("the image was not taken back")
	}
	preview, err = handler.Plan(t.Context(), lab.Request(t, map[string]any{
		"name": "web", "namespace": world.Params["namespace"], "images": map[string]any{"main": "web:1"},
	}))
	if err != nil || !strings.HasPrefix(preview.Summary, "nothing to do") {
		t.Errorf("the plan of what is there is %+v (%v)", preview, err)
	}
}
