// Package label says what runs, requests, locks and logs are called on the disk: ids that
// sort by time, and names that no file system or shell minds.
package label

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// Max is the longest name, in bytes, from which a file's name is made; file
// systems allow 255, and endings and prefixes are added.
const Max = 128

// letters make the random part of an id. There is no i, l, o or u among them, so
// that an id can be read aloud and typed.
const letters = "0123456789abcdefghjkmnpqrstvwxyz"

// idTime is how an id begins.
const idTime = "20060102-150405"

// NewRunID makes the id of a run from the time and a random number: readable, and
// sorting by time to the millisecond, such as "20261121-193055-k3f9x". Two letters of
// its last part are the fraction of the second, in units of 1/1024; the rest is random.
func NewRunID(now time.Time, random uint64) string {
	now = now.UTC()
	fraction := uint64(now.Nanosecond()) * 1024 / uint64(time.Second)
	units := uint64(len(letters))
	return now.Format(idTime) + "-" + spell(fraction/units, 1) + spell(fraction%units, 1) + spell(random, 3)
}

// ReadRunID returns the time, to the second, that a name has from [NewRunID], and whether
// it may be one that this made. Only such names sort by time, so that the last of them
// is the newest run.
func ReadRunID(name string) (time.Time, bool) {
	clock, random := name, ""
	if dash := strings.LastIndexByte(name, '-'); dash >= 0 {
		clock, random = name[:dash], name[dash+1:]
	}
	made, err := time.Parse(idTime, clock)
	return made, err == nil && random != "" && strings.Trim(random, letters) == ""
}

// NewRequestID is a run id with nanoseconds, so that requests keep their order.
func NewRequestID(now time.Time, random uint64) string {
	now = now.UTC()
	return fmt.Sprintf("%s-%09d-%s", now.Format(idTime), now.Nanosecond(), spell(random, 8))
}

func spell(random uint64, length int) string {
	text := make([]byte, length)
	for i := range text {
		text[i] = letters[random%uint64(len(letters))]
		random /= uint64(len(letters))
	}
	return string(text)
}

// Check refuses what could not be the name of a file in its folder: the name of
// a lock comes from a runbook, that of a run from the command line.
func Check(what, name string) error {
	switch {
	case name == "":
		return fmt.Errorf("the name of a %s is empty", what)
	case len(name) > Max:
		return fmt.Errorf("the name of a %s has %d bytes, and at most %d are allowed", what, len(name), Max)
	case !isPlain(name[0]) || strings.ContainsFunc(name, func(r rune) bool { return r >= 0x80 || !isPlain(byte(r)) && !strings.ContainsRune("._-", r) }):
		return fmt.Errorf("%q is no name for a %s: it has letters, digits, \".\", \"_\" and \"-\", and begins with a letter or digit", name, what)
	default:
		return nil
	}
}

func isPlain(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9'
}

// File makes a file's name of any text, and different ones of different texts:
// bytes that a file system or a shell might mind are written as %XX, and the end of a
// long name as its hash.
func File(name string) string {
	var b strings.Builder
	for i := range len(name) {
		if c := name[i]; isPlain(c) || c == '_' || c == '-' || c == '.' && i > 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	safe := b.String()
	if len(safe) > Max {
		sum := sha256.Sum256([]byte(name))
		safe = safe[:Max-33] + "~" + hex.EncodeToString(sum[:16])
	}
	return safe
}
