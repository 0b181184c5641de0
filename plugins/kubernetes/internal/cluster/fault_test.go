package cluster_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// A request that is held back until after its context ends is none that failed.
func TestAHeldBackRequestEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		limit := rate.NewLimiter(rate.Every(time.Hour), 1)
		limit.Allow()
		began := time.Now()
		err := limit.Wait(ctx)
		if err == nil || time.Since(began) != 0 {
			t.Fatalf("after %s, the limiter says %v", time.Since(began), err)
		}
		if err := cluster.FaultIn(ctx, err, "read"); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
			t.Errorf("after %s, got %v", time.Since(began), err)
		}
		if err := cluster.FaultIn(t.Context(), errors.New("connection refused"), "read"); sdk.AsError(err).Class != sdk.Transient {
			t.Errorf("got %v", err)
		}
	})
}

// That nothing can be made in a namespace that is being deleted is no matter of rights: it
// passes by itself.
func TestANamespaceThatEndsIsTriedAgain(t *testing.T) {
	t.Parallel()
	forbidden := apierrors.NewForbidden(schema.GroupResource{Resource: "configmaps"}, "web", errors.New("no"))
	if class := sdk.AsError(cluster.Fault(forbidden, "create it")).Class; class != sdk.Denied {
		t.Errorf("got a %s error", class)
	}
	forbidden.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: corev1.NamespaceTerminatingCause}}
	if class := sdk.AsError(cluster.Fault(forbidden, "create it")).Class; class != sdk.Transient {
		t.Errorf("got a %s error", class)
	}
}

// A name of which no path can be made will be one no later than now.
func TestANameThatIsNoneIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	config := &rest.Config{Host: "https://127.0.0.1:1"}
	typed, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	untyped, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	configMaps := untyped.Resource(corev1.SchemeGroupVersion.WithResource("configmaps"))
	for name, ask := range map[string]func(string) error{
		"a node": func(name string) error {
			_, err := typed.CoreV1().Nodes().Get(t.Context(), name, metav1.GetOptions{})
			return err
		},
		"a namespace": func(name string) error {
			_, err := typed.CoreV1().Pods(name).Get(t.Context(), "web", metav1.GetOptions{})
			return err
		},
		"an object": func(name string) error {
			_, err := configMaps.Namespace("shop").Get(t.Context(), name, metav1.GetOptions{})
			return err
		},
		"an object's namespace": func(name string) error {
			_, err := configMaps.Namespace(name).Get(t.Context(), "web", metav1.GetOptions{})
			return err
		},
	} {
		for _, none := range []string{"../web", "..", "web%2Fscale"} {
			if err := cluster.Fault(ask(none), "read it"); err == nil || sdk.AsError(err).Class != sdk.Permanent {
				t.Errorf("%s %q: got %v, want a permanent error", name, none, err)
			}
		}
	}
}
