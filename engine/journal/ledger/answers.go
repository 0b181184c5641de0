package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/journal/internal/disk"
	"github.com/gatebook/gatebook/engine/journal/internal/label"
)

// Leave keeps a person's answer to what a step asks, for the run that carries out a plan of
// that digest. A later answer to the same step takes the place of an earlier one.
func (l Ledger) Leave(digest, step string, answer []byte) error {
	folder, err := answersTo(digest, step)
	if err != nil {
		return err
	}
	if len(answer) > journal.MaxRequest {
		return fmt.Errorf("the answer to step %s has %d bytes; the limit is %d", step, len(answer), journal.MaxRequest)
	}
	return l.alone(func() error { return l.write(string(answer), "answers", folder, step) })
}

// Answers returns the answers that were left for plans of a digest, by the steps' names.
func (l Ledger) Answers(digest string) (map[string][]byte, error) {
	folder, err := answersTo(digest, "step")
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(l.path("answers", folder))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("look for answers to the plan: %w", err)
	}
	answers := make(map[string][]byte, len(entries))
	for _, entry := range entries {
		if label.Check("step", entry.Name()) != nil {
			continue // one that is being written, or was when its writer died
		}
		text, err := disk.ReadStart(l.path("answers", folder, entry.Name()), journal.MaxRequest)
		if err != nil {
			return nil, fmt.Errorf("read the answer to step %s of the plan: %w", entry.Name(), err)
		}
		answers[entry.Name()] = text
	}
	return answers, nil
}

// Spend removes the answers to plans of a digest, which a run has taken: they count once.
func (l Ledger) Spend(digest string) error {
	folder, err := answersTo(digest, "step")
	if err != nil {
		return err
	}
	return l.alone(func() error {
		if err := os.RemoveAll(l.path("answers", folder)); err != nil {
			return fmt.Errorf("remove the answers that the run has taken: %w", err)
		}
		return nil
	})
}

// answersTo is the folder of the answers to a digest, whose colon not every file system
// takes. Both names become a path, and are held to what may.
func answersTo(digest, step string) (string, error) {
	folder := strings.ReplaceAll(digest, ":", "-")
	return folder, errors.Join(label.Check("plan", folder), label.Check("step", step))
}
