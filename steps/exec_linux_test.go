package steps

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/gatebook/gatebook/plugins/sdk"
)

func TestObserveWaitsForWhatALostAttemptLeft(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		handler sdk.Handler
		with    params
	}{
		"exec": {execHandler(t), params{"script": "true", "idempotent": true}},
		"collect": {handlerOf(t, collect(Options{Dir: t.TempDir()})), params{
			"to": "a.tgz", "commands": []any{params{"name": "it", "argv": []any{"true"}}},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			observeBesideALostAttempt(t, test.handler, test.with)
		})
	}
}

func observeBesideALostAttempt(t *testing.T, handler sdk.Handler, with params) {
	t.Helper()
	key := fmt.Sprintf("left-%d-%s", os.Getpid(), t.Name())
	left := exec.CommandContext(t.Context(), "sleep", "600")
	left.Env = append(os.Environ(), "GATEBOOK_KEY="+key)
	if err := left.Start(); err != nil {
		t.Fatal(err)
	}
	host := &stopper{cancel: func() { _ = left.Process.Kill() }}
	got, err := handler.Observe(t.Context(), sdk.Request{Params: paramsOf(t, with), Key: key}, host)
	if err != nil || got.State != sdk.NotDone || host.told != 1 {
		t.Errorf("got %q, %v, after %d words of progress; want it not done, after one", got.State, err, host.told)
	}
	_ = left.Wait()
}
