package cluster_test

import (
	"context"
	"net/http"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// making is an action that makes a ConfigMap, dry or not, and then finds fault with a parameter.
func making(c *cluster.Cluster, namespace string, dryRun ...string) sdk.Declaration {
	return sdk.Action[struct{}, struct{}]{
		Name: "make", Summary: "Make a thing", Description: "It makes a thing.", Effect: sdk.Change, Idempotent: true,
		Apply: func(ctx context.Context, _ *sdk.Call[struct{}]) (struct{}, error) {
			made := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "made"}}
			_, err := c.Kube.CoreV1().ConfigMaps(namespace).Create(ctx, made, metav1.CreateOptions{DryRun: dryRun})
			return struct{}{}, sdk.FieldErrorf("name", "it is no good after all; the server said: %v", err)
		},
	}
}

// An action may find out after a change that it was asked for what cannot be. To say that
// nothing was changed would keep the step from being taken back.
func TestNoActionSaysThatNothingWasChangedAfterAChange(t *testing.T) {
	t.Parallel()
	loses := shared.Through(t, func(w http.ResponseWriter, r *http.Request, api http.Handler) {
		if r.Method == http.MethodPost && !r.URL.Query().Has("dryRun") {
			w = swallowing{w}
		}
		api.ServeHTTP(w, r)
	})
	for name, test := range map[string]struct {
		connection *cluster.Cluster
		dryRun     []string
		unchanged  bool
	}{
		"a change":      {shared.Connect(t), nil, false},
		"a lost answer": {loses, nil, false},
		"a dry run":     {shared.Connect(t), []string{metav1.DryRunAll}, true},
	} {
		handler := lab.Action(t, []sdk.Declaration{making(test.connection, shared.Namespace(t), test.dryRun...)}, "make")
		_, err := handler.Apply(t.Context(), lab.Request(t, map[string]any{}), &sdktest.Host{})
		if said := sdk.AsError(err); err == nil || said.Field != "name" || said.Unchanged != test.unchanged {
			t.Errorf("%s: got %v, which says that nothing was changed: %t", name, err, said.Unchanged)
		}
	}
}

// swallowing loses an answer.
type swallowing struct{ http.ResponseWriter }

func (s swallowing) WriteHeader(int) { panic(http.ErrAbortHandler) }
