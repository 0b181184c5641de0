// Package chain is what a journal is made of: lines, each a record whose hash covers the
// line before, and the reader that cuts a stream into them. Where they are kept is not its
// business.
package chain

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strconv"
)

// MaxPayload is the largest payload that a record may have, in bytes. It is far
// above what a step keeps of its output, and bounds the memory of a reader.
const MaxPayload = 16 << 20

// The parts of a line around its sequence number, its payload and its hash:
//
//	{"seq":7,"event":PAYLOAD,"hash":"HEX"}
//
// A line is compared with these byte for byte and never decoded and encoded
// again, so that no two spellings of one record both count as right.
const (
	beforeSeq   = `{"seq":`
	beforeEvent = `,"event":`
	beforeHash  = `,"hash":"`
	afterHash   = `"}`
	hexLen      = 2 * sha256.Size
)

const (
	// TailLen is how long the end of a line is that holds its hash, in bytes.
	TailLen = len(beforeHash) + hexLen + len(afterHash)
	// MaxLine is how long a line can be, in bytes.
	MaxLine = int64(len(beforeSeq) + 20 + len(beforeEvent) + MaxPayload + TailLen + 1)
)

// Hash is the SHA-256 of a record and, through its predecessor, of all before it.
type Hash [sha256.Size]byte

// String returns the hash in lower-case hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText writes the hash as [Hash.String] does.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// Head is the end of a chain: who knows it can tell later whether any record up to
// there was changed, and whether records were cut off.
type Head struct {
	Seq  uint64 `json:"seq"` // of the last record; 0: there is none
	Hash Hash   `json:"hash"`
}

// Record is one line of a journal.
type Record struct {
	Seq     uint64
	Payload []byte // the event's JSON, valid until the next record is read
	Hash    Hash
}

// genesis stands before the first record. It names the format of the chain, so that
// a later format cannot be taken for this one.
func genesis() Hash { return sha256.Sum256([]byte("gatebook/journal/v1")) }

// Chain computes the hashes of records one after another, and allocates nothing for it.
type Chain struct {
	Head Head // of what was written or read so far
	sha  hash.Hash
	next Hash // of the record at hand
	text [hexLen]byte
}

// New returns the chain of a journal without records.
func New() *Chain { return &Chain{Head: Head{Hash: genesis()}, sha: sha256.New()} }

// link computes the hash of the next record, whose line is body and the hash.
func (c *Chain) link(body []byte) {
	c.sha.Reset()
	c.sha.Write(c.Head.Hash[:]) // hash.Hash never returns an error
	c.sha.Write(body)
	c.sha.Sum(c.next[:0])
}

// Write appends the next record's line to buf and moves the head on.
func (c *Chain) Write(buf, payload []byte) []byte {
	start := len(buf)
	c.Head.Seq++
	buf = append(buf, beforeSeq...)
	buf = strconv.AppendUint(buf, c.Head.Seq, 10)
	buf = append(buf, beforeEvent...)
	buf = append(buf, payload...)
	c.link(buf[start:])
	c.Head.Hash = c.next
	buf = append(buf, beforeHash...)
	buf = hex.AppendEncode(buf, c.Head.Hash[:])
	buf = append(buf, afterHash...)
	return append(buf, '\n')
}

// Read checks that line, without its newline, is the next record, and moves the head
// on. The error says what is wrong with the line; the place is the caller's to add.
func (c *Chain) Read(line []byte) (Record, error) {
	seq, payload, written, err := split(line)
	if err != nil {
		return Record{}, err
	}
	if want := strconv.AppendUint(c.text[:0], c.Head.Seq+1, 10); !bytes.Equal(seq, want) {
		return Record{}, fmt.Errorf("it is numbered %.20s where record %s was expected", seq, want)
	}
	c.link(line[:len(line)-TailLen])
	if hex.Encode(c.text[:], c.next[:]); !bytes.Equal(written, c.text[:]) {
		return Record{}, fmt.Errorf("its hash is %s, and the chain up to here gives %s", written, c.text)
	}
	c.Head = Head{Seq: c.Head.Seq + 1, Hash: c.next}
	return Record{Seq: c.Head.Seq, Payload: payload, Hash: c.next}, nil
}

// split takes a line apart, and judges only its shape.
func split(line []byte) (seq, payload, hash []byte, err error) {
	rest, ok := bytes.CutPrefix(line, []byte(beforeSeq))
	if !ok {
		return nil, nil, nil, fmt.Errorf("it does not begin with %s", beforeSeq)
	}
	digits := 0
	for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
		digits++
	}
	seq, rest = rest[:digits], rest[digits:]
	rest, ok = bytes.CutPrefix(rest, []byte(beforeEvent))
	if !ok {
		return nil, nil, nil, fmt.Errorf("its number is not followed by %s", beforeEvent)
	}
	if len(rest) < TailLen {
		return nil, nil, nil, fmt.Errorf("it is too short to hold a hash")
	}
	payload, tail := rest[:len(rest)-TailLen], rest[len(rest)-TailLen:]
	hash, ok = bytes.CutPrefix(tail, []byte(beforeHash))
	if ok {
		hash, ok = bytes.CutSuffix(hash, []byte(afterHash))
	}
	if !ok || !isHex(hash) {
		return nil, nil, nil, fmt.Errorf("it does not end with a hash")
	}
	return seq, payload, hash, nil
}

// isHex keeps bytes that could steer a terminal out of error messages.
func isHex(text []byte) bool {
	for _, b := range text {
		if (b < '0' || b > '9') && (b < 'a' || b > 'f') {
			return false
		}
	}
	return len(text) == hexLen
}

// ReadLast reads a line of which nothing but the end of the line before is known.
func (c *Chain) ReadLast(before, line []byte) (Record, error) {
	if len(before) == 0 {
		return c.Read(line)
	}
	seq, _, _, err := split(line)
	if err != nil {
		return Record{}, err
	}
	number, err := strconv.ParseUint(string(seq), 10, 64)
	if err != nil {
		return Record{}, errors.New("its number is too large")
	}
	c.Head.Seq = number - 1
	hash := bytes.TrimSuffix(before, []byte(afterHash+"\n"))
	hash = hash[max(len(hash)-hexLen, 0):]
	if !isHex(hash) {
		return Record{}, errors.New("the line before it does not end with a hash")
	}
	if _, err := hex.Decode(c.Head.Hash[:], hash); err != nil {
		return Record{}, err
	}
	return c.Read(line)
}
