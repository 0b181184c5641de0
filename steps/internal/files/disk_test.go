package files

import (
	"path/filepath"
	"slices"
	"testing"
)

func TestMakeDirPutsTheNamesOnTheDiskThatItMakes(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	inner := filepath.Join(root, "a", "b")
	for _, want := range [][]string{{root, filepath.Dir(inner)}, nil} {
		var synced []string
		err := makeDir(inner, func(dir string) error {
			synced = append(synced, dir)
			return nil
		})
		if err != nil || !slices.Equal(synced, want) {
			t.Errorf("synced %q, want %q; %v", synced, want, err)
		}
	}
}
