package lab

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"

	"github.com/moby/moby/client"
)

// Images are what the services of a lab run, by their tags: two versions of a server, one that
// ends at once with exit code 1, and one whose health check always fails.
const (
	V1   = "demo:v1"
	V2   = "demo:v2"
	Bad  = "demo:bad"
	Sick = "demo:sick"
)

// Give puts an image of the demo onto nodes: there is no registry that they could pull it from.
func Give(ctx context.Context, image string, nodes ...*Node) error {
	rootfs, err := built(image)
	if err != nil {
		return err
	}
	changes := []string{`ENTRYPOINT ["/demo"]`, `HEALTHCHECK --interval=1s --timeout=1s --start-period=1s --retries=2 CMD ["/demo", "healthy"]`}
	for _, n := range nodes {
		imported, err := n.Docker.ImageImport(ctx, client.ImageImportSource{Source: bytes.NewReader(rootfs), SourceName: "-"}, image,
			client.ImageImportOptions{Changes: changes})
		if err != nil {
			return fmt.Errorf("%s: %s: %w", n.Name, image, err)
		}
		_, err = io.Copy(io.Discard, imported)
		if err := imported.Close(); err != nil {
			return err
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// images are the root file systems that were built, as tar archives, by their tag.
var images sync.Map

// built returns the root file system of an image.
func built(image string) ([]byte, error) {
	type rootfs = func() ([]byte, error)
	once, _ := images.LoadOrStore(image, sync.OnceValues(func() ([]byte, error) { return build(image) }))
	return once.(rootfs)()
}

func build(image string) (rootfs []byte, err error) {
	dir, err := os.MkdirTemp("", "gatebook-demo-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "demo")
	_, version, _ := bytes.Cut([]byte(image), []byte{':'})
	build := exec.CommandContext(context.Background(), "go", "build", "-trimpath", "-ldflags", "-s -w -X main.version="+string(version), "-o", program,
		"github.com/gatebook/gatebook/plugins/swarm/internal/lab/demo")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	if said, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build %s: %w: %s", image, err, said)
	}
	text, err := os.ReadFile(program)
	if err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	archive := tar.NewWriter(&packed)
	err = archive.WriteHeader(&tar.Header{Name: "demo", Mode: 0o755, Size: int64(len(text)), Typeflag: tar.TypeReg})
	if err == nil {
		_, err = archive.Write(text)
	}
	if err == nil {
		err = archive.Close()
	}
	return packed.Bytes(), err
}
