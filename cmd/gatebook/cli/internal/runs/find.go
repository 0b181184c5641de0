package runs

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/report/standing"
)

// errNoRecord says of a run that there is nothing to tell of it.
var errNoRecord = errors.New("no record: its process died before it began, or its journal was emptied or removed")

// Open finds a run by its id, a beginning of it, or "latest", and reads how it stands. Of
// one that cannot be read nobody can tell what it has changed, so that the error is a
// [console.StuckError].
func (r *Runs) Open(name string) (*Run, error) {
	folder, err := r.find(name)
	if err != nil {
		return nil, err
	}
	found, err := r.look(folder)
	if err == nil && found.Status.Run.ID == "" && found.Status.Drive != standing.Driven {
		err = fmt.Errorf("run %s has %w", folder.ID(), errNoRecord)
	}
	if err != nil {
		return nil, unread(folder, err)
	}
	return found, nil
}

func unread(folder *journal.Run, err error) error {
	return &console.StuckError{
		Cause: err,
		Hint: "Nothing was done. What the run has changed is for a person to see. What its journal still says: gatebook audit " +
			folder.ID() + ". Its own copies and what its steps printed lie beside " + folder.JournalPath(),
	}
}

// find finds the folder of a run that a person named, for every verb alike. That there
// is none, more than one, or no folder of runs that can be read, is for the command line.
func (r *Runs) find(name string) (*journal.Run, error) {
	if name == journal.Latest {
		return r.latest()
	}
	folder, err := r.Engine.Store().Open(name)
	if err != nil {
		return nil, console.Usage("", "%v", err)
	}
	if _, err := engine.Began(folder); err != nil {
		if copied, ok := errors.AsType[*engine.CopyError](err); ok {
			return nil, console.Usage("See: gatebook status "+copied.Run, "%v", copied)
		}
	}
	return folder, nil
}

// latest passes over the copies that are newer.
func (r *Runs) latest() (*journal.Run, error) {
	var copies []string
	defer func() { r.tellStrangers(copies) }()
	all, err := r.Engine.Store().List()
	if err != nil {
		return nil, console.Usage("", "%v", err)
	}
	for entry := range all {
		if !isCopy(entry) {
			return entry.Run, nil
		}
		copies = append(copies, entry.Run.ID())
	}
	return nil, console.Usage("", "run %q in %s: %v", journal.Latest, r.Engine.Store().Root(), journal.ErrNoRun)
}

func isCopy(entry journal.Entry) bool {
	_, err := engine.BeganIn(entry)
	_, copied := errors.AsType[*engine.CopyError](err)
	return copied
}

// shownStrangers is how many folders are named that are no run's.
const shownStrangers = 5

// tellStrangers says which folders among those of the runs are passed over, copies of runs
// under the name of one among them.
func (r *Runs) tellStrangers(copies []string) {
	strangers, _ := r.Engine.Store().Strangers() // what cannot be listed is told by whoever needs it
	names := slices.Concat(copies, strangers)
	if len(names) == 0 {
		return
	}
	more := ""
	if left := len(names) - shownStrangers; left > 0 {
		names, more = names[:shownStrangers], fmt.Sprintf(" and %d more", left)
	}
	r.Note("Passed over what is no run in %s: %s%s", r.Engine.Store().Root(), layout.Line(strings.Join(names, ", ")), more)
}
