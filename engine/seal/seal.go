// Package seal makes of a plan a file that holds what was looked at and approved, and says
// later whether everything is still as it was.
//
// What such a file vouches for is its [Essence]: the bytes of the runbook, the inputs, the
// plugins, gatebook's version, what the connections reach, and the state that the actions
// saw. Its digest is what people approve. Beside it the file has [Notes], which say how the
// same plan is made again; a key, which is not in the file, seals both. A secret is in
// neither: of each there is a hash by that key, which is slow to guess from.
//
// It reads no disk and knows no run; where the key is kept, and which plan was used, is the
// business of engine/journal/ledger. Floor 6.
package seal

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/people/permission"
	"github.com/gatebook/gatebook/engine/value"
)

// Format names the form of a sealed plan.
const Format = formats + "v1"

// formats is how the name of each form of sealed plans begins.
const formats = "gatebook/sealed-plan/"

// Plan is a plan that was sealed.
type Plan struct {
	Digest  string // of the essence: what people approve
	Essence Essence
	Notes   Notes
}

// Essence is what a plan was made of, and all that its digest covers. Plans of one essence
// would do the same, to the same things in the same state.
type Essence struct {
	Gatebook string      `json:"gatebook" doc:"Gatebook's version."`
	Plan     string      `json:"plan" doc:"The digest of what the steps would do."`
	Files    []File      `json:"files" doc:"The runbook, then the policy beside it and its file of allowed signers, and the files that it takes in."`
	Dir      string      `json:"dir,omitempty" doc:"The folder that relative paths are seen from."`
	Inputs   value.Value `json:"inputs" doc:"The input values, secrets masked."`
	// Secrets are hashes by the key of the plan.
	Secrets  map[string]string `json:"secrets,omitempty" doc:"Of each input that is or holds a secret, a hash that only who has the key can compare."`
	Plugins  []Plugin          `json:"plugins,omitempty"`
	Targets  []Target          `json:"targets,omitempty" doc:"What the connections that steps use reach."`
	Observed []Seen            `json:"observed,omitempty" doc:"What the actions looked at."`
	Choice   *event.Choice     `json:"choice,omitempty" doc:"Which steps are left out by a person's word."`
	Offline  bool              `json:"offline,omitempty" doc:"Nothing was looked at, so that nothing of it can be compared."`
}

// File is a file that a plan was made of.
type File struct {
	Name   string `json:"name" doc:"Of the runbook, without its folder; of a file that it takes in, as it names it."`
	SHA256 string `json:"sha256"`
}

// Plugin is a plugin that a plan uses.
type Plugin struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	SHA256  string `json:"sha256"`
}

// Target is what a connection reached.
type Target struct {
	Connection string `json:"connection"`
	Title      string `json:"title,omitempty"`
	ID         string `json:"id,omitempty" doc:"Secrets masked; absent: it could not be told."`
	Seal       string `json:"seal,omitempty" doc:"Of an id that holds a secret, a hash that only who has the key can compare."`
}

// Seen is something that an action looked at for a step.
type Seen struct {
	Step    string `json:"step"`
	Kind    string `json:"kind"`
	Name    string `json:"name"`
	Version string `json:"version"`
	ID      string `json:"id,omitempty" doc:"Tells it from another of the same name."`
}

// Notes say how and by whom a plan was made, and what it takes to make it again. They are
// no part of its digest.
type Notes struct {
	Serial  string            `json:"serial" doc:"Tells this file from every other: it is carried out once."`
	Made    time.Time         `json:"made"`
	By      string            `json:"by"`
	Runbook string            `json:"runbook" doc:"The runbook's file, as it was named there."`
	Sources map[string]string `json:"sources,omitempty" doc:"Of each secret input where it was read from: as \"env:NAME\", \"file:PATH\" or \"-\"."`
	Asks    []string          `json:"asks,omitempty" doc:"The steps that ask people."`
	// Later keeps from saying yes to what nobody has seen or done.
	Later map[string]string   `json:"later,omitempty" doc:"Of the steps that ask, those to which a yes counts only when they ask, and why."`
	From  map[string][]string `json:"from,omitempty" doc:"Of the steps that ask groups, which these are, where that is known."`
	Act   permission.Act      `json:"act,omitzero" doc:"What the rules of a policy see of the plan."`
	Text  string              `json:"text" doc:"The runbook, so that it can be shown what was changed in it."`
}

// EarlyError says that a step was said yes to before it could be.
type EarlyError struct{ Step, Why string }

func (e *EarlyError) Error() string {
	return "nobody can say yes to " + e.Step + " before it asks: " + e.Why
}

// Early returns an [EarlyError] where a step cannot be said yes to before it asks.
func (p *Plan) Early(step string) error {
	if why, later := p.Notes.Later[step]; later {
		return &EarlyError{step, why}
	}
	return nil
}

// Key is what plans are sealed by. Who does not have it can neither make such a plan, nor
// find out by trying what a secret was.
type Key []byte

// The uses of a key, which never share a hash.
const (
	forName   = "gatebook/sealed-plan key name"
	forFile   = "gatebook/sealed-plan file"
	forSecret = "gatebook/sealed-plan secret"
)

// Name tells the key from others and nothing else of it.
func (k Key) Name() string { return hex.EncodeToString(k.hash(forName)[:8]) }

func (k Key) hash(use string, parts ...string) []byte {
	sum := hmac.New(sha256.New, k)
	for _, part := range append([]string{use}, parts...) {
		sum.Write([]byte(part)) // a hash never fails
		sum.Write([]byte{0})
	}
	return sum.Sum(nil)
}

// rounds is how often a hash is made of a secret: who gets hold of the key too must not find
// a secret of few letters by trying what it could be.
const rounds = 200_000

// secret returns what tells a secret from every other in the same place.
func (k Key) secret(place, text string) (string, error) {
	made, err := pbkdf2.Key(sha256.New, text, k.hash(forSecret, place), rounds, sha256.Size)
	return hex.EncodeToString(made), err
}
