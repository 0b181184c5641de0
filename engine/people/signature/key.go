package signature

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// Key is a public key. The zero Key is that of nobody.
type Key struct{ wire string }

func keyOf(public ssh.PublicKey) Key { return Key{string(public.Marshal())} }

// ParseKey reads a public key as it stands in a .pub file.
func ParseKey(line []byte) (Key, error) {
	public, _, _, _, err := ssh.ParseAuthorizedKey(line)
	if err != nil {
		return Key{}, fmt.Errorf("read a public key: %w", err)
	}
	if err := usable(public); err != nil {
		return Key{}, err
	}
	return keyOf(public), nil
}

// Fingerprint names the key as ssh-keygen -l does.
func (k Key) Fingerprint() string {
	sum := sha256.Sum256([]byte(k.wire))
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}

// minRSA is how many bits an RSA key has at least, as for ssh-keygen.
const minRSA = 1024

// usable says why no signature of a key counts; nil: it may.
func usable(public ssh.PublicKey) error {
	kind := public.Type()
	switch kind {
	case ssh.KeyAlgoRSA:
		if bits := rsaBits(public); bits < minRSA {
			return fmt.Errorf("an RSA key of %d bits is too short; it takes %d", bits, minRSA)
		}
		return nil
	case ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521, ssh.KeyAlgoSKED25519, ssh.KeyAlgoSKECDSA256:
		return nil
	}
	if strings.Contains(kind, "-cert-") {
		return errors.New("it is a certificate, which gatebook does not take: list the key itself")
	}
	return fmt.Errorf("a key of the kind %s is not taken: use ed25519, ecdsa, rsa, or a security key (sk)", kind)
}

func rsaBits(public ssh.PublicKey) int {
	var parts struct {
		Name string
		E, N []byte
		Rest []byte `ssh:"rest"`
	}
	if ssh.Unmarshal(public.Marshal(), &parts) != nil {
		return 0
	}
	return 8 * len(bytes.TrimLeft(parts.N, "\x00"))
}

// Signer signs with a private key.
type Signer struct{ inner ssh.Signer }

// Key returns the public key of the signer.
func (s Signer) Key() Key { return keyOf(s.inner.PublicKey()) }

// ErrPassphrase says that a private key is protected by a passphrase, and that none, or a
// wrong one, was given.
var ErrPassphrase = errors.New("the key is protected by a passphrase")

// ParsePrivate reads a private key as ssh-keygen writes it. A passphrase is given for one
// that is protected, and else nil. A security key can sign by its agent alone.
func ParsePrivate(text, passphrase []byte) (Signer, error) {
	private, err := ssh.ParsePrivateKey(text)
	if _, protected := errors.AsType[*ssh.PassphraseMissingError](err); protected {
		if passphrase == nil {
			return Signer{}, ErrPassphrase
		}
		if private, err = ssh.ParsePrivateKeyWithPassphrase(text, passphrase); err != nil {
			return Signer{}, fmt.Errorf("%w, and this is not it", ErrPassphrase)
		}
	}
	if err != nil {
		return Signer{}, fmt.Errorf("read a private key: %w", err)
	}
	if err := usable(private.PublicKey()); err != nil {
		return Signer{}, err
	}
	return Signer{private}, nil
}

// FromAgent lists the keys by which an SSH agent at the other end of a connection signs.
// The connection stays in use as long as they are.
func FromAgent(connection io.ReadWriter) ([]Signer, error) {
	held, err := agent.NewClient(connection).Signers()
	if err != nil {
		return nil, fmt.Errorf("ask the ssh agent for its keys: %w", err)
	}
	var signers []Signer
	for _, one := range held {
		if usable(one.PublicKey()) == nil {
			signers = append(signers, Signer{one})
		}
	}
	return signers, nil
}
