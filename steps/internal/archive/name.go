package archive

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gatebook/gatebook/steps/internal/files"
)

// Numbered returns the nth name that an archive may have: evidence.tar.gz itself, then
// evidence.2.tar.gz and so on.
func Numbered(name string, n int) string {
	if n < 2 {
		return name
	}
	stem, ending := cutEnding(name)
	return fmt.Sprintf("%s.%d%s", stem, n, ending)
}

func cutEnding(name string) (stem, ending string) {
	ending = path.Ext(name)
	stem = strings.TrimSuffix(name, ending)
	if inner, isTar := strings.CutSuffix(stem, ".tar"); isTar {
		return inner, ".tar" + ending
	}
	return stem, ending
}

// numberOf returns the n by which [Numbered] makes base of name; 0: it does not.
func numberOf(name, base string) int {
	stem, ending := cutEnding(name)
	middle, _ := strings.CutSuffix(strings.TrimPrefix(base, stem+"."), ending)
	n, err := strconv.Atoi(middle)
	switch {
	case base == name:
		return 1
	case err != nil || n < 2 || base != Numbered(name, n):
		return 0
	default:
		return n
	}
}

// Free returns the first number by which nothing can be seen to have an archive's name.
func Free(target string) int {
	for n := 1; ; n++ {
		if _, err := os.Lstat(Numbered(target, n)); err != nil {
			return n
		}
	}
}

// Find looks for the whole archive of a key among the names that it may have, also where
// some before it are gone again. Where there is none, it is a [fs.ErrNotExist].
func Find(ctx context.Context, target, key string) (int, File, error) {
	// Reading a directory that is a named pipe would wait for somebody to write.
	if _, err := os.Lstat(target); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, File{}, err
	}
	entries, err := os.ReadDir(filepath.Dir(target))
	if err != nil {
		return 0, File{}, err
	}
	for _, entry := range entries {
		n := numberOf(filepath.Base(target), entry.Name())
		name := Numbered(target, n)
		if n == 0 || key == "" || KeyOf(name) != key {
			continue
		}
		found, err := Inspect(ctx, name)
		switch {
		case ctx.Err() != nil:
			return 0, File{}, context.Cause(ctx)
		case err == nil && found.Key == key:
			return n, found, nil
		}
	}
	return 0, File{}, fmt.Errorf("no archive %s with the key %q: %w", target, key, fs.ErrNotExist)
}

// KeyOf returns the key in the head of an archive; empty: none can be seen.
func KeyOf(name string) string {
	// Opening a named pipe would wait for somebody to write.
	if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	file, err := os.Open(name)
	if err != nil {
		return ""
	}
	defer func() { _ = file.Close() }()
	zip, err := gzip.NewReader(file)
	if err != nil {
		return ""
	}
	return keyIn(zip.Header)
}

// keyIn returns the key that a [Writer] put into the header; empty: it did not.
func keyIn(header gzip.Header) string {
	key, marked := strings.CutPrefix(header.Comment, marker)
	if !marked {
		return ""
	}
	return key
}

// Publish gives a whole archive the first of its names that is free, on the disk too, and
// returns its number. It never replaces a file, whoever else takes names meanwhile.
func Publish(part, target string) (int, error) {
	for n := 1; ; n++ {
		err := rename(part, Numbered(target, n))
		switch {
		case errors.Is(err, fs.ErrExist):
			continue
		case err != nil:
			return 0, err
		default:
			return n, files.SyncDir(filepath.Dir(target))
		}
	}
}

func rename(part, target string) error {
	err := os.Link(part, target)
	switch {
	case err == nil:
		return os.Remove(part)
	case errors.Is(err, fs.ErrExist):
		return err
	}
	// Not every file system has links; there a file made this very moment is lost.
	if _, err := os.Lstat(target); err == nil {
		return fs.ErrExist
	}
	return os.Rename(part, target)
}
