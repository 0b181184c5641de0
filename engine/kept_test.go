package engine

import (
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
)

// TestKeptFilesAreFoundByTheLinksThatLedToThem wants a run to go by the files that it keeps, also
// where the links are gone by which its runbook took them in.
func TestKeptFilesAreFoundByTheLinksThatLedToThem(t *testing.T) {
	t.Parallel()
	folder, err := journal.NewStore(t.TempDir()).Create(journal.NewRunID(time.Unix(0, 0), 1))
	if err != nil {
		t.Fatal(err)
	}
	if err := folder.SaveFile("real/web.yaml", []byte("web")); err != nil {
		t.Fatal(err)
	}
	read := keptFiles(folder, event.Run{File: "books/site.yaml"}, []byte(`{"runbook": {"files": [{"name": "real/web.yaml", "as": ["tiers/link.yaml"]}]}}`))
	for _, name := range []string{"real/web.yaml", "tiers/link.yaml"} {
		file, real, err := read(name)
		if err != nil || real != "real/web.yaml" || file.Name() != "books/real/web.yaml" || string(file.Text()) != "web" {
			t.Errorf("%s is %v, of %q: %v", name, file, real, err)
		}
	}
	if _, _, err := read("tiers/other.yaml"); err == nil {
		t.Error("a file that is not kept is found")
	}
}
