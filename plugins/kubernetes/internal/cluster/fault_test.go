package cluster_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"

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
