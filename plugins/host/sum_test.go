package host_test

import (
	"crypto/sha256"
	"encoding/hex"
)

func sha256Hex(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
