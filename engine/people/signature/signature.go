package signature

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"
)

// Namespace is what approvals are signed for. A signature that was made for anything else,
// as for a commit, is none.
const Namespace = "approval@gatebook"

// MaxSize is how long an armored signature may be: many times as long as any key makes it.
const MaxSize = 16 << 10

// Sign signs a message, and returns what ssh-keygen -Y sign would write into a .sig file.
func Sign(message []byte, by Signer) ([]byte, error) {
	made, err := sshsig.Sign(bytes.NewReader(message), by.inner, sshsig.HashSHA512, Namespace)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	return sshsig.Armor(made), nil
}

// Verify returns the key that has signed a message. That it is a key of somebody who may
// is for [Signers] to say.
func Verify(message, armored []byte) (Key, error) {
	if len(armored) > MaxSize {
		return Key{}, fmt.Errorf("the signature has %d bytes; the limit is %d", len(armored), MaxSize)
	}
	read, err := sshsig.Unarmor(bytes.TrimSpace(armored))
	if err != nil {
		return Key{}, fmt.Errorf("it is no signature of ssh-keygen -Y sign: %w", err)
	}
	if err := usable(read.PublicKey); err != nil {
		return Key{}, err
	}
	if err := present(read); err != nil {
		return Key{}, err
	}
	switch err := sshsig.Verify(bytes.NewReader(message), read, read.PublicKey, read.HashAlgorithm, Namespace); {
	case errors.Is(err, sshsig.ErrNamespaceMismatch):
		return Key{}, fmt.Errorf("the signature was made for %q, and an approval is signed for %q", read.Namespace, Namespace)
	case err != nil:
		return Key{}, errors.New("the signature is not of this document: it, or the document, was changed after it was signed")
	}
	return keyOf(read.PublicKey), nil
}

// userPresent is the flag of a signature by a security key that was touched for it.
const userPresent = 1

// present refuses a signature of a security key that nobody has touched, as
// ssh-keygen does.
func present(read *sshsig.Signature) error {
	switch read.PublicKey.Type() {
	case ssh.KeyAlgoSKED25519, ssh.KeyAlgoSKECDSA256:
		if flags := read.Signature.Rest; len(flags) == 0 || flags[0]&userPresent == 0 {
			return errors.New("nobody has touched the security key for the signature")
		}
	}
	return nil
}
