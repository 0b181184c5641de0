package steps

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/gatebook/gatebook/plugins/sdk"
)

func TestExecObserveWaitsForWhatALostAttemptLeft(t *testing.T) {
	t.Parallel()
	key := fmt.Sprintf("left-%d", os.Getpid())
	left := exec.CommandContext(t.Context(), "sleep", "600")
	left.Env = append(os.Environ(), "GATEBOOK_KEY="+key)
	if err := left.Start(); err != nil {
		t.Fatal(err)
	}
	host := &stopper{cancel: func() { _ = left.Process.Kill() }}
	params := paramsOf(t, map[string]any{"script": "true", "idempotent": true})
	got, err := execHandler(t).Observe(t.Context(), sdk.Request{Params: params, Key: key}, host)
	if err != nil || got.State != sdk.NotDone || host.told != 1 {
		t.Errorf("got %q, %v, after %d words of progress; want it not done, after one", got.State, err, host.told)
	}
	_ = left.Wait()
}
