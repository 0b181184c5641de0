package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/journal/internal/disk"
	"github.com/gatebook/gatebook/engine/journal/internal/label"
)

// Leave keeps a person's answer to what a step asks, for the run that carries out a plan of
// that digest. mark tells it from other answers to the same step, and it takes the place of an
// earlier one of the same mark. The error is a [UsedError] where a run has claimed the plan of
// the serial, which the answer would miss.
func (l Ledger) Leave(serial, digest, step, mark string, answer []byte) error {
	folder, err := answersTo(digest)
	if err != nil {
		return err
	}
	file, err := fileOf(step, mark)
	if err != nil {
		return err
	}
	if len(answer) > journal.MaxRequest {
		return fmt.Errorf("the answer to step %s has %d bytes; the limit is %d", step, len(answer), journal.MaxRequest)
	}
	return l.alone(func() error {
		if err := errors.Join(l.Used(serial), l.settle()); err != nil {
			return err
		}
		return l.write(string(answer), "answers", folder, file)
	})
}

// Answers returns the answers that were left for plans of a digest, by what their files are
// called: which step one is to, it says itself.
func (l Ledger) Answers(digest string) (answers map[string][]byte, err error) {
	folder, err := answersTo(digest)
	if err != nil {
		return nil, err
	}
	err = l.alone(func() error {
		if err := l.settle(); err != nil {
			return err
		}
		answers, err = l.read(folder)
		return err
	})
	return answers, err
}

func (l Ledger) read(folder string) (map[string][]byte, error) {
	steps, err := l.names("answers", folder)
	answers := make(map[string][]byte, len(steps))
	for _, step := range steps {
		text, err := disk.ReadStart(l.path("answers", folder, step), journal.MaxRequest)
		if err != nil {
			return nil, fmt.Errorf("read the answer to step %s of the plan: %w", step, err)
		}
		answers[step] = text
	}
	return answers, err
}

// take sets the answers of a folder aside for a run. They are kept until it has begun: its
// inbox goes with its folder where it does not begin.
func (l Ledger) take(folder, run string) error {
	err := disk.MakeDir(l.path("taken", run))
	if err == nil {
		err = os.Rename(l.path("answers", folder), l.path("taken", run, folder))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil // nobody has answered
	}
	if err == nil {
		err = errors.Join(disk.SyncDir(l.path("taken", run)), disk.SyncDir(l.path("answers")))
	}
	if err != nil {
		return fmt.Errorf("take the answers to the plan for run %s: %w", run, err)
	}
	return nil
}

// settle ends what became of answers that runs have taken: where the run has begun they are
// spent, and where its process died before that they are given back.
func (l Ledger) settle() error {
	runs, err := l.names("taken")
	if err != nil {
		return err
	}
	for _, id := range runs {
		err := l.judge(id)
		used, isUsed := errors.AsType[*UsedError](err)
		switch {
		case err == nil:
			err = l.giveBack(id)
		case isUsed && (used.Gone || used.Began):
			err = os.RemoveAll(l.path("taken", id))
		case isUsed:
			err = nil // it lives, and may begin or not
		}
		if err != nil {
			return fmt.Errorf("settle the answers that run %s has taken: %w", id, err)
		}
	}
	return nil
}

// giveBack returns the answers that a run has taken. What was answered since takes their place.
func (l Ledger) giveBack(run string) error {
	folders, err := l.names("taken", run)
	if err != nil {
		return err
	}
	for _, folder := range folders {
		steps, err := l.names("taken", run, folder)
		if err == nil {
			err = disk.MakeDir(l.path("answers", folder))
		}
		if err != nil {
			return err
		}
		for _, step := range steps {
			if _, err := os.Lstat(l.path("answers", folder, step)); err == nil {
				continue
			}
			if err := os.Rename(l.path("taken", run, folder, step), l.path("answers", folder, step)); err != nil {
				return err
			}
		}
		if err := disk.SyncDir(l.path("answers", folder)); err != nil {
			return err
		}
	}
	return os.RemoveAll(l.path("taken", run))
}

// names lists what is in a folder of the ledger, but for what is being written, or was when
// its writer died. A folder that is not there has nothing in it.
func (l Ledger) names(folder ...string) ([]string, error) {
	entries, err := os.ReadDir(l.path(folder...))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("look for answers to the plan: %w", err)
	}
	var names []string
	for _, entry := range entries {
		if isFile(entry.Name()) {
			names = append(names, entry.Name())
		}
	}
	return names, nil
}

// answersTo is the folder of the answers to a digest, whose colon not every file system
// takes. It becomes a path, and is held to what may.
func answersTo(digest string) (string, error) {
	folder := strings.ReplaceAll(digest, ":", "-")
	return folder, label.Check("plan", folder)
}

// fileOf is the name of the file with the answer to a step. The key of an instance may be
// any text, and is written so that it leads nowhere.
func fileOf(step, mark string) (string, error) {
	name := step
	if mark != "" {
		name += "." + mark
	}
	return label.File(name), label.Check("step", event.Template(step))
}

// isFile reports whether a file is one of those that [fileOf] names.
func isFile(name string) bool {
	return label.Check("file", strings.NewReplacer("%", "-", "~", "-").Replace(name)) == nil
}
