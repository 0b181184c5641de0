package host

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// ErrUntrusted is for a binary that may not be started.
var ErrUntrusted = errors.New("plugin refused")

// binary is a plugin's program, opened: what was hashed is what is executed.
type binary struct {
	path string // as it was found
	file *os.File
	sum  string // SHA-256 of its bytes, in lower-case hex
}

// open opens and hashes a plugin's program. It refuses one that everybody may
// change, or may put another in the place of.
func open(path string) (*binary, error) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUntrusted, err)
	}
	for _, dir := range []string{filepath.Dir(path), filepath.Dir(real)} {
		info, err := os.Stat(dir)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrUntrusted, err)
		}
		if isWritableByAll(info) {
			return nil, fmt.Errorf("%w: everybody may write to the folder %s, and so put another program in the place of %s; move it, or run: chmod o-w %s",
				ErrUntrusted, dir, path, dir)
		}
	}
	file, err := os.Open(real)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUntrusted, err)
	}
	opened := &binary{path: path, file: file}
	if err := opened.examine(); err != nil {
		_ = file.Close()
		return nil, err
	}
	return opened, nil
}

// examine looks at the open file and not at its name, which may change hands.
func (b *binary) examine() error {
	info, err := b.file.Stat()
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrUntrusted, err)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%w: %s is not a file", ErrUntrusted, b.path)
	case isWritableByAll(info):
		return fmt.Errorf("%w: everybody may change %s; run: chmod o-w %s", ErrUntrusted, b.path, b.path)
	case !isExecutable(info):
		return fmt.Errorf("%w: %s is not executable; run: chmod u+x %s", ErrUntrusted, b.path, b.path)
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, b.file); err != nil {
		return fmt.Errorf("%w: %w", ErrUntrusted, err)
	}
	b.sum = hex.EncodeToString(hash.Sum(nil))
	return nil
}

func (b *binary) close() { _ = b.file.Close() }
