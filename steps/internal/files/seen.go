package files

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// mostHashed is up to what size, in bytes, a file is read for a preview: a plan is not to
// wait for a backup of a terabyte.
const mostHashed = 64 << 20

// Seen is a file as a preview saw it, for people under the name that the runbook has for it.
// A large one is known by its size alone.
func Seen(ctx context.Context, path, name string) sdk.Seen {
	version, err := versionOf(ctx, path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		version = "absent"
	case err != nil:
		version = "unread: " + Reason(err)
	}
	return sdk.Seen{Kind: "file", Name: name, Version: version}
}

func versionOf(ctx context.Context, path string) (string, error) {
	info, err := os.Stat(path) // opening a named pipe would wait for a writer
	switch {
	case err != nil:
		return "", err
	case info.IsDir():
		return "a directory", nil
	case !info.Mode().IsRegular():
		return "no regular file", nil
	case info.Size() > mostHashed:
		return fmt.Sprintf("%d bytes", info.Size()), nil
	}
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, NewReader(ctx, file, info.Size(), nil)); err != nil {
		return "", err
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil)), nil
}
