package sdktest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// prompt is how long a cancelled call may take at most.
const prompt = 15 * time.Second

// ends returns what a call ends with, whose context is over or about to be.
func ends(t testing.TB, call func() error) error {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- call() }()
	timer := time.NewTimer(prompt)
	defer timer.Stop()
	select {
	case err := <-ended:
		return err
	case <-timer.C:
		t.Fatalf("the call still goes on %s after its context ended", prompt)
		return nil
	}
}

// isTyped wants an error with a class, or the context's own.
func isTyped(t testing.TB, err error) {
	t.Helper()
	var typed *sdk.Error
	if !errors.As(err, &typed) && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the error has no class: %v", err)
	}
}
