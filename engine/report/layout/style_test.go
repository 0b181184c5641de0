package layout_test

import (
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/report/layout"
)

func TestElapsed(t *testing.T) {
	t.Parallel()
	tests := map[time.Duration]string{
		-time.Second: "0s", 1500 * time.Microsecond: "2ms", 1249 * time.Millisecond: "1.2s",
		30 * time.Minute: "30m", 2 * time.Hour: "2h", 90*time.Minute + 5*time.Second: "1h30m5s",
	}
	for d, want := range tests {
		if got := layout.Elapsed(d); got != want {
			t.Errorf("Elapsed(%s) = %s, want %s", d, got, want)
		}
	}
}
