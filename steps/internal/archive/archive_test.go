package archive_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/steps/internal/archive"
)

// TestOnlyTheMarkerNamesAKey holds that the comment of somebody else's archive is no key.
func TestOnlyTheMarkerNamesAKey(t *testing.T) {
	t.Parallel()
	for comment, want := range map[string]string{"gatebook run-1-step-do": "run-1-step-do", "run-1-step-do": "", "": ""} {
		name := filepath.Join(t.TempDir(), "a.tgz")
		var written bytes.Buffer
		zip := gzip.NewWriter(&written)
		zip.Comment = comment
		entries := tar.NewWriter(zip)
		text := "{}"
		if err := entries.WriteHeader(&tar.Header{Name: archive.ManifestName, Size: int64(len(text)), Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(entries, text); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(entries.Close(), zip.Close(), os.WriteFile(name, written.Bytes(), 0o600)); err != nil {
			t.Fatal(err)
		}
		if got, err := archive.Inspect(t.Context(), name); err != nil || got.Key != want {
			t.Errorf("the comment %q gives the key %q, %v; want %q", comment, got.Key, err, want)
		}
	}
}

// TestAFileThatCannotBeReadToItsEnd stands for a log that is rotated meanwhile, and for
// a bad disk.
func TestAFileThatCannotBeReadToItsEnd(t *testing.T) {
	t.Parallel()
	var written bytes.Buffer
	to := archive.NewWriter(&written, "key", time.Unix(0, 0), archive.Limits{}, func(sdk.Progress) {})
	for name, data := range map[string]io.Reader{
		"log":  strings.NewReader("cut"),
		"disk": io.MultiReader(strings.NewReader("bad"), iotest.ErrReader(errors.New("input/output error"))),
	} {
		if err := to.Add(t.Context(), archive.Entry{Name: name, Size: 8}, data); err != nil {
			t.Fatal(err)
		}
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	texts, notes := map[string]string{}, map[string]string{}
	zip, err := gzip.NewReader(&written)
	if err != nil {
		t.Fatal(err)
	}
	for entries := tar.NewReader(zip); ; {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(entries)
		if err != nil {
			t.Fatal(err)
		}
		texts[header.Name] = string(text)
	}
	delete(texts, archive.ManifestName)
	for _, entry := range to.Manifest.Files {
		notes[entry.Name] = entry.Note
	}
	if diff := cmp.Diff(map[string]string{"log": "cut\x00\x00\x00\x00\x00", "disk": "bad\x00\x00\x00\x00\x00"}, texts); diff != "" {
		t.Errorf("the archive (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{
		"log":  "only 3 bytes could be read; the rest are zeros",
		"disk": "only 3 bytes could be read; the rest are zeros: input/output error",
	}, notes); diff != "" {
		t.Errorf("the manifest (-want +got):\n%s", diff)
	}
}
