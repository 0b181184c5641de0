package fields

import (
	"bytes"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
)

// Seal is what a journal may have of a value of a Secret: enough to tell whether another
// value is the same. A salt of its own and a slow hash stand in the way of who tries out
// values, as short passwords, on a journal that he has got hold of.
type Seal struct {
	Salt []byte `json:"salt"`
	Sum  []byte `json:"sum"`
}

// sealRounds is how often a value is hashed: some hundredths of a second.
const sealRounds = 100_000

func sealed(data any, there bool) (Value, error) {
	if !there {
		return Value{}, nil
	}
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // which does not return where it cannot
	sum, err := sumOf(data, salt)
	return Value{There: true, Seal: &Seal{salt, sum}}, err
}

func (s Seal) fits(data any) bool {
	sum, err := sumOf(data, s.Salt)
	return err == nil && bytes.Equal(sum, s.Sum)
}

func sumOf(data any, salt []byte) ([]byte, error) {
	text, err := json.Marshal(data)
	if err != nil {
		return nil, err
	}
	return pbkdf2.Key(sha256.New, string(text), salt, sealRounds, sha256.Size)
}
