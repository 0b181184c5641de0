package probe_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
	"github.com/gatebook/gatebook/schema"
	"github.com/gatebook/gatebook/steps/internal/probe"
)

func check(t *testing.T, err error, want sdk.Error) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %+v", want)
	}
	if is := sdk.AsError(err); is.Class != want.Class || is.Field != want.Field || !strings.Contains(is.Message, want.Message) {
		t.Errorf("error is %+v, want %+v", is, want)
	}
}

func TestUntil(t *testing.T) {
	t.Parallel()
	const ok, not, never, hang = "ok", "not", "never", "hang"
	tests := []struct {
		name        string
		probes      []string // the last one for ever
		within      time.Duration
		consecutive int
		want        sdk.Error // its message holds the words
		took        time.Duration
		count       int
	}{
		{name: "the first success is enough", probes: []string{ok}, consecutive: 1, count: 1},
		{name: "without within the first failure is final", probes: []string{not, ok}, consecutive: 1, want: sdk.Error{Class: sdk.Transient, Message: "not yet"}, count: 1},
		{name: "it tries again within", probes: []string{not, not, ok}, within: 10 * time.Second, consecutive: 1, took: 2 * time.Second, count: 3},
		{name: "a failure starts the row again", probes: []string{ok, not, ok}, within: 10 * time.Second, consecutive: 2, took: 3 * time.Second, count: 4},
		{name: "within is an end", probes: []string{not}, within: 3 * time.Second, consecutive: 1, want: sdk.Error{Class: sdk.Transient, Message: "not yet"}, took: 3 * time.Second, count: 4},
		{name: "a row that is not full within fails", probes: []string{ok}, within: 2 * time.Second, consecutive: 5, want: sdk.Error{Class: sdk.Transient, Message: "only 3 of 5"}, took: 2 * time.Second, count: 3},
		{name: "a row needs no within", probes: []string{ok}, consecutive: 4, took: 3 * time.Second, count: 4},
		{name: "what cannot mend itself is final", probes: []string{never}, within: time.Hour, consecutive: 1, want: sdk.Error{Class: sdk.Permanent, Message: "never"}, count: 1},
		{name: "a probe that hangs is ended", probes: []string{hang}, consecutive: 1, want: sdk.Error{Class: sdk.Transient, Message: "no answer within 5s"}, took: 5 * time.Second, count: 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				count, start := 0, time.Now()
				p := probe.Polling{Timeout: schema.Duration(5 * time.Second), Interval: schema.Duration(time.Second), Consecutive: tt.consecutive}
				got, err := probe.Until(t.Context(), &sdktest.Host{}, p, tt.within, func(ctx context.Context) (int, error) {
					count++
					switch tt.probes[min(count, len(tt.probes))-1] {
					case not:
						return 0, sdk.Errorf(sdk.Transient, "not yet")
					case never:
						return 0, sdk.Errorf(sdk.Permanent, "never")
					case hang:
						<-ctx.Done()
						return 0, ctx.Err()
					default:
						return count, nil
					}
				})
				if tt.want.Class != "" {
					check(t, err, tt.want)
				} else if err != nil || got != count {
					t.Errorf("poll gives %d, %v; want the last of %d probes", got, err, count)
				}
				if took := time.Since(start); took != tt.took || count != tt.count {
					t.Errorf("%d probes took %s, want %d in %s", count, took, tt.count, tt.took)
				}
			})
		})
	}
}

func TestUntilEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
		defer cancel()
		start := time.Now()
		p := probe.Polling{Timeout: schema.Duration(time.Second), Interval: schema.Duration(time.Hour), Consecutive: 1}
		_, err := probe.Until(ctx, &sdktest.Host{}, p, 24*time.Hour, func(context.Context) (int, error) {
			return 0, sdk.Errorf(sdk.Transient, "not yet")
		})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 90*time.Second {
			t.Errorf("poll ended after %s with %v", time.Since(start), err)
		}
	})
}

func TestUntilRefusesProbesWithoutTime(t *testing.T) {
	t.Parallel()
	_, err := probe.Until(t.Context(), &sdktest.Host{}, probe.Polling{Consecutive: 1}, 0, func(context.Context) (int, error) { return 1, nil })
	check(t, err, sdk.Error{Class: sdk.Permanent, Field: "timeout", Message: "no time"})
}

// A plan is not held up by what a run would wait for.
func TestAPlanProbesOnce(t *testing.T) {
	t.Parallel()
	said := probe.Polling{Timeout: schema.Duration(5 * time.Second), Interval: schema.Duration(time.Second), Consecutive: 3}
	for _, inPlan := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			start, count := time.Now(), 0
			p, within := said.For(sdk.Request{InPlan: inPlan}, schema.Duration(10*time.Second))
			for _, answer := range []error{nil, sdk.Errorf(sdk.Transient, "not yet")} {
				_, _ = probe.Until(t.Context(), &sdktest.Host{}, p, within, func(context.Context) (int, error) {
					count++
					return count, answer
				})
			}
			if took := time.Since(start); inPlan != (took == 0) || inPlan != (count == 2) {
				t.Errorf("in a plan %t: %d probes took %s", inPlan, count, took)
			}
		})
	}
}
