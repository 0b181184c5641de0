package revision

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// Seen is what is kept of a template that was seen.
type Seen struct {
	UID        types.UID         `json:"uid"`
	Generation int64             `json:"generation"` // the newest that is known to have it
	Salt       string            `json:"salt"`
	Hash       string            `json:"hash"`
	Images     map[string]string `json:"images"`
	Mark       string            `json:"mark,omitempty"` // of a restart
}

// See makes what is to be kept of a template.
func See(of Of) (Seen, error) {
	salt := rand.Text()
	sum, err := hash(of, salt)
	return Seen{of.GetUID(), of.GetGeneration(), salt, sum, Images(of.Template), of.mark()}, err
}

// awaitedNote keeps over a resume which template a step waits for.
const awaitedNote = "template"

// Awaited is the template that a step waits for: the one that its first attempt saw.
func Awaited[I any](call *sdk.Call[I], first Of) (Seen, error) {
	seen, noted, err := sdk.LoadNote[Seen](call, awaitedNote)
	if err != nil || noted {
		return seen, err
	}
	if seen, err = See(first); err != nil {
		return seen, err
	}
	return seen, call.Note(awaitedNote, seen)
}

// Forget lets the step wait for another template: a person who was told that there is one,
// and resumes then, means that.
func Forget[I any](call *sdk.Call[I]) error { return call.Note(awaitedNote, nil) }

// hashRounds make each try to guess what is in a template some hundred thousand times as
// dear, and take no more than a moment once.
const hashRounds = 100_000

// hash tells templates apart. It is made as those of passwords are, since there may be one
// in a template: whoever has what is kept, and knows all else, shall not quickly find it by
// trying, nor see that two templates have the same.
func hash(of Of, salt string) (string, error) {
	text, err := json.Marshal(of.Template)
	if err != nil {
		return "", fmt.Errorf("the template of the %s: %w", of, err)
	}
	sum, err := pbkdf2.Key(sha256.New, string(text), []byte(salt), hashRounds, 8)
	return fmt.Sprintf("%x", sum), err
}

// Stands says whose change made of the template another, for a step that waits for it. The
// number of pods is not of it, and what a newer API server fills in makes no new generation.
func (s *Seen) Stands(now Of) error {
	switch {
	case now.GetUID() != s.UID:
		return sdk.Errorf(sdk.Conflict, "the %s is not the one whose rollout was waited for, but a new one of that name", now)
	case now.GetGeneration() == s.Generation:
		return nil
	}
	sum, err := hash(now, s.Salt)
	if err != nil {
		return err
	}
	if sum == s.Hash {
		s.Generation = now.GetGeneration() // so that one hash of it is enough
		return nil
	}
	return sdk.Errorf(sdk.Conflict, "%s changed the template of the %s while its rollout was waited for%s; "+
		"set again what it shall be, or resume to wait for what it is now",
		changed(now, s.Images, s.Mark), now, Between(s.Images, Images(now.Template)))
}
