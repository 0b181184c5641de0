package signature_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/gatebook/gatebook/engine/people/signature"
)

const message = "{\n  \"step\": \"sign_off\"\n}\n"

// keygen is the real ssh-keygen, run in a folder of its own.
type keygen struct {
	*testing.T
	dir string
}

// openssh finds ssh-keygen. Where GATEBOOK_TEST_REQUIRE names ssh it must be there.
func openssh(t *testing.T) keygen {
	t.Helper()
	if _, err := exec.LookPath("ssh-keygen"); err != nil {
		if slices.Contains(strings.Fields(os.Getenv("GATEBOOK_TEST_REQUIRE")), "ssh") {
			t.Fatal("GATEBOOK_TEST_REQUIRE says that this must not be skipped:", err)
		}
		t.Skip("the signatures are held against those of ssh-keygen (package openssh-client):", err)
	}
	return keygen{t, t.TempDir()}
}

// run runs ssh-keygen with something on its standard input.
func (k keygen) run(stdin string, args ...string) error {
	k.Helper()
	cmd := exec.CommandContext(context.Background(), "ssh-keygen", args...)
	cmd.Dir, cmd.Stdin = k.dir, strings.NewReader(stdin)
	if said, err := cmd.CombinedOutput(); err != nil {
		return errors.New(err.Error() + ": " + string(said))
	}
	return nil
}

func (k keygen) must(stdin string, args ...string) {
	k.Helper()
	if err := k.run(stdin, args...); err != nil {
		k.Fatalf("ssh-keygen %s: %v", strings.Join(args, " "), err)
	}
}

func (k keygen) write(name, text string) {
	k.Helper()
	if err := os.WriteFile(filepath.Join(k.dir, name), []byte(text), 0o600); err != nil {
		k.Fatal(err)
	}
}

func (k keygen) read(name string) []byte {
	k.Helper()
	text, err := os.ReadFile(filepath.Join(k.dir, name))
	if err != nil {
		k.Fatal(err)
	}
	return text
}

// pair makes a key, and returns it as gatebook reads it, with its public line.
func (k keygen) pair(name string, kind ...string) (signature.Signer, string) {
	k.Helper()
	k.must("", append([]string{"-q", "-N", "", "-C", "somebody", "-f", name, "-t"}, kind...)...)
	signer, err := signature.ParsePrivate(k.read(name), nil)
	if err != nil {
		k.Fatal(err)
	}
	return signer, string(bytes.TrimSpace(k.read(name + ".pub")))
}

// Whatever kind a key is of, ssh-keygen takes what gatebook signs, and gatebook what
// ssh-keygen signs.
func TestSignaturesAreThoseOfSSHKeygen(t *testing.T) {
	t.Parallel()
	for _, kind := range [][]string{{"ed25519"}, {"ecdsa", "-b", "256"}, {"ecdsa", "-b", "384"}, {"ecdsa", "-b", "521"}, {"rsa", "-b", "2048"}} {
		t.Run(strings.Join(kind, ""), func(t *testing.T) {
			t.Parallel()
			k := openssh(t)
			signer, line := k.pair("key", kind...)
			k.write("signers", "ann@example.com "+line+"\n")
			ours, err := signature.Sign([]byte(message), signer)
			if err != nil {
				t.Fatal(err)
			}
			k.write("ours.sig", string(ours))
			k.must(message, "-Y", "verify", "-f", "signers", "-I", "ann@example.com", "-n", signature.Namespace, "-s", "ours.sig")

			k.write("doc", message)
			k.must("", "-Y", "sign", "-q", "-f", "key", "-n", signature.Namespace, "doc")
			by, err := signature.Verify([]byte(message), k.read("doc.sig"))
			if err != nil || by != signer.Key() {
				t.Fatalf("got %v, %v", by.Fingerprint(), err)
			}
			public, err := signature.ParseKey([]byte(line))
			if err != nil || public != by {
				t.Errorf("the public key is another one: %v", err)
			}
			if _, err := signature.Verify([]byte(message+" "), k.read("doc.sig")); err == nil || !strings.Contains(err.Error(), "changed") {
				t.Errorf("another document: %v", err)
			}
		})
	}
}

// A fingerprint can be compared with what ssh-keygen -l prints.
func TestAFingerprintIsThatOfSSHKeygen(t *testing.T) {
	t.Parallel()
	k := openssh(t)
	signer, _ := k.pair("key", "ed25519")
	cmd := exec.CommandContext(t.Context(), "ssh-keygen", "-l", "-f", "key.pub")
	cmd.Dir = k.dir
	said, err := cmd.Output()
	if err != nil || !strings.Contains(string(said), " "+signer.Key().Fingerprint()+" ") {
		t.Errorf("got %s, and ssh-keygen says %s, %v", signer.Key().Fingerprint(), said, err)
	}
}

func TestWhatWasSignedForSomethingElseIsRefused(t *testing.T) {
	t.Parallel()
	k := openssh(t)
	k.pair("key", "ed25519")
	k.write("doc", message)
	k.must("", "-Y", "sign", "-q", "-f", "key", "-n", "git", "doc")
	if _, err := signature.Verify([]byte(message), k.read("doc.sig")); err == nil || !strings.Contains(err.Error(), `made for "git"`) {
		t.Errorf("got %v", err)
	}
}

// touchless makes a key and signs with it as a security key does, whose owner has touched
// it or not.
func touchless(t testing.TB, flags byte) (line string, armored []byte) {
	t.Helper()
	const kind, application = "sk-ssh-ed25519@openssh.com", "ssh:"
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	public := ssh.Marshal(struct {
		Kind        string
		Key         []byte
		Application string
	}{kind, private.Public().(ed25519.PublicKey), application})
	sum := sha256Of([]byte(message))
	signed := append([]byte("SSHSIG"), ssh.Marshal(struct{ Namespace, Reserved, Hash, Sum string }{signature.Namespace, "", "sha256", sum})...)
	blob := slices.Concat([]byte(sha256Of([]byte(application))), []byte{flags, 0, 0, 0, 5}, []byte(sha256Of(signed)))
	made := append(ssh.Marshal(struct {
		Kind string
		Sig  []byte
	}{kind, ed25519.Sign(private, blob)}), flags, 0, 0, 0, 5)
	whole := append([]byte("SSHSIG"), ssh.Marshal(struct {
		Version                                uint32
		Key, Namespace, Reserved, Hash, Signed string
	}{1, string(public), signature.Namespace, "", "sha256", string(made)})...)
	line = kind + " " + base64.StdEncoding.EncodeToString(public)
	return line, pem.EncodeToMemory(&pem.Block{Type: "SSH SIGNATURE", Bytes: whole})
}

func sha256Of(text []byte) string {
	sum := sha256.Sum256(text)
	return string(sum[:])
}

// ssh-keygen and gatebook agree about security keys, which no machine of tests has.
func TestASecurityKeyMustHaveBeenTouched(t *testing.T) {
	t.Parallel()
	k := openssh(t)
	for flags, taken := range map[byte]bool{1: true, 5: true, 0: false, 4: false} {
		line, armored := touchless(t, flags)
		by, err := signature.Verify([]byte(message), armored)
		if taken != (err == nil) {
			t.Errorf("flags %d: %v", flags, err)
		}
		if key, _ := signature.ParseKey([]byte(line)); taken && key != by {
			t.Errorf("flags %d: it is another key", flags)
		}
		k.write("signers", "ann "+line+"\n")
		k.write("sk.sig", string(armored))
		theirs := k.run(message, "-Y", "verify", "-f", "signers", "-I", "ann", "-n", signature.Namespace, "-s", "sk.sig")
		if taken && theirs != nil {
			t.Errorf("flags %d: ssh-keygen does not take it: %v", flags, theirs)
		}
	}
}

func TestSignaturesThatAreNone(t *testing.T) {
	t.Parallel()
	_, good := touchless(t, 1)
	for name, text := range map[string][]byte{
		"nothing":      nil,
		"text":         []byte("yes\n"),
		"another form": pem.EncodeToMemory(&pem.Block{Type: "SSH SIGNATURE", Bytes: []byte("SSHSIG\x00\x00\x00\x02")}),
		"cut off":      good[:len(good)/2],
		"too long":     bytes.Repeat([]byte("A"), signature.MaxSize+1),
	} {
		if by, err := signature.Verify([]byte(message), text); err == nil || by != (signature.Key{}) {
			t.Errorf("%s: got %v, %v", name, by, err)
		}
	}
}

func TestAPrivateKeyMayHaveAPassphrase(t *testing.T) {
	t.Parallel()
	k := openssh(t)
	k.must("", "-q", "-N", "open sesame", "-t", "ed25519", "-f", "key")
	if _, err := signature.ParsePrivate(k.read("key"), nil); !errors.Is(err, signature.ErrPassphrase) {
		t.Errorf("without: %v", err)
	}
	if _, err := signature.ParsePrivate(k.read("key"), []byte("wrong")); !errors.Is(err, signature.ErrPassphrase) {
		t.Errorf("with another: %v", err)
	}
	signer, err := signature.ParsePrivate(k.read("key"), []byte("open sesame"))
	if err != nil {
		t.Fatal(err)
	}
	if armored, err := signature.Sign([]byte(message), signer); err != nil || len(armored) == 0 {
		t.Errorf("it does not sign: %v", err)
	}
}

func TestAnAgentSigns(t *testing.T) {
	t.Parallel()
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{3}, ed25519.SeedSize))
	ring := agent.NewKeyring()
	if err := ring.Add(agent.AddedKey{PrivateKey: private}); err != nil {
		t.Fatal(err)
	}
	here, there := net.Pipe()
	served := make(chan struct{})
	go func() {
		_ = agent.ServeAgent(ring, there) // it ends with the connection
		close(served)
	}()
	held, err := signature.FromAgent(here)
	if err != nil || len(held) != 1 {
		t.Fatalf("got %d keys, %v", len(held), err)
	}
	armored, err := signature.Sign([]byte(message), held[0])
	if err != nil {
		t.Fatal(err)
	}
	if by, err := signature.Verify([]byte(message), armored); err != nil || by != held[0].Key() {
		t.Errorf("got %v, %v", by, err)
	}
	if err := here.Close(); err != nil {
		t.Error(err)
	}
	<-served
}

// noon is when keys are looked at in these tests.
func noon() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

func FuzzVerify(f *testing.F) {
	_, armored := touchless(f, 1)
	f.Add([]byte(message), armored)
	f.Add([]byte(message), armored[:40])
	f.Add([]byte{}, []byte("-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----\n"))
	f.Fuzz(func(t *testing.T, document, armored []byte) {
		by, err := signature.Verify(document, armored)
		if (err == nil) == (by == signature.Key{}) {
			t.Fatalf("got %v, %v", by, err)
		}
		if line, _ := touchless(t, 1); err == nil && string(document) == message {
			if key, _ := signature.ParseKey([]byte(line)); key != by {
				t.Fatal("a signature was forged")
			}
		}
	})
}
