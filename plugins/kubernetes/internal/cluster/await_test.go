package cluster_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// looks is a wait whose looks are scripted: what is seen, or the error; "done" ends it.
func looks(told *[]string, script ...any) cluster.Awaited {
	at := 0
	return cluster.Awaited{
		What: "all is well", Timeout: schema.Duration(time.Minute),
		Tell: func(seen string) { *told = append(*told, seen) },
		Look: func(context.Context) (string, bool, error) {
			now := script[min(at, len(script)-1)]
			at++
			if err, failed := now.(error); failed {
				return "", false, err
			}
			return now.(string), now == "done", nil
		},
	}
}

func TestAwaitEndsWithWhatWasSeenLast(t *testing.T) {
	t.Parallel()
	away := sdk.Errorf(sdk.Transient, "the server is away")
	cases := map[string]struct {
		script []any
		told   string
		class  sdk.Class
		says   string
	}{
		"it comes true":          {[]any{"one", "one", away, "two", "done"}, "one,the server is away,two", "", ""},
		"it never does":          {[]any{"one", "two"}, "one,two", sdk.Transient, "not so within 1m that all is well; seen last: two"},
		"looking is not allowed": {[]any{"one", sdk.Errorf(sdk.Denied, "no")}, "one", sdk.Denied, "no"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var told []string
				err := cluster.Await(t.Context(), looks(&told, c.script...))
				switch {
				case c.class == "" && err != nil:
					t.Error(err)
				case c.class != "" && (err == nil || sdk.AsError(err).Class != c.class || !strings.Contains(err.Error(), c.says)):
					t.Errorf("got %v, want a %s error with %q", err, c.class, c.says)
				}
				if got := strings.Join(told, ","); got != c.told {
					t.Errorf("it told %s, want %s", got, c.told)
				}
			})
		})
	}
}

func TestAwaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var told []string
		began := time.Now()
		err := cluster.Await(ctx, looks(&told, "one"))
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "seen last: one") || time.Since(began) > time.Second {
			t.Errorf("after %s, got %v", time.Since(began), err)
		}
	})
}
