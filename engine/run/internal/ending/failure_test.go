package ending

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatebook/gatebook/plugins/sdk"
)

func TestWhatEndsJustBeforeItsDeadlineWasEndedByIt(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		after time.Duration
		class sdk.Class
		want  error
	}{
		{"a timeout of its own", time.Second / 2, sdk.Timeout, nil},
		{"another failure", time.Second - time.Microsecond, sdk.Transient, nil},
		{"the plugin's timer is faster", time.Second - time.Microsecond, sdk.Timeout, context.DeadlineExceeded},
		{"the plugin's timer is slower", time.Second + time.Microsecond, sdk.Timeout, context.DeadlineExceeded},
		{"another failure, too late", time.Second + time.Microsecond, sdk.Transient, context.DeadlineExceeded},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				time.Sleep(test.after)
				if got := endOf(ctx, test.class); !errors.Is(got, test.want) {
					t.Errorf("got %v, want %v", got, test.want)
				}
			})
		})
	}
}
