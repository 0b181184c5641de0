package steps

import (
	"encoding/json"
	"os"
	"os/exec"
	"testing"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// BenchmarkExec is what exec costs over starting the same process without it.
func BenchmarkExec(b *testing.B) {
	b.Run("bare", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := exec.CommandContext(b.Context(), "true").Run(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("action", func(b *testing.B) {
		handler, err := execAction(Options{Environ: os.Environ()}).Handler()
		if err != nil {
			b.Fatal(err)
		}
		request := sdk.Request{Params: json.RawMessage(`{"command":["true"]}`), Key: "run-step-do"}
		b.ReportAllocs()
		for b.Loop() {
			if _, err := handler.Apply(b.Context(), request, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}
