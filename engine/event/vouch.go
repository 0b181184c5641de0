package event

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
)

// Digest is the SHA-256 of a document, as a [Run] has it.
func Digest(document []byte) string {
	sum := sha256.Sum256(document)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// ErrUnvouched says that a run began before its plan's document was vouched for.
var ErrUnvouched = errors.New("its plan.json is not vouched for: the gatebook that began the run did not write down its digest")

// Vouches returns an error where the bytes are not those of the runbook that the run
// began with.
func (r Run) Vouches(runbook []byte) error { return vouches("runbook.yaml", r.Digest, runbook) }

// VouchesForPlan returns an error where the bytes are not those of the plan that the run
// began with, which is [ErrUnvouched] where nobody can tell.
func (r Run) VouchesForPlan(document []byte) error {
	if r.PlanDocument == "" {
		return ErrUnvouched
	}
	return vouches("plan.json", r.PlanDocument, document)
}

func vouches(name, was string, document []byte) error {
	if is := Digest(document); is != was {
		return fmt.Errorf("its %s is not the one that it began with: it is %s, and was %s; put that one back", name, is, was)
	}
	return nil
}
