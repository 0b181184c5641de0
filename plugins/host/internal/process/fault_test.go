package process

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// The deadline of a call crosses to the plugin, where it may pass a moment before it does
// here. A plugin that merely says so keeps to no protocol.
func TestADeadlineMayPassAtThePluginFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &Process{name: "shop"}
		passed := status.Error(codes.DeadlineExceeded, "stream terminated by RST_STREAM with error code: CANCEL")
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := p.Fault(ctx, passed, true); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("its own deadline: got %v", err)
		}
		ctx, cancel = context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := p.Fault(ctx, passed, true); sdk.AsError(err).Class != sdk.Permanent {
			t.Errorf("a deadline that nobody set: got %v", err)
		}
	})
}
