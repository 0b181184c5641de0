package volumes_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	storagev1 "k8s.io/api/storage/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// Who names no StorageClass needs but the right to list them, which is what the plan asks
// for, in each attempt. The API server of the test is the one of others too, so that its
// answer alone has a default class.
func TestTheDefaultClassIsFoundByListing(t *testing.T) {
	t.Parallel()
	const classes = "/apis/storage.k8s.io/v1/storageclasses"
	c := shared.Through(t, func(w http.ResponseWriter, r *http.Request, api http.Handler) {
		if strings.HasPrefix(r.URL.Path, classes+"/") {
			http.Error(w, "forbidden", http.StatusForbidden)
			return
		}
		if r.URL.Path != classes {
			api.ServeHTTP(w, r)
			return
		}
		r.Header.Set("Accept", "application/json")
		r.Header.Del("Accept-Encoding")
		answer := httptest.NewRecorder()
		api.ServeHTTP(answer, r)
		var list storagev1.StorageClassList
		if err := json.Unmarshal(answer.Body.Bytes(), &list); err != nil {
			t.Error(err)
		}
		for i, class := range list.Items {
			if class.Name == "lab" {
				list.Items[i].Annotations = map[string]string{"storageclass.kubernetes.io/is-default-class": "true"}
			}
		}
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(list); err != nil {
			t.Error(err)
		}
	})
	world, host := kept(nil)(t), &sdktest.Host{}
	delete(world.Params, "storageClass")
	handler, req := action(t, c, "pvc_restore"), lab.Request(t, world.Params)
	preview, err := handler.Plan(t.Context(), req)
	if err != nil || len(preview.Blockers) > 0 {
		t.Errorf("the plan is %+v (%v)", preview, err)
	}
	for req.Attempt = 1; req.Attempt <= 2; req.Attempt++ {
		outputs, err := handler.Apply(t.Context(), req, host)
		if err != nil || !strings.Contains(string(outputs), `"phase":"Bound"`) {
			t.Errorf("attempt %d: %s (%v)", req.Attempt, outputs, err)
		}
		req.Before = host.StateBefore()
	}
}
