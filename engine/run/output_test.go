package run

import (
	"bytes"
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
	log := newOutputLog(folder, event.Op{Step: "noisy", Part: event.Do, Attempt: 1})
	log.room = 1000
	for range 100 {
		log.keep(time.Unix(0, 0), 1, "stdout", "y")
	}
	log.close()
	content, err := os.ReadFile(filepath.Join(root, "runs", folder.ID(), "output", "noisy.log"))
	if err != nil {
		t.Fatal(err)
	}
	if lines := bytes.Count(content, []byte("\n")); lines > 25 {
		t.Errorf("%d lines were kept of what has no room for them", lines)
	}
	for want, n := range map[string]int{
		"1970-01-01T00:00:00.000Z 1 stdout y\n": 20,
		"gatebook what follows is not kept":     1,
	} {
		if got := strings.Count(string(content), want); got != n {
			t.Errorf("%q stands there %d times, want %d:\n%s", want, got, n, content)
		}
	}
}
