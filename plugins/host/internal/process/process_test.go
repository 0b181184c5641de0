package process

import (
	"os"
	"path/filepath"
	"testing"
)

// Once its folder is gone, its name may be another's.
func TestAFolderOfSocketsIsRemovedOnce(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "plugin-dir1")
	p := &Process{sockets: folder}
	for _, stays := range []bool{false, true} {
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		p.removeSockets()
		if _, err := os.Stat(folder); stays != (err == nil) {
			t.Errorf("a folder that is to stay: %t, and %v", stays, err)
		}
	}
}
