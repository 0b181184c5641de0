package sdk_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const root = "github.com/gatebook/gatebook/"

// TestAuthorsGetNoForeignModules: what a plugin imports through the sdk is the
// standard library and schema with its inside, so that its module graph stays its own.
func TestAuthorsGetNoForeignModules(t *testing.T) {
	t.Parallel()
	want := []string{root + "plugins/sdk", root + "plugins/sdk/sdktest", root + "plugins/sdk/truthful", root + "schema"}
	got := slices.DeleteFunc(foreign(t, "-deps", ".", "./sdktest", "./truthful"), func(path string) bool {
		return strings.HasPrefix(path, root+"schema/internal/")
	})
	if !slices.Equal(got, want) {
		t.Errorf("the sdk imports %q, want %q", got, want)
	}
}

// TestServingTakesGoPluginAndItsKin: what serve brings besides is what speaks to the host.
func TestServingTakesGoPluginAndItsKin(t *testing.T) {
	t.Parallel()
	for _, path := range foreign(t, "-deps", "./serve") {
		switch {
		case path == root+"plugins/sdk", path == root+"plugins/sdk/serve", path == root+"plugins/sdk/wire", path == root+"plugins/proto/v1":
		case path == root+"schema", strings.HasPrefix(path, root+"schema/internal/"):
		case strings.HasPrefix(path, root):
			t.Errorf("serve brings %s into a plugin", path)
		case !slices.ContainsFunc(kin(), func(module string) bool { return strings.HasPrefix(path, module) }):
			t.Errorf("serve brings the foreign %s into a plugin", path)
		}
	}
}

// kin are gRPC, go-plugin, and what these two need.
func kin() []string {
	return []string{
		"google.golang.org/", "github.com/hashicorp/", "golang.org/x/net/", "golang.org/x/sys/", "golang.org/x/text/",
		"github.com/golang/protobuf/", "github.com/oklog/run", "github.com/fatih/color", "github.com/mattn/",
	}
}

// foreign lists packages and what they need, as far as it is not of Go's own library.
func foreign(t *testing.T, args ...string) []string {
	t.Helper()
	args = append([]string{"list", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}"}, args...)
	out, err := exec.CommandContext(t.Context(), "go", args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	paths := strings.Fields(string(out))
	slices.Sort(paths)
	return paths
}
