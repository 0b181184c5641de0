package host

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
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

// open opens and hashes a plugin's program. It refuses one that others may change, or may
// put another in the place of.
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
		if who, mend := strangerWith(info); who != "" {
			return nil, fmt.Errorf("%w: %s may write to the folder %s, and so put another program in the place of %s; move it, or run: %s %s",
				ErrUntrusted, who, dir, path, mend, dir)
		}
	}
	file, err := os.OpenFile(real, openFlags, 0)
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
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUntrusted, err)
	}
	who, mend := strangerWith(info)
	switch {
	case !info.Mode().IsRegular():
		return fmt.Errorf("%w: %s is not a file", ErrUntrusted, b.path)
	case who != "":
		return fmt.Errorf("%w: %s may change %s; run: %s %s", ErrUntrusted, who, b.path, mend, b.path)
	case !isExecutable(info):
		return fmt.Errorf("%w: %s is not executable; run: chmod u+x %s", ErrUntrusted, b.path, b.path)
	}
	hash := sha256.New()
	text := bufio.NewReaderSize(b.file, 1<<20)
	if begins, _ := text.Peek(len(scriptMark)); string(begins) == scriptMark {
		return fmt.Errorf("%w: %s is a script: its checksum says nothing of the program that runs it. A plugin is one executable file", ErrUntrusted, b.path)
	}
	if _, err := text.WriteTo(hash); err != nil {
		return fmt.Errorf("%w: %w", ErrUntrusted, err)
	}
	b.sum = hex.EncodeToString(hash.Sum(nil))
	return nil
}

// scriptMark is what a script begins with.
const scriptMark = "#!"

func (b *binary) close() { _ = b.file.Close() }
