package gatebook_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/schema"
)

// TestTagsOnThePageOfPluginsAreInStep holds the table of tags, which an author writes
// his structs by, against those that are read.
func TestTagsOnThePageOfPluginsAreInStep(t *testing.T) {
	t.Parallel()
	rows := &strings.Builder{}
	rows.WriteString("| tag | value | meaning |\n| --- | --- | --- |\n")
	for _, tag := range schema.Tags() {
		fmt.Fprintf(rows, "| `%s` | %s | %s |\n", tag.Name, tag.Value, tag.Meaning)
	}
	holdTables(t, filepath.Join("docs", "plugins.md"), map[string]string{"tags": rows.String()})
}
