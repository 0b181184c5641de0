// Package program opens the programs of plugins, and refuses those that somebody else may
// change. It knows nothing of locks: it says what a program's checksum is, and others say
// whether that is the right one. It is a part of plugins/host.
package program

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ErrUntrusted is for a program that may not be started.
var ErrUntrusted = errors.New("plugin refused")

// Program is a plugin's program, opened: what was hashed is what is executed.
type Program struct {
	path string
	file *os.File
	sum  string
}

// Open opens and hashes a plugin's program. It refuses one that others may change, or may
// put another in the place of.
func Open(path string) (*Program, error) {
	real, folders, err := follow(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUntrusted, err)
	}
	for _, dir := range folders {
		info, err := os.Stat(dir)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrUntrusted, err)
		}
		if who, mend := Stranger(info); who != "" {
			return nil, fmt.Errorf("%w: %s may write to the folder %s, and so put another program in the place of %s; move it, or run: %s %s",
				ErrUntrusted, who, dir, path, mend, dir)
		}
	}
	file, err := OpenFile(real)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUntrusted, err)
	}
	opened := &Program{path: path, file: file}
	if err := opened.examine(); err != nil {
		_ = file.Close()
		return nil, err
	}
	return opened, nil
}

// OpenFile opens a file to be read. Of a pipe it waits for nobody who writes to it.
func OpenFile(path string) (*os.File, error) { return os.OpenFile(path, openFlags, 0) }

// maxLinks is how many links a path may lead through, as many as Linux follows.
const maxLinks = 40

// follow returns what a path leads to in the end, and the folders in which another program
// could be put in its place: its own, and that of each link on the way, be it to the program
// or to a folder.
func follow(path string) (real string, folders []string, err error) {
	real, names := parts(".", path)
	for links := 0; len(names) > 0; {
		name := names[0]
		names = names[1:]
		// What ".." is behind a link only the file system knows; real leads through none.
		next := filepath.Join(real, name)
		info, err := os.Lstat(next)
		if err != nil {
			return "", nil, err
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			real = next
			continue
		}
		to, err := os.Readlink(next)
		if err != nil {
			return "", nil, err
		}
		if links++; links > maxLinks {
			return "", nil, fmt.Errorf("%s: more than %d links", path, maxLinks)
		}
		folders = append(folders, real)
		from, through := parts(real, to)
		real, names = from, append(through, names...)
	}
	return real, append(folders, filepath.Dir(real)), nil
}

// parts returns where a path begins that is met in a folder, and the names on its way.
func parts(in, path string) (from string, names []string) {
	volume := filepath.VolumeName(path)
	path = filepath.ToSlash(path[len(volume):])
	names = slices.DeleteFunc(strings.Split(path, "/"), func(name string) bool { return name == "" })
	switch {
	case strings.HasPrefix(path, "/"):
		return cmp.Or(volume, filepath.VolumeName(in)) + string(filepath.Separator), names
	case volume != "":
		return volume + ".", names
	default:
		return in, names
	}
}

// examine looks at the open file and not at its name, which may change hands.
func (p *Program) examine() error {
	info, err := p.file.Stat()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUntrusted, err)
	}
	who, mend := Stranger(info)
	switch {
	case !info.Mode().IsRegular():
		return fmt.Errorf("%w: %s is not a file", ErrUntrusted, p.path)
	case who != "":
		return fmt.Errorf("%w: %s may change %s; run: %s %s", ErrUntrusted, who, p.path, mend, p.path)
	case !isExecutable(info):
		return fmt.Errorf("%w: %s is not executable; run: chmod u+x %s", ErrUntrusted, p.path, p.path)
	}
	hash := sha256.New()
	text := bufio.NewReaderSize(p.file, 1<<20)
	if begins, _ := text.Peek(len(scriptMark)); string(begins) == scriptMark {
		return fmt.Errorf("%w: %s is a script: its checksum says nothing of the program that runs it. A plugin is one executable file", ErrUntrusted, p.path)
	}
	if _, err := text.WriteTo(hash); err != nil {
		return fmt.Errorf("%w: %w", ErrUntrusted, err)
	}
	p.sum = hex.EncodeToString(hash.Sum(nil))
	return nil
}

// scriptMark is what a script begins with.
const scriptMark = "#!"

// Path is where the program was found.
func (p *Program) Path() string { return p.path }

// SHA256 is that of its bytes, in lower-case hex.
func (p *Program) SHA256() string { return p.sum }

// Close lets go of the file. A process that was started from it goes on.
func (p *Program) Close() { _ = p.file.Close() }
