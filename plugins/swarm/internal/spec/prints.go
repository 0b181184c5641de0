package spec

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"sync"
)

// Prints are hashes of specs that may leave the process, into plans and journals. They tell specs
// apart, and are slow to guess from: a spec may hold a password, and whoever has a plan has most of
// the rest. Each is made once, so that to ask again costs little. The zero value is ready for use, by
// several goroutines too.
type Prints struct {
	mu   sync.Mutex
	made map[[sha256.Size]byte]string
}

// rounds make each try to guess what is in a spec twenty thousand times as dear. Once, they take some
// hundredths of a second; a stack of fifty services needs a hundred.
const rounds = 20_000

// digits is how many bytes of a hash are kept.
const digits = 6

// Of is the print of a thing, as it is in some normal form. Specs of two things have two, though they
// be alike: nobody shall see that two have the same password.
func (p *Prints) Of(thing string, form any) string {
	text, err := json.Marshal(form) // with its keys in order
	if err != nil {
		panic(fmt.Sprintf("spec: %T: %v", form, err)) // it is made of maps, lists and scalars
	}
	content, salt := sha256.Sum256(text), sha256.Sum256([]byte("gatebook/swarm spec\x00"+thing))
	known := sha256.Sum256(append(salt[:], content[:]...))
	p.mu.Lock()
	print, is := p.made[known]
	p.mu.Unlock()
	if is {
		return print
	}
	key, err := pbkdf2.Key(sha256.New, string(content[:]), salt[:], rounds, sha256.Size)
	if err != nil {
		panic(fmt.Sprintf("spec: %v", err)) // of a salt that is too short
	}
	print = fmt.Sprintf("pbkdf2:%x", key[:digits])
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.made == nil {
		p.made = map[[sha256.Size]byte]string{}
	}
	p.made[known] = print
	return print
}

// Version is what a plan says of the spec of a thing that it saw. The engine's version index is not in
// it: that moves by itself, whenever the engine notes something.
func (p *Prints) Version(thing string, form any) string { return "spec " + p.Of(thing, form) }
