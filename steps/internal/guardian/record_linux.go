package guardian

import (
	"crypto/sha256"
	"encoding/binary"
	"io"

	"github.com/gatebook/gatebook/steps/internal/proc"
)

const (
	// tableName is what proc(5) calls the table.
	tableName = "gatebook-guardian"
	// recordSize is that of one record: leader, start, session, and the mark's digest.
	recordSize = 3*8 + sha256.Size
)

// record is what the table has of a ward. The zero record is a free one.
type record struct {
	group proc.Group
	mark  digest
}

// digest stands for a mark, which has no length of its own.
type digest [sha256.Size]byte

func digestOf(mark string) digest { return sha256.Sum256([]byte(mark)) }

func (r record) encode() (text [recordSize]byte) {
	binary.NativeEndian.PutUint64(text[0:], uint64(r.group.Leader))
	binary.NativeEndian.PutUint64(text[8:], r.group.Start)
	binary.NativeEndian.PutUint64(text[16:], uint64(r.group.Session))
	copy(text[24:], r.mark[:])
	return text
}

// read returns the wards of the table. A record that is only partly there is none.
func read(table io.ReaderAt) []record {
	var wards []record
	var text [recordSize]byte
	for at := int64(0); ; at += recordSize {
		if _, err := table.ReadAt(text[:], at); err != nil {
			return wards
		}
		ward := record{proc.Group{
			Leader:  int(binary.NativeEndian.Uint64(text[0:])),
			Start:   binary.NativeEndian.Uint64(text[8:]),
			Session: int(binary.NativeEndian.Uint64(text[16:])),
		}, digest(text[24:])}
		if ward.group.Leader > 1 { // 1 and less would mean everybody
			wards = append(wards, ward)
		}
	}
}
