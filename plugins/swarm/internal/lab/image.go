package lab

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// Images are what the services of a lab run, by their tags: two versions of a server, one that
// ends at once with exit code 1, and one whose health check always fails.
const (
	V1   = "demo:v1"
	V2   = "demo:v2"
	Bad  = "demo:bad"
	Sick = "demo:sick"
)

// Give puts images of the demo onto all nodes that run, as if they had been pulled.
func (l *Lab) Give(ctx context.Context, images ...string) error {
	for _, image := range images {
		made, err := l.built(image)
		if err != nil {
			return err
		}
		for _, node := range l.Nodes {
			if !node.runs() {
				continue
			}
			if err := node.give(ctx, image, made); err != nil {
				return fmt.Errorf("%s: %s: %w", node.Name, image, err)
			}
		}
	}
	return nil
}

// give puts an image onto a node.
func (n *Node) give(ctx context.Context, image string, made v1.Image) error {
	tag, err := name.NewTag(image)
	if err != nil {
		return err
	}
	packed, pack := io.Pipe()
	go func() { pack.CloseWithError(tarball.Write(tag, made, pack)) }()
	loaded, err := n.Docker.ImageLoad(ctx, packed)
	if err != nil {
		return errors.Join(err, packed.Close())
	}
	_, err = io.Copy(io.Discard, loaded)
	return errors.Join(err, loaded.Close(), packed.Close())
}

// built returns an image, which is built once.
func (l *Lab) built(image string) (v1.Image, error) {
	once, _ := l.images.LoadOrStore(image, sync.OnceValues(func() (v1.Image, error) { return build(image) }))
	return once.(func() (v1.Image, error))()
}

// build makes an image that holds the demo alone.
func build(image string) (v1.Image, error) {
	_, version, _ := strings.Cut(image, ":")
	rootfs, err := program(version)
	if err != nil {
		return nil, fmt.Errorf("build %s: %w", image, err)
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(rootfs)), nil })
	if err != nil {
		return nil, err
	}
	made, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		return nil, err
	}
	config, err := made.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", runtime.GOARCH
	config.Config = v1.Config{
		Entrypoint: []string{"/demo"},
		Healthcheck: &v1.HealthConfig{ // on a loaded machine it takes its time
			Test: []string{"CMD", "/demo", "healthy"}, Interval: time.Second, Timeout: 30 * time.Second, StartPeriod: time.Second, Retries: 2,
		},
	}
	return mutate.ConfigFile(made, config)
}

// program builds the demo, and returns it as an archive.
func program(version string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "gatebook-demo-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "demo")
	build := exec.CommandContext(context.Background(), "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -X main.version="+version, "-o", path,
		"github.com/gatebook/gatebook/plugins/swarm/internal/lab/demo")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	if said, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, said)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	archive := tar.NewWriter(&packed)
	if err := archive.WriteHeader(&tar.Header{Name: "demo", Mode: 0o755, Size: int64(len(text)), Typeflag: tar.TypeReg}); err != nil {
		return nil, err
	}
	_, err = archive.Write(text)
	err = errors.Join(err, archive.Close())
	return packed.Bytes(), err
}
