package keys_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/pem"
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/keys"
	"github.com/gatebook/gatebook/engine/people/signature"
)

// home is the home folder of a person with some keys.
type home struct {
	*testing.T
	console *console.Console
	dir     string
	signers string // of the file of allowed signers
}

func newHome(t *testing.T) *home {
	t.Helper()
	dir := t.TempDir()
	c := &console.Console{Env: console.Env{Dir: dir, Stderr: &bytes.Buffer{}, Environ: []string{
		"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "GIT_CONFIG_NOSYSTEM=1",
	}}}
	t.Cleanup(func() { c.Finish(nil) })
	return &home{T: t, console: c, dir: dir}
}

// key makes the key of a letter, and writes it into a file; "": into none.
func (h *home) key(letter, file, passphrase string) (private ed25519.PrivateKey, public string) {
	h.Helper()
	private = ed25519.NewKeyFromSeed(bytes.Repeat([]byte(letter), ed25519.SeedSize))
	sshPublic, err := ssh.NewPublicKey(private.Public())
	if err != nil {
		h.Fatal(err)
	}
	public = strings.TrimSpace(string(ssh.MarshalAuthorizedKey(sshPublic)))
	if file == "" {
		return private, public
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if passphrase != "" {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte(passphrase))
	}
	if err != nil {
		h.Fatal(err)
	}
	h.write(file, string(pem.EncodeToMemory(block)))
	h.write(file+".pub", public+"\n")
	return private, public
}

func (h *home) write(name, text string) {
	h.Helper()
	path := filepath.Join(h.dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
		h.Fatal(err)
	}
}

// agent has an agent hold some keys.
func (h *home) agent(held ...ed25519.PrivateKey) {
	h.Helper()
	ring := agent.NewKeyring()
	for _, one := range held {
		if err := ring.Add(agent.AddedKey{PrivateKey: one}); err != nil {
			h.Fatal(err)
		}
	}
	folder, err := os.MkdirTemp("", "gb-agent-") // a path of a socket must be short
	if err != nil {
		h.Fatal(err)
	}
	var listening net.ListenConfig
	socket, err := listening.Listen(h.Context(), "unix", filepath.Join(folder, "s"))
	if err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() { _ = errors.Join(socket.Close(), os.RemoveAll(folder)) })
	go func() {
		for {
			connection, err := socket.Accept()
			if err != nil {
				return
			}
			go func() { _ = agent.ServeAgent(ring, connection) }()
		}
	}()
	h.console.Environ = append(h.console.Environ, "SSH_AUTH_SOCK="+socket.Addr().String())
}

// finds looks for the key, and compares it with that of a letter, or with what is said.
func (h *home) finds(named, letter, says string) {
	h.Helper()
	signers, faults := signature.ParseSigners([]byte(h.signers))
	if len(faults) > 0 {
		h.Fatal(faults)
	}
	found, err := keys.Find(context.Background(), h.console, named, signers)
	if says != "" {
		wrong, is := errors.AsType[*console.UsageError](err)
		if !is || !strings.Contains(wrong.Message+"\n"+wrong.Hint, says) {
			h.Errorf("want %q, got %v", says, err)
		}
		return
	}
	_, public := h.key(letter, "", "")
	want, _ := signature.ParseKey([]byte(public))
	if err != nil || found.Key() != want {
		h.Errorf("want the key %s, got %v", letter, err)
	}
}

func TestTheKeyToSignBy(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the agent is spoken to over a socket of unix")
	}
	h := newHome(t)
	h.finds("", "", "there is no SSH key to sign by")
	h.key("a", ".ssh/id_rsa", "")
	h.finds("", "a", "")
	h.key("b", ".ssh/id_ed25519", "")
	h.finds("", "b", "")
	_, older := h.key("a", "", "")
	h.signers = "ann " + older + "\n"
	h.finds("", "a", "") // the one that they know, though another comes first
	h.signers = ""
	h.key("c", "keys/locked", "sesame")
	h.finds("keys/locked", "", "the ssh agent does not have the private key of keys/locked\nAdd it to your agent: ssh-add keys/locked")
	h.finds("~/.ssh/id_rsa", "a", "")
	h.finds("nothing", "", "read the key")
	h.write("text", "no key\n")
	h.finds("text", "", "text: read a private key")

	locked, _ := h.key("c", "", "")
	other, _ := h.key("d", "", "")
	_, known := h.key("e", "", "")
	mine, _ := h.key("e", "", "")
	h.agent(other, locked, mine)
	h.finds("keys/locked", "c", "")     // by the public key beside it
	h.finds("keys/locked.pub", "c", "") // or by that itself
	h.finds("", "b", "")                // the signers know none of the agent's
	h.signers = "ann " + known + "\n"
	h.finds("", "e", "")
	h.finds("key::"+known, "e", "")
	h.finds(known, "e", "")
}

// The key by which git signs commits is the one that the file of allowed signers of git knows.
func TestTheKeyOfGit(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.key("a", ".ssh/id_ed25519", "")
	h.key("b", "mine", "")
	h.write(".gitconfig", "[user]\n\tsigningkey = ~/mine\n")
	h.finds("", "a", "") // git signs by GPG
	h.write(".gitconfig", "[user]\n\tsigningkey = ~/mine\n[gpg]\n\tformat = ssh\n")
	h.finds("", "b", "")
}
