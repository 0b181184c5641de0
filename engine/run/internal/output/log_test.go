package output

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
)

func TestOutputLogIsBounded(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	folder, err := journal.NewStore(root).Create("20261121-030000-00000")
	if err != nil {
		t.Fatal(err)
	}
	log := OfAttempt(folder, event.Op{Step: "noisy", Part: event.Do, Attempt: 1})
	log.Room = 1000
	for range 100 {
		log.Keep(time.Unix(0, 0), 1, "stdout", "y")
	}
	log.Close()
	content, err := os.ReadFile(filepath.Join(root, "runs", folder.ID(), "output", "noisy.log"))
	if err != nil {
		t.Fatal(err)
	}
	if len(content) > 1000+2*len(Full()) {
		t.Errorf("%d bytes were written where there is room for 1000", len(content))
	}
	if want := "its log ends at 256 MiB, and does not have the last 73 lines that it printed"; log.Lacks() != want {
		t.Errorf("it lacks %q, want %q", log.Lacks(), want)
	}
	for want, n := range map[string]int{
		"1970-01-01T00:00:00.000Z 1 stdout y\n": 27,
		"gatebook " + Full() + "\n":             1,
	} {
		if got := strings.Count(string(content), want); got != n {
			t.Errorf("%q stands there %d times, want %d:\n%s", want, got, n, content)
		}
	}
}
