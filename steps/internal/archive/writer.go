// Package archive writes and reads the archives of evidence that collect makes: a tar.gz
// with a manifest of what it holds and what it lacks, and with the key of the step that
// made it. It leaves out what to gather. Floor 2, as a part of steps.
package archive

import (
	"archive/tar"
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
	"strings"
	"time"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/steps/internal/files"
)

const (
	// ManifestName is the name of the manifest in an archive.
	ManifestName = "manifest.json"

	marker     = "gatebook "  // before the key, in the comment of the gzip header
	partMarker = ".gatebook-" // before the key, in the name of what is not whole yet
	partSuffix = ".part"
)

var errNotRegular = errors.New("not a regular file")

// PartOf is where an archive is written until it is whole. An attempt finds what the one
// before left, and overwrites it.
func PartOf(target, key string) string { return target + partMarker + key + partSuffix }

// isPart reports whether a file is an archive that is being written, or was.
func isPart(name string) bool {
	base := path.Base(name)
	return strings.HasSuffix(base, partSuffix) && strings.Contains(base, partMarker)
}

// Manifest is manifest.json: what the archive holds and what it lacks.
type Manifest struct {
	Key      string    `json:"key"`
	Created  time.Time `json:"created"`
	Files    []Entry   `json:"files"`
	Commands []Command `json:"commands"`
	Skipped  []Skipped `json:"skipped"`
}

// Entry is one file or output in the archive.
type Entry struct {
	Name     string    `json:"name"` // in the archive
	Size     int64     `json:"size"`
	SHA256   string    `json:"sha256"`
	Modified time.Time `json:"modified"`
	Note     string    `json:"note,omitempty"`
}

// Command is how a command ended, whose output is in the archive.
type Command struct {
	Name     string   `json:"name"`
	Argv     []string `json:"argv"`
	ExitCode int      `json:"exitCode"`         // -1 where a signal ended it
	Signal   string   `json:"signal,omitempty"` // its name
	Note     string   `json:"note,omitempty"`
}

// Skipped is something that could not be taken.
type Skipped struct {
	Name   string `json:"name" required:"true" doc:"The file, the pattern or the command."`
	Reason string `json:"reason" required:"true" doc:"Why it is not there."`
}

// Limits are how much may be taken, in bytes.
type Limits struct {
	File int64 // of one file
	All  int64 // before compression
}

// Writer writes one archive. It keeps the limits and the manifest.
type Writer struct {
	// Manifest is what has been taken so far; the caller adds commands and what it
	// skipped itself.
	Manifest Manifest

	tar      *tar.Writer
	zip      *gzip.Writer
	limits   Limits
	progress func(sdk.Progress)
	names    map[string]bool
	total    int64
}

// NewWriter returns a writer of the archive of a step, by its key.
func NewWriter(to io.Writer, key string, created time.Time, limits Limits, progress func(sdk.Progress)) *Writer {
	zip := gzip.NewWriter(to)
	zip.Comment = marker + key
	return &Writer{
		Manifest: Manifest{Key: key, Created: created.UTC()},
		tar:      tar.NewWriter(zip), zip: zip, limits: limits, progress: progress, names: map[string]bool{},
	}
}

// Skip remarks what cannot be taken.
func (w *Writer) Skip(name, format string, args ...any) {
	w.Manifest.Skipped = append(w.Manifest.Skipped, Skipped{Name: name, Reason: fmt.Sprintf(format, args...)})
}

// Fits says whether size bytes more may be taken, and remarks it where not.
func (w *Writer) Fits(name string, size int64) bool {
	switch {
	case size > w.limits.File:
		w.Skip(name, "its %d bytes are more than maxFileSize", size)
	case w.total+size > w.limits.All:
		w.Skip(name, "its %d bytes no longer fit into maxSize", size)
	default:
		return true
	}
	return false
}

// AddFile takes one file; what is wrong with the file is remarked, and only what is
// wrong with the archive is an error.
func (w *Writer) AddFile(ctx context.Context, root *os.Root, source, name string, info fs.FileInfo) error {
	if w.names[name] || !w.Fits(name, info.Size()) {
		return nil
	}
	file, err := root.Open(source)
	if err != nil {
		w.Skip(name, "%s", files.Reason(err))
		return nil
	}
	defer func() { _ = file.Close() }()
	read := files.NewReader(ctx, file, 0, nil)
	return w.Add(ctx, Entry{Name: name, Size: info.Size(), Modified: info.ModTime().UTC()}, read)
}

// Add writes an entry's data; where there is less than its size, because a file was cut
// meanwhile or cannot be read on, zeros, since tar has written the size down already.
func (w *Writer) Add(ctx context.Context, entry Entry, data io.Reader) error {
	name, size := entry.Name, entry.Size
	header := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o644, ModTime: entry.Modified, Format: tar.FormatPAX}
	if err := w.tar.WriteHeader(header); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	sum := sha256.New()
	both := io.MultiWriter(w.tar, sum)
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
	w.names[name] = true
	w.total += size
	w.Manifest.Files = append(w.Manifest.Files, entry)
	w.progress(sdk.Progress{Message: fmt.Sprintf("%d files, %d bytes", len(w.Manifest.Files), w.total)})
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

// Close writes the manifest and ends the archive, but not what it is written to.
func (w *Writer) Close() error {
	text, err := json.MarshalIndent(w.Manifest, "", "  ")
	if err != nil {
		return err
	}
	header := &tar.Header{
		Typeflag: tar.TypeReg, Name: ManifestName, Size: int64(len(text)), Mode: 0o644, ModTime: w.Manifest.Created, Format: tar.FormatPAX,
	}
	if err := w.tar.WriteHeader(header); err != nil {
		return err
	}
	if _, err := w.tar.Write(text); err != nil {
		return err
	}
	return errors.Join(w.tar.Close(), w.zip.Close())
}
