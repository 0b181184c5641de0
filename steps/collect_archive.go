package steps

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/steps/internal/files"
)

const (
	manifestName  = "manifest.json"
	archiveMarker = "gatebook " // before the key, in the comment of the gzip header
	maxManifest   = 64 << 20
)

// collectManifest is manifest.json: what the archive holds and what it lacks.
type collectManifest struct {
	Key      string            `json:"key"`
	Created  time.Time         `json:"created"`
	Files    []manifestFile    `json:"files"`
	Commands []manifestCommand `json:"commands"`
	Skipped  []CollectSkipped  `json:"skipped"`
}

type manifestFile struct {
	Name     string    `json:"name"` // in the archive
	Size     int64     `json:"size"`
	SHA256   string    `json:"sha256"`
	Modified time.Time `json:"modified"`
	Note     string    `json:"note,omitempty"`
}

type manifestCommand struct {
	Name     string   `json:"name"`
	Argv     []string `json:"argv"`
	ExitCode int      `json:"exitCode"`         // -1 where a signal ended it
	Signal   string   `json:"signal,omitempty"` // its name
	Note     string   `json:"note,omitempty"`
}

// archiver writes one archive. It keeps the limits and the manifest.
type archiver struct {
	tar      *tar.Writer
	in       CollectInput
	host     sdk.Host
	names    map[string]bool
	total    int64
	manifest collectManifest
}

// writeArchive gathers everything into a file and makes it durable.
func (g gatherer) write(ctx context.Context, name string, call *sdk.Call[CollectInput]) (err error) {
	file, err := os.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return files.Error("to", call.Input.To, err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	zip := gzip.NewWriter(file)
	zip.Comment = archiveMarker + call.Key
	a := &archiver{
		tar: tar.NewWriter(zip), in: call.Input, host: call.Host, names: map[string]bool{},
		manifest: collectManifest{Key: call.Key, Created: time.Now().UTC()},
	}
	if err := g.fill(ctx, a); err != nil {
		return err
	}
	if err := errors.Join(a.close(), zip.Close(), file.Sync()); err != nil {
		return sdk.Errorf(sdk.Transient, "writing %s: %w", call.Input.To, err)
	}
	return nil
}

func (g gatherer) fill(ctx context.Context, a *archiver) error {
	for i, source := range a.in.Files {
		base := path.Join("files", path.Clean("/"+filepath.ToSlash(g.path(source.From))))
		skipped, err := g.eachFile(ctx, source, func(root *os.Root, name string, info fs.FileInfo) error {
			return a.addFile(ctx, root, name, path.Join(base, name), info)
		})
		if err != nil {
			return sourceError(i, err)
		}
		a.manifest.Skipped = append(a.manifest.Skipped, skipped...)
	}
	for _, command := range a.in.Commands {
		if err := g.addCommand(ctx, a, command); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (a *archiver) skip(name, format string, args ...any) {
	a.manifest.Skipped = append(a.manifest.Skipped, CollectSkipped{Name: name, Reason: fmt.Sprintf(format, args...)})
}

// fits says whether size bytes more may be taken, and remarks it where not.
func (a *archiver) fits(name string, size int64) bool {
	switch {
	case size > a.in.MaxFileSize:
		a.skip(name, "its %d bytes are more than maxFileSize", size)
	case a.total+size > a.in.MaxSize:
		a.skip(name, "its %d bytes no longer fit into maxSize", size)
	default:
		return true
	}
	return false
}

// addFile takes one file; what is wrong with the file is remarked, and only what is
// wrong with the archive is an error.
func (a *archiver) addFile(ctx context.Context, root *os.Root, source, name string, info fs.FileInfo) error {
	if a.names[name] || !a.fits(name, info.Size()) {
		return nil
	}
	file, err := root.Open(source)
	if err != nil {
		a.skip(name, "%s", files.Reason(err))
		return nil
	}
	defer func() { _ = file.Close() }()
	read := files.NewReader(ctx, file, 0, nil)
	return a.add(ctx, manifestFile{Name: name, Size: info.Size(), Modified: info.ModTime().UTC()}, read)
}

// add writes an entry's data; where there is less than its size, because a file was cut
// meanwhile or cannot be read on, zeros, since tar has written the size down already.
func (a *archiver) add(ctx context.Context, entry manifestFile, data io.Reader) error {
	name, size := entry.Name, entry.Size
	header := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o644, ModTime: entry.Modified, Format: tar.FormatPAX}
	if err := a.tar.WriteHeader(header); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	sum := sha256.New()
	both := io.MultiWriter(a.tar, sum)
	source := &faultyReader{Reader: data}
	written, err := io.CopyN(both, source, size)
	if source.fault != nil && written < size && ctx.Err() == nil {
		entry.Note = fmt.Sprintf("only %d bytes could be read; the rest are zeros", written)
		if !errors.Is(source.fault, io.EOF) {
			entry.Note += ": " + files.Reason(source.fault)
		}
		_, err = io.CopyN(both, zeros{}, size-written)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	entry.SHA256 = hex.EncodeToString(sum.Sum(nil))
	a.names[name] = true
	a.total += size
	a.manifest.Files = append(a.manifest.Files, entry)
	a.host.Progress(sdk.Progress{Message: fmt.Sprintf("%d files, %d bytes", len(a.manifest.Files), a.total)})
	return nil
}

// faultyReader keeps why nothing more can be read, which a copy does not tell apart
// from why nothing more can be written.
type faultyReader struct {
	io.Reader
	fault error
}

// Read reads on.
func (r *faultyReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil {
		r.fault = err
	}
	return n, err
}

// zeros is as many zero bytes as anybody wants.
type zeros struct{}

// Read gives zeros.
func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// close writes the manifest and ends the archive.
func (a *archiver) close() error {
	text, err := json.MarshalIndent(a.manifest, "", "  ")
	if err != nil {
		return err
	}
	header := &tar.Header{
		Typeflag: tar.TypeReg, Name: manifestName, Size: int64(len(text)), Mode: 0o644, ModTime: a.manifest.Created, Format: tar.FormatPAX,
	}
	if err := a.tar.WriteHeader(header); err != nil {
		return err
	}
	if _, err := a.tar.Write(text); err != nil {
		return err
	}
	return a.tar.Close()
}

// archiveFile is what is known of an archive from reading it.
type archiveFile struct {
	key      string // empty: not made by gatebook
	sha256   string
	size     int64
	manifest collectManifest
}

func (f archiveFile) output(name string) CollectOutput {
	return CollectOutput{
		Path: name, SHA256: f.sha256, Size: f.size, Files: len(f.manifest.Files), Skipped: f.manifest.Skipped,
	}
}

// inspectArchive reads an archive through.
func inspectArchive(ctx context.Context, name string) (archiveFile, error) {
	file, err := os.Open(name)
	if err != nil {
		return archiveFile{}, err
	}
	defer func() { _ = file.Close() }()
	sum, counted := sha256.New(), &counter{}
	source := io.TeeReader(files.NewReader(ctx, file, 0, nil), io.MultiWriter(sum, counted))
	zip, err := gzip.NewReader(source)
	if err != nil {
		return archiveFile{}, fmt.Errorf("%s: %w", name, err)
	}
	found := archiveFile{}
	found.key, _ = strings.CutPrefix(zip.Comment, archiveMarker)
	if err := found.readManifest(tar.NewReader(zip)); err != nil {
		return archiveFile{}, fmt.Errorf("%s: %w", name, err)
	}
	for _, rest := range []io.Reader{zip, source} {
		if _, err := io.Copy(io.Discard, rest); err != nil {
			return archiveFile{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	found.sha256, found.size = hex.EncodeToString(sum.Sum(nil)), counted.n
	return found, nil
}

func (f *archiveFile) readManifest(archive *tar.Reader) error {
	for {
		header, err := archive.Next()
		if err != nil {
			return fmt.Errorf("looking for %s: %w", manifestName, err)
		}
		if header.Name != manifestName {
			continue
		}
		text, err := io.ReadAll(io.LimitReader(archive, maxManifest))
		if err != nil {
			return err
		}
		return json.NewDecoder(bytes.NewReader(text)).Decode(&f.manifest)
	}
}

// counter counts what is written to it.
type counter struct{ n int64 }

// Write counts.
func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}
