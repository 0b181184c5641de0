package steps

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatebook/gatebook/schema"
)

func TestWait(t *testing.T) {
	t.Parallel()
	// A bubble of synctest begins at 2000-01-01T00:00:00Z.
	tests := []struct {
		with params
		took time.Duration
	}{
		{params{"for": "1h30m"}, 90 * time.Minute},
		{params{"until": "2000-01-01T01:00:00Z"}, time.Hour},
		{params{"until": "2000-01-01T09:00:00+08:00"}, time.Hour},
		{params{"until": "1999-12-31T23:00:00Z"}, 0},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			got, told, err := applyTold(t.Context(), t, waitAction(Options{}), tt.with)
			if err != nil || time.Since(start) != tt.took || got.Waited != schema.Duration(tt.took) {
				t.Errorf("%v took %s and gives %+v, %v; want %s", tt.with, time.Since(start), got, err, tt.took)
			}
			if want := "until " + start.Add(tt.took).Format(time.RFC3339); progressOf(told) != want {
				t.Errorf("%v told %q, want %q", tt.with, progressOf(told), want)
			}
		})
	}
}

func TestWaitIsCancelledAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute, cancel)
		start := time.Now()
		_, _, err := applyTold(ctx, t, waitAction(Options{}), params{"for": "1000h"})
		if !errors.Is(err, context.Canceled) || time.Since(start) != time.Minute {
			t.Errorf("the wait ended after %s with %v", time.Since(start), err)
		}
	})
}

func TestWaitPlansItsEstimate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		action := waitAction(Options{})
		preview, err := handlerOf(t, action).Plan(t.Context(), request(t, action, params{"until": "2000-01-01T00:10:00Z"}))
		if err != nil || preview.Estimate != 10*time.Minute || !strings.Contains(preview.Summary, "until 2000-01-01T00:10:00Z") {
			t.Errorf("plan %+v, %v", preview, err)
		}
	})
}
