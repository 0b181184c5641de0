package sdk_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestAuthorsGetNoForeignModules: what a plugin imports through the sdk is the
// standard library and schema with its inside, so that its module graph stays its own.
func TestAuthorsGetNoForeignModules(t *testing.T) {
	t.Parallel()
	const root = "github.com/gatebook/gatebook/"
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".", "./sdktest")
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{root + "plugins/sdk", root + "plugins/sdk/sdktest", root + "schema"}
	got := slices.DeleteFunc(strings.Fields(string(out)), func(path string) bool {
		return strings.HasPrefix(path, root+"schema/internal/")
	})
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the sdk imports %q, want %q", got, want)
	}
}
