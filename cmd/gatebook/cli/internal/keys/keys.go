// Package keys finds the SSH key by which a person signs: the one that they name, else the one
// that git signs their commits by, else one of their agent's, else one in their .ssh folder.
package keys

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/engine/people/signature"
)

// patience is how long git, and the agent's socket, are waited for.
const patience = 5 * time.Second

// Find returns the key to sign by. named is the file of a private key, or of a public one whose
// private one the agent has; empty: it is looked for, among those that the signers know.
func Find(ctx context.Context, c *console.Console, named string, signers signature.Signers) (signature.Signer, error) {
	f := &finder{Console: c, ctx: ctx, signers: signers}
	if named != "" {
		return f.named(named)
	}
	if key := f.ofGit(); key != "" {
		return f.named(key)
	}
	for _, held := range f.agent() {
		if len(signers.Principals(held.Key())) > 0 {
			return held, nil
		}
	}
	if path := f.ofHome(); path != "" {
		return f.named(path)
	}
	return signature.Signer{}, console.Usage("Name one: --key FILE, as ~/.ssh/id_ed25519", "there is no SSH key to sign by: git has none, the agent none that the file of allowed signers knows, and ~/.ssh none")
}

type finder struct {
	*console.Console
	ctx     context.Context //nolint:containedctx // it lives as long as one search
	signers signature.Signers
}

// named returns a key that is named as git names it: by a file, or by the public key itself.
func (f *finder) named(name string) (signature.Signer, error) {
	if literal, is := strings.CutPrefix(name, "key::"); is || strings.HasPrefix(name, "ssh-") || strings.HasPrefix(name, "ecdsa-") || strings.HasPrefix(name, "sk-") {
		return f.held([]byte(literal), "the key that git names")
	}
	if rest, is := strings.CutPrefix(name, "~/"); is {
		name = filepath.Join(f.Getenv("HOME"), rest)
	}
	text, err := f.ReadFile(name, "the key")
	if err != nil {
		return signature.Signer{}, err
	}
	if _, err := signature.ParseKey(text); err == nil {
		return f.held(text, name)
	}
	signer, err := signature.ParsePrivate(text, nil)
	if !errors.Is(err, signature.ErrPassphrase) {
		if err != nil {
			err = console.Usage("A private key is one that ssh-keygen wrote.", "%s: %v", name, err)
		}
		return signer, err
	}
	public, err := os.ReadFile(f.Path(name) + ".pub")
	if err != nil {
		return signer, console.Usage("Add it to your agent: ssh-add "+console.Quote(name), "%s is protected by a passphrase, and there is no %s.pub to find it in the agent by", name, name)
	}
	return f.held(public, name)
}

// held returns the key of the agent whose public key is given.
func (f *finder) held(public []byte, name string) (signature.Signer, error) {
	key, err := signature.ParseKey(bytes.TrimSpace(public))
	if err != nil {
		return signature.Signer{}, console.Usage("", "%s: %v", name, err)
	}
	for _, held := range f.agent() {
		if held.Key() == key {
			return held, nil
		}
	}
	return signature.Signer{}, console.Usage("Add it to your agent: ssh-add "+console.Quote(strings.TrimSuffix(name, ".pub")), "the ssh agent does not have the private key of %s", name)
}

// ofHome is the first of the keys in the person's .ssh folder that the signers know, or where
// they know none the first; empty: there is none.
func (f *finder) ofHome() string {
	home, first := f.Getenv("HOME"), ""
	if home == "" {
		return ""
	}
	for _, name := range []string{"id_ed25519", "id_ecdsa", "id_rsa"} {
		path := filepath.Join(home, ".ssh", name)
		if _, err := os.Stat(path); err != nil {
			continue
		}
		public, err := os.ReadFile(path + ".pub")
		if err == nil {
			key, err := signature.ParseKey(bytes.TrimSpace(public))
			if err == nil && len(f.signers.Principals(key)) > 0 {
				return path
			}
		}
		first = cmp.Or(first, path)
	}
	return first
}

// agent lists the keys of the person's agent; none where there is none.
func (f *finder) agent() []signature.Signer {
	socket := f.Getenv("SSH_AUTH_SOCK")
	if socket == "" {
		return nil
	}
	dialer := net.Dialer{Timeout: patience}
	connection, err := dialer.DialContext(f.ctx, "unix", socket)
	if err != nil {
		return nil
	}
	f.AtEnd(func() { _ = connection.Close() })
	held, err := signature.FromAgent(connection)
	if err != nil {
		f.Complain(err.Error())
	}
	return held
}

// ofGit is the SSH key that git signs by; empty: it signs by none, or there is no git.
func (f *finder) ofGit() string {
	if f.git("gpg.format") != "ssh" {
		return ""
	}
	return f.git("user.signingkey")
}

func (f *finder) git(setting string) string {
	ctx, cancel := context.WithTimeout(f.ctx, patience)
	defer cancel()
	command := exec.CommandContext(ctx, "git", "config", "--get", setting)
	command.Dir, command.Env = f.Dir, f.Environ
	said, err := command.Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(said))
}
