package host

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/gatebook/gatebook/plugins/host/internal/program"
)

// LockFile is the name of the lock, beside the runbooks.
const LockFile = "gatebook.lock"

// Lock pins each plugin to one version, and to the checksums of that version's
// programs for all platforms, so that one file serves a laptop and a server.
type Lock struct {
	Version int               `json:"version"` // of this format: 1
	Plugins map[string]Locked `json:"plugins"`
}

// Locked is what is known of one plugin.
type Locked struct {
	Version string            `json:"version"` // SemVer
	SHA256  map[string]string `json:"sha256"`  // by platform: "linux/amd64"
}

// ReadLock reads a lock. That there is none is an empty lock. One that everybody may change,
// or a group, is refused: it says which programs may be run. That it is another's is not: so
// is the runbook beside it, whose author locked it.
func ReadLock(path string) (Lock, error) {
	text, err := readLock(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Lock{Version: 1}, nil
	case errors.Is(err, ErrUntrusted):
		return Lock{}, err
	case err != nil:
		return Lock{}, fmt.Errorf("read the lock: %w", err)
	}
	lock, err := ParseLock(text)
	if err != nil {
		return Lock{}, fmt.Errorf("%s: %w; mend it, or remove it and lock each plugin anew with: gatebook plugins lock NAME", path, err)
	}
	return lock, nil
}

func readLock(path string) ([]byte, error) {
	file, err := program.OpenFile(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: %s, which says what may be run, is not a file", ErrUntrusted, path)
	}
	if who, mend := program.Writer(info); who != "" {
		return nil, fmt.Errorf("%w: %s may change %s, which says what may be run; look at what is in it, then run: %s %s", ErrUntrusted, who, path, mend, path)
	}
	return io.ReadAll(file)
}

// ParseLock reads the text of a lock and accepts nothing that it does not know.
func ParseLock(text []byte) (Lock, error) {
	var lock Lock
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&lock); err != nil {
		return Lock{}, fmt.Errorf("not a lock: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return Lock{}, errors.New("not a lock: something follows its end")
	}
	if err := exactKeys(text); err != nil {
		return Lock{}, err
	}
	if lock.Version != 1 {
		return Lock{}, fmt.Errorf("a lock of version %d, and this gatebook knows version 1: upgrade gatebook", lock.Version)
	}
	for _, name := range slices.Sorted(maps.Keys(lock.Plugins)) {
		if err := lock.Plugins[name].check(name); err != nil {
			return Lock{}, err
		}
	}
	return lock, nil
}

var (
	platformName = regexp.MustCompile(`^[a-z0-9]+/[a-z0-9]+$`)
	sumText      = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// check says whether what is locked can be that of a plugin.
func (l Locked) check(name string) error {
	if err := validName(name); err != nil {
		return err
	}
	if _, err := semver.StrictNewVersion(l.Version); err != nil {
		return fmt.Errorf("the version of %s is not SemVer: %q", name, l.Version)
	}
	for _, platform := range slices.Sorted(maps.Keys(l.SHA256)) {
		if !platformName.MatchString(platform) {
			return fmt.Errorf("%s is locked for what is no platform, as linux/amd64: %q", name, platform)
		}
		if sum := l.SHA256[platform]; !sumText.MatchString(sum) {
			return fmt.Errorf("the checksum of %s for %s is no SHA-256: %q", name, platform, sum)
		}
	}
	return nil
}

// Text returns the lock as it stands in its file: sorted, a line for each checksum.
func (l Lock) Text() ([]byte, error) {
	text, err := json.MarshalIndent(l, "", "  ")
	return append(text, '\n'), err
}

// With returns the lock with a plugin in it. Checksums of the same version for other
// platforms stay, those of another version go.
func (l Lock) With(name string, locked Locked) Lock {
	merged := Locked{Version: locked.Version, SHA256: map[string]string{}}
	if old, ok := l.Plugins[name]; ok && old.Version == locked.Version {
		maps.Copy(merged.SHA256, old.SHA256)
	}
	maps.Copy(merged.SHA256, locked.SHA256)
	plugins := maps.Clone(l.Plugins)
	if plugins == nil {
		plugins = map[string]Locked{}
	}
	plugins[name] = merged
	return Lock{Version: 1, Plugins: plugins}
}

// Without returns the lock without a plugin: what a release says of it is all that there
// is of it.
func (l Lock) Without(name string) Lock {
	plugins := maps.Clone(l.Plugins)
	delete(plugins, name)
	return Lock{Version: 1, Plugins: plugins}
}

// checksumLine is a line of sha256sum over the files of a release, which are called
// gatebook-plugin-NAME_VERSION_OS_ARCH.
var checksumLine = regexp.MustCompile(`^([0-9a-f]{64})[ \t]+[*]?(?:\S*/)?` + prefix + `([a-z][a-z0-9-]*)_v?(\d+\.\d+\.\d+[^_\s]*)_([a-z0-9]+)_([a-z0-9]+)(?:\.exe)?$`)

// ParseChecksums reads the checksum file of a plugin's release, as sha256sum writes
// it, and returns what is to be locked of the named plugin: every platform at once.
func ParseChecksums(name string, text []byte) (Locked, error) {
	found := Locked{SHA256: map[string]string{}}
	for line := range strings.Lines(string(text)) {
		parts := checksumLine.FindStringSubmatch(strings.TrimSpace(line))
		if parts == nil || parts[2] != name {
			continue
		}
		if found.Version != "" && found.Version != parts[3] {
			return Locked{}, fmt.Errorf("the checksums are of two versions of %s: %s and %s", name, found.Version, parts[3])
		}
		platform := parts[4] + "/" + parts[5]
		if other, ok := found.SHA256[platform]; ok && other != parts[1] {
			return Locked{}, fmt.Errorf("the checksums are of two programs of %s for %s: %s and %s", name, platform, other, parts[1])
		}
		found.Version = parts[3]
		found.SHA256[platform] = parts[1]
	}
	if found.Version == "" {
		return Locked{}, fmt.Errorf("no line is of a file %s%s_VERSION_OS_ARCH", prefix, name)
	}
	// What cannot be read again would take all the others with it.
	return found, found.check(name)
}

// verify says whether a program is the one that is locked for the platform.
func (l Lock) verify(name, platform string, binary *program.Program) error {
	locked, ok := l.Plugins[name]
	if !ok {
		return fmt.Errorf("%w: %s is not in %s, so nobody has said that %s may be run; look where it is from, then run: gatebook plugins lock %s",
			ErrUntrusted, name, LockFile, binary.Path(), name)
	}
	sum, ok := locked.SHA256[platform]
	switch {
	case !ok:
		return fmt.Errorf("%w: %s %s is locked for %s, and not for %s; lock it from the release's checksums: gatebook plugins lock %s --checksums FILE",
			ErrUntrusted, name, locked.Version, strings.Join(slices.Sorted(maps.Keys(locked.SHA256)), ", "), platform, name)
	case sum != binary.SHA256():
		return fmt.Errorf("%w: %s is not the %s %s that is locked: its SHA-256 is %s, and %s says %s. Somebody changed or upgraded it; find out who. Put the locked one back, which runs that began with it need to go on, or have this one used from now on: gatebook plugins lock %s",
			ErrUntrusted, binary.Path(), name, locked.Version, binary.SHA256(), LockFile, sum, name)
	}
	return nil
}
