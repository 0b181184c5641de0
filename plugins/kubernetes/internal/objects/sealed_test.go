package objects_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// onKey are the parameters of a patch of the Secret key.
func onKey(namespace, form string, patch any) map[string]any {
	params := patching(form, patch)
	params["kind"], params["name"], params["namespace"] = "Secret", "key", namespace
	return params
}

// A patch that cannot be made twice, as one that removes, is known to be done though no
// value is kept.
func TestPatchOfASecretAfterALostAnswer(t *testing.T) {
	t.Parallel()
	namespace := shared.Namespace(t)
	secret(t, namespace, "key", map[string]string{"a": "1", "b": "2"})
	h := action(t, shared.Losing(t), "patch")
	req := lab.Request(t, onKey(namespace, "json", []any{map[string]any{"op": "remove", "path": "/data/a"}}))
	host := &sdktest.Host{}
	if _, err := h.Apply(t.Context(), req, host); err == nil {
		t.Fatal("the answer was not lost")
	}
	req.Before, req.Attempt = host.StateBefore(), 2
	if seen, err := h.Observe(t.Context(), req, host); err != nil || seen.State != sdk.Done {
		t.Errorf("it observes %+v, %v", seen, err)
	}
	_, err := h.Apply(t.Context(), req, &sdktest.Host{})
	lab.Must(t, err)
	now, err := shared.Kube.CoreV1().Secrets(namespace).Get(t.Context(), "key", metav1.GetOptions{})
	lab.Must(t, err)
	if len(now.Data) != 1 {
		t.Errorf("there are %d values", len(now.Data))
	}
}

// Nor is a value overwritten that somebody set between two attempts.
func TestPatchOfASecretOverwritesNobodyBetweenTwoAttempts(t *testing.T) {
	t.Parallel()
	namespace := shared.Namespace(t)
	secret(t, namespace, "key", map[string]string{"b": "2"})
	h, live := action(t, shared.Connect(t), "patch"), shared.Kube.CoreV1().Secrets(namespace)
	req := lab.Request(t, onKey(namespace, "merge", map[string]any{"stringData": map[string]any{"b": "3"}}))
	ctx, kill := context.WithCancel(t.Context())
	host := &sdktest.Host{OnBefore: kill}
	if _, err := h.Apply(ctx, req, host); err == nil {
		t.Fatal("it was not killed")
	}
	change, err := json.Marshal(corev1.Secret{Data: map[string][]byte{"b": []byte("foreign")}})
	lab.Must(t, err)
	_, err = live.Patch(t.Context(), "key", types.MergePatchType, change, metav1.PatchOptions{FieldManager: "somebody-else"})
	lab.Must(t, err)
	req.Before, req.Attempt = host.StateBefore(), 2
	_, err = h.Apply(t.Context(), req, &sdktest.Host{})
	if err == nil || sdk.AsError(err).Class != sdk.Conflict || !strings.Contains(err.Error(), "somebody-else changed data.b") || strings.Contains(err.Error(), "foreign") {
		t.Errorf("got %v, want a conflict with somebody-else", err)
	}
	now, err := live.Get(t.Context(), "key", metav1.GetOptions{})
	lab.Must(t, err)
	if string(now.Data["b"]) != "foreign" {
		t.Errorf("the value is %s", now.Data["b"])
	}
}

// A webhook may say anything of a Secret, with any code.
func TestAWebhookQuotesNoSecret(t *testing.T) {
	t.Parallel()
	namespace := shared.Namespace(t)
	secret(t, namespace, "key", map[string]string{"word": "opensesame"})
	for code, class := range map[int]sdk.Class{http.StatusForbidden: sdk.Denied, http.StatusInternalServerError: sdk.Transient, http.StatusUnprocessableEntity: sdk.Permanent} {
		c := shared.Through(t, func(w http.ResponseWriter, r *http.Request, api http.Handler) {
			if r.Method != http.MethodPatch {
				api.ServeHTTP(w, r)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(code)
			_ = json.NewEncoder(w).Encode(metav1.Status{
				TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusFailure, Code: int32(code),
				Message: "the hook forbids to make an abracadabra of an opensesame",
			})
		})
		req := lab.Request(t, onKey(namespace, "merge", map[string]any{"stringData": map[string]any{"word": "abracadabra"}}))
		_, err := action(t, c, "patch").Apply(t.Context(), req, &sdktest.Host{})
		if err == nil || sdk.AsError(err).Class != class || strings.Contains(err.Error(), "abracadabra") || strings.Contains(err.Error(), "opensesame") {
			t.Errorf("at %d, got %v", code, err)
		}
	}
}

// No attempt that came to nothing is counted among the changes of a run.
func TestWhatSavedNothingTouchedNothing(t *testing.T) {
	t.Parallel()
	namespace := shared.Namespace(t)
	for name, params := range map[string]map[string]any{
		"patch":         onKey(namespace, "merge", map[string]any{"data": map[string]any{}}),
		"configmap_set": {"name": "web", "namespace": namespace, "set": map[string]any{"a": "1"}},
	} {
		seen, err := action(t, shared.Connect(t), name).Observe(t.Context(), lab.Request(t, params), &sdktest.Host{})
		if err != nil || seen.State != sdk.Untouched {
			t.Errorf("%s observes %+v, %v", name, seen, err)
		}
	}
}

// The API counts the time that a pod has to end in whole seconds, and 0 kills at once.
func TestDeleteRoundsThePodsTimeUp(t *testing.T) {
	t.Parallel()
	namespace := shared.Namespace(t)
	var asked atomic.Value
	c := shared.Through(t, func(w http.ResponseWriter, r *http.Request, api http.Handler) {
		if r.Method != http.MethodDelete {
			api.ServeHTTP(w, r)
			return
		}
		var options metav1.DeleteOptions
		_ = json.NewDecoder(r.Body).Decode(&options)
		asked.Store(options)
		w.WriteHeader(http.StatusNotFound) // it is gone
	})
	configMap(t, namespace, "web", nil)
	h := action(t, c, "delete")
	params := func(grace string) sdk.Request {
		return lab.Request(t, ofConfigMap(namespace, "web", map[string]any{"grace": grace}))
	}
	_, err := h.Apply(t.Context(), params("900ms"), &sdktest.Host{})
	lab.Must(t, err)
	if options, _ := asked.Load().(metav1.DeleteOptions); options.GracePeriodSeconds == nil || *options.GracePeriodSeconds != 1 {
		t.Errorf("it asked for %+v", options)
	}
	host := &sdktest.Host{}
	if _, err := h.Apply(t.Context(), params("-1s"), host); err == nil || sdk.AsError(err).Field != "grace" || len(host.StateBefore()) > 0 {
		t.Errorf("got %v", err)
	}
	if _, err := h.Plan(t.Context(), params("-1s")); err == nil || sdk.AsError(err).Field != "grace" {
		t.Errorf("the plan says %v", err)
	}
}
