package workloads

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/revision"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// awaitedNote keeps over a resume which template a rollout waits for. It is taken away when
// it is told that there is another, since a person who resumes then means that one.
const awaitedNote = "template"

// awaited is the template that a rollout was begun to wait for.
type awaited struct {
	UID        types.UID         `json:"uid"`
	Generation int64             `json:"generation"` // the newest that is known to have it
	Salt       string            `json:"salt"`
	Hash       string            `json:"hash"`
	Images     map[string]string `json:"images"`
}

func (w *workload) awaited() (awaited, error) {
	salt := rand.Text()
	hash, err := w.hash(salt)
	return awaited{w.GetUID(), w.GetGeneration(), salt, hash, w.images()}, err
}

// hashRounds make each try to guess what is in a template some hundred thousand times as
// dear, and take no more than a moment once.
const hashRounds = 100_000

// hash tells templates apart. It is made as those of passwords are, since there may be one
// in a template: whoever has the note, and knows all else, shall not quickly find it by
// trying, nor see that two templates have the same.
func (w *workload) hash(salt string) (string, error) {
	text, err := json.Marshal(w.template)
	if err != nil {
		return "", fmt.Errorf("the template of the %s: %w", w, err)
	}
	sum, err := pbkdf2.Key(sha256.New, string(text), []byte(salt), hashRounds, 8)
	return fmt.Sprintf("%x", sum), err
}

// awaits returns the template that the step waits for: the one that its first attempt saw.
func awaits(call *sdk.Call[RolloutInput], first *workload) (awaited, error) {
	template, noted, err := sdk.LoadNote[awaited](call, awaitedNote)
	if err != nil || noted {
		return template, err
	}
	if template, err = first.awaited(); err != nil {
		return template, err
	}
	return template, call.Note(awaitedNote, template)
}

// stands says whose change made of the awaited template another. The number of pods is not
// of it, and what a newer API server fills in makes no new generation.
func (a *awaited) stands(found *workload) error {
	switch {
	case found.GetUID() != a.UID:
		return sdk.Errorf(sdk.Conflict, "the %s is not the one whose rollout was waited for, but a new one of that name", found)
	case found.GetGeneration() == a.Generation:
		return nil
	}
	hash, err := found.hash(a.Salt)
	if err != nil {
		return err
	}
	if hash == a.Hash {
		a.Generation = found.GetGeneration() // so that one hash of it is enough
		return nil
	}
	who := "somebody"
	for _, path := range append(revision.ImageFields(a.Images, found.images()), []string{"f:spec", "f:template"}) {
		if owners := cluster.Owners(found.GetManagedFields(), path...); len(owners) > 0 {
			who = owners[0]
			break
		}
	}
	if who == cluster.Manager {
		who = "another step or run of " + who
	}
	return sdk.Errorf(sdk.Conflict, "%s changed the template of the %s while its rollout was waited for%s; "+
		"set again what it shall be, or resume to wait for what it is now", who, found, found.otherImages(a.Images))
}

// otherImages is the part of a sentence that says from which images it went to those that
// it has; empty where they are the same.
func (w *workload) otherImages(was map[string]string) string {
	if maps.Equal(was, w.images()) {
		return ""
	}
	return fmt.Sprintf(", from the images %s to %s", labels.FormatLabels(was), labels.FormatLabels(w.images()))
}
