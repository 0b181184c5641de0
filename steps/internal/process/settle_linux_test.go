package process

import (
	"context"
	"math/rand/v2"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gatebook/gatebook/plugins/sdk"
)

func here(dir string) string { return dir }

// However early a program is stopped, it is stopped, and nothing is left of it.
func TestAProgramIsStoppedBeforeItHasSettled(t *testing.T) {
	t.Parallel()
	runner := NewRunner(os.Environ(), here, nil)
	for i := range 100 {
		after := time.Duration(rand.IntN(4000)) * time.Microsecond
		var ctx context.Context
		var cancel context.CancelFunc
		want := sdk.Cancelled
		if i%2 == 0 {
			ctx, cancel = context.WithTimeout(t.Context(), after)
			want = sdk.Timeout
		} else {
			ctx, cancel = context.WithCancel(t.Context())
			time.AfterFunc(after, cancel)
		}
		spec := Spec{Argv: []string{"sleep", "61.5"}, Keep: 100, Grace: time.Second}
		pid := 0
		spec.Note = func(id ID) error { pid = id.PID; return nil }
		_, err := runner.Run(ctx, spec)
		cancel()
		if err == nil || sdk.AsError(err).Class != want {
			t.Fatalf("stopped after %s: %v", after, err)
		}
		if pid > 0 && syscall.Kill(pid, 0) == nil {
			t.Errorf("process %d goes on", pid)
		}
	}
}

// What a program prints is whole, however soon it ends.
func TestWhatAProgramPrintsAtOnceIsWhole(t *testing.T) {
	t.Parallel()
	runner := NewRunner(os.Environ(), here, nil)
	for i := range 100 {
		want := strings.Repeat("x", 3*i*200)
		end, err := runner.Run(t.Context(), Spec{Argv: []string{"printf", "%s", want}, Keep: 1 << 20, Grace: time.Second})
		if err != nil || end.Code != 0 || end.Stdout.Text() != want || end.Detached {
			t.Fatalf("%d: %d bytes, %d, detached: %t, %v", i, len(end.Stdout.Text()), end.Code, end.Detached, err)
		}
	}
}
