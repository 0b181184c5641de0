package cluster_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// looking is an action whose preview lists the ConfigMaps of a namespace with a client.
func looking(list func(ctx context.Context) error) sdk.Declaration {
	return sdk.Action[struct{}, struct{}]{
		Name: "look", Summary: "Look at things", Description: "It looks at things.", Effect: sdk.Read,
		Plan: func(ctx context.Context, _ *sdk.Call[struct{}]) (sdk.Preview, error) {
			return sdk.Preview{}, list(ctx)
		},
		Apply: func(context.Context, *sdk.Call[struct{}]) (struct{}, error) { return struct{}{}, nil },
	}
}

// foreseen is what the preview of an action was made from.
func foreseen(t *testing.T, declared sdk.Declaration) []sdk.Seen {
	t.Helper()
	preview, err := lab.Action(t, []sdk.Declaration{declared}, "look").Plan(t.Context(), lab.Request(t, nil))
	lab.Must(t, err)
	return preview.Observed
}

// Whatever client an action reads with, and in whatever form that asks for its answers, its
// preview says what it was made from; of very many objects that they are these.
func TestPreviewsSayWhatWasReadByAnyClient(t *testing.T) {
	t.Parallel()
	c, namespace := shared.Connect(t), shared.Namespace(t)
	makes := func(name string) {
		t.Helper()
		made := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}, Data: map[string]string{"color": "blue"}}
		_, err := shared.Kube.CoreV1().ConfigMaps(namespace).Create(t.Context(), made, metav1.CreateOptions{})
		lab.Must(t, err)
	}
	makes("web")
	maps, err := c.Kind(t.Context(), "v1", "ConfigMap")
	lab.Must(t, err)
	clients := map[string]func(ctx context.Context) error{
		"ConfigMap": func(ctx context.Context) error {
			_, err := c.Kube.CoreV1().ConfigMaps(namespace).List(ctx, metav1.ListOptions{})
			return err
		},
		"ConfigMap of any kind": func(ctx context.Context) error {
			_, err := c.Objects(maps, namespace).List(ctx, metav1.ListOptions{})
			return err
		},
		"configmaps": func(ctx context.Context) error {
			_, err := c.Metadata.Resource(maps.Served).Namespace(namespace).List(ctx, metav1.ListOptions{})
			return err
		},
	}
	for kind, list := range clients {
		seen := foreseen(t, looking(list))
		at := slices.IndexFunc(seen, func(s sdk.Seen) bool { return s.Name == namespace+"/web" })
		if at < 0 || kind[:len(seen[at].Kind)] != seen[at].Kind || seen[at].ID == "" || seen[at].Version == "" {
			t.Errorf("%s: got %v", kind, seen)
		}
	}
	for i := range 501 {
		makes(fmt.Sprint("more-", i))
	}
	many := foreseen(t, looking(clients["ConfigMap"]))
	if len(many) != 1 || many[0].Name != "(all of them)" {
		t.Fatalf("of many there are %d", len(many))
	}
	if again := foreseen(t, looking(clients["ConfigMap"])); !slices.Equal(again, many) {
		t.Errorf("nothing has changed, and it is %v after %v", again, many)
	}
	makes("one-more")
	if now := foreseen(t, looking(clients["ConfigMap"])); slices.Equal(now, many) {
		t.Error("one more is not noticed")
	}
}
