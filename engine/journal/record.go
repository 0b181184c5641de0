package journal

import "github.com/gatebook/gatebook/engine/journal/internal/chain"

// MaxPayload is the largest payload that a record may have, in bytes.
const MaxPayload = chain.MaxPayload

type (
	// Hash is the SHA-256 of a record and, through its predecessor, of all before it.
	Hash = chain.Hash
	// Head is the end of a chain: who knows it can tell later whether any record up to
	// there was changed, and whether records were cut off.
	Head = chain.Head
	// Record is one line of a journal.
	Record = chain.Record
)
