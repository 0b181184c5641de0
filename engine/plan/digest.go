package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// digestOf hashes the JSON form of the plan, whose fields and map keys have a fixed
// order, without its digest.
func digestOf(p Plan) (string, error) {
	p.Digest = ""
	hash := sha256.New()
	if err := json.NewEncoder(hash).Encode(p); err != nil {
		return "", fmt.Errorf("hash the plan: %w", err)
	}
	return "sha256:" + hex.EncodeToString(hash.Sum(nil)), nil
}
