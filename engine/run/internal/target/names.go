package target

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// surer reports whether a target is known by a surer name now than it was.
func surer(now, was sdk.Target) bool {
	return sdk.KindOf(now.ID) != sdk.KindOf(was.ID) && len(now.Also) > len(was.Also)
}

// bare is a target without the secrets that are in its words.
func (k *Known) bare(target sdk.Target) sdk.Target {
	bare := sdk.Target{ID: k.mask(target.ID), Title: k.mask(target.Title)}
	for _, name := range target.Also {
		bare.Also = append(bare.Also, k.mask(name))
	}
	return bare
}

// same reports whether the target is what was seen: by the surest kind of name that both
// have.
func (k *Known) same(was seen, now sdk.Target) bool {
	known := was.raw
	if known == nil {
		known = was.Target.Target.Names()
	}
	for i, before := range known {
		sealed := was.raw == nil && i < len(was.Seals) && was.Seals[i] != ""
		for _, name := range now.Names() {
			switch {
			case sealed && k.seal(name) == was.Seals[i]:
				return true // of what kind it is may be a part of the secret
			case !sealed && sdk.KindOf(name) == sdk.KindOf(before):
				return name == before
			}
		}
	}
	return false
}

// seals seals the names that hold a secret; nil: none does.
func (k *Known) seals(target, bare sdk.Target) []string {
	with, without := target.Names(), bare.Names()
	if slices.Equal(with, without) {
		return nil
	}
	seals := make([]string, len(with))
	for i := range with {
		if with[i] != without[i] {
			seals[i] = k.seal(with[i])
		}
	}
	return seals
}

// sealing is how often a hash is made for a seal: a secret of few letters in an id must not
// be found by trying what it could be.
const sealing = 200_000

// seal tells a name that must not be written down from every other.
func (k *Known) seal(name string) string {
	key, err := pbkdf2.Key(sha256.New, name, []byte(k.run), sealing, sha256.Size)
	if err != nil {
		return "" // only of a FIPS module that finds the salt too short; then none is the same
	}
	return hex.EncodeToString(key)
}
