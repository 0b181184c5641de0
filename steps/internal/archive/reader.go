package archive

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"

	"github.com/gatebook/gatebook/steps/internal/document"
	"github.com/gatebook/gatebook/steps/internal/files"
)

const maxManifest = 64 << 20

// File is what is known of an archive from reading it.
type File struct {
	Key      string // empty: not made by gatebook
	SHA256   string
	Size     int64
	Manifest Manifest
}

// Inspect reads an archive through. That nothing of the name can be read is a
// [fs.PathError]; all other errors are about what is there.
func Inspect(ctx context.Context, name string) (File, error) {
	// Opening a named pipe would wait for somebody to write.
	if info, err := os.Stat(name); err != nil {
		return File{}, err
	} else if !info.Mode().IsRegular() {
		return File{}, fmt.Errorf("%s is %w", name, errNotRegular)
	}
	file, err := os.Open(name)
	if err != nil {
		return File{}, err
	}
	defer func() { _ = file.Close() }()
	sum, counted := sha256.New(), &counter{}
	source := io.TeeReader(files.NewReader(ctx, file, 0, nil), io.MultiWriter(sum, counted))
	zip, err := gzip.NewReader(source)
	if err != nil {
		return File{}, fmt.Errorf("%s: %w", name, err)
	}
	found := File{Key: keyIn(zip.Header)}
	if err := found.readManifest(tar.NewReader(zip)); err != nil {
		return File{}, fmt.Errorf("%s: %w", name, err)
	}
	for _, rest := range []io.Reader{zip, source} {
		if _, err := io.Copy(io.Discard, rest); err != nil {
			return File{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	found.SHA256, found.Size = hex.EncodeToString(sum.Sum(nil)), counted.n
	return found, nil
}

func (f *File) readManifest(archive *tar.Reader) error {
	for {
		header, err := archive.Next()
		if err != nil {
			return fmt.Errorf("looking for %s: %w", ManifestName, err)
		}
		if header.Name != ManifestName {
			continue
		}
		text, err := io.ReadAll(io.LimitReader(archive, maxManifest))
		if err != nil {
			return err
		}
		return document.Read(text, &f.Manifest)
	}
}

// counter counts what is written to it.
type counter struct{ n int64 }

// Write counts.
func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}
