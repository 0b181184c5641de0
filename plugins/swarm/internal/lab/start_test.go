package lab_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/plugins/swarm/internal/lab"
)

// A lab whose engine does not start says why, in the engine's words, and leaves nothing.
func TestALabThatDoesNotStart(t *testing.T) { // alone, as it has the folders of its lab made elsewhere
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	l, err := lab.Start(1, lab.Flags("--no-such-flag"))
	if err == nil {
		l.Stop()
		t.Fatal("it has started")
	}
	for _, want := range []string{"the engine of n0: it has ended", "unknown flag: --no-such-flag"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want it to say %q", err, want)
		}
	}
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	lab.Must(t, err)
	if len(left) > 0 {
		t.Errorf("there is left %q: %q", left, remains(t, left[0]))
	}
}
