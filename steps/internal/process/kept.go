package process

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Kept is what is kept of one output stream: its beginning and its end. The zero Kept
// has kept nothing.
type Kept struct {
	limit      int
	head, tail []byte // tail holds up to twice what it must, so that it rarely moves
	total      int64
}

// hold takes in what is printed next.
func (k *Kept) hold(text []byte) {
	k.total += int64(len(text))
	half := k.limit / 2
	if room := k.limit - half - len(k.head); room > 0 {
		n := min(room, len(text))
		k.head = append(k.head, text[:n]...)
		text = text[n:]
	}
	k.tail = append(k.tail, text[max(0, len(text)-half):]...)
	if len(k.tail) > 2*half {
		k.tail = k.tail[:copy(k.tail, k.tail[len(k.tail)-half:])]
	}
}

// ending is what is kept of the end.
func (k Kept) ending() []byte { return k.tail[max(0, len(k.tail)-k.limit/2):] }

// Cut returns how many bytes are not kept, and after how many.
func (k Kept) Cut() (cut int64, after int) {
	return k.total - int64(len(k.head)+len(k.ending())), len(k.head)
}

// Bytes returns what is kept as it was printed, with nothing where something is cut out.
func (k Kept) Bytes() []byte { return append(bytes.Clone(k.head), k.ending()...) }

// Text returns what is kept for people: with a mark where something is cut out, and
// without the newlines at the end.
func (k Kept) Text() string {
	var text strings.Builder
	head, ending := k.head, k.ending()
	if cut, _ := k.Cut(); cut > 0 {
		head = head[:wholeRunes(head)]
		for len(ending) > 0 && !utf8.RuneStart(ending[0]) {
			ending = ending[1:]
		}
		head = fmt.Appendf(bytes.Clone(head), "\n%s %d bytes cut %s\n", cutMark, cut, cutMark)
	}
	text.Write(head)
	text.Write(ending)
	return strings.TrimRight(strings.ToValidUTF8(text.String(), "\uFFFD"), "\r\n")
}
