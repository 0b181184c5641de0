package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gatebook/gatebook/engine/journal/internal/disk"
	"github.com/gatebook/gatebook/engine/journal/internal/label"
)

// Latest stands for the newest run in [Store.Open].
const Latest = "latest"

// Store is the folder that holds all runs of a user, and their locks.
type Store struct{ root string }

// NewStore returns the store in the folder root. Nothing is read, and nothing is made
// before the first run is.
func NewStore(root string) *Store { return &Store{root: root} }

// Root returns the folder that the store is in.
func (s *Store) Root() string { return s.root }

func (s *Store) runs() string { return filepath.Join(s.root, "runs") }

func (s *Store) run(id string) *Run {
	return &Run{id: id, dir: filepath.Join(s.runs(), id), store: s}
}

// has reports whether a run's folder is there, or may be.
func (s *Store) has(id string) bool {
	if label.Check("run", id) != nil {
		return false
	}
	_, err := os.Stat(s.run(id).dir)
	return !errors.Is(err, fs.ErrNotExist)
}

// Create makes the folder of a new run. The id is one of [NewRunID]: of any other, no
// list shows the run. One that is taken gives an error that wraps fs.ErrExist; the caller
// tries another.
func (s *Store) Create(id string) (*Run, error) {
	if err := label.Check("run", id); err != nil {
		return nil, err
	}
	if id == Latest {
		return nil, fmt.Errorf("%q is no id for a run: it stands for the newest", id)
	}
	if err := s.create(id); err != nil {
		return nil, fmt.Errorf("create run %s: %w", id, err)
	}
	return s.run(id), nil
}

func (s *Store) create(id string) error {
	if err := disk.MakeDir(s.runs()); err != nil {
		return err
	}
	r := s.run(id)
	if err := os.Mkdir(r.dir, disk.DirMode); err != nil {
		return err
	}
	for _, dir := range []string{r.inbox(), r.outputs()} {
		if err := os.Mkdir(dir, disk.DirMode); err != nil {
			return err
		}
	}
	return errors.Join(disk.SyncDir(r.dir), disk.SyncDir(s.runs()))
}

// Open finds a run by its id, by a beginning of it that only one run has, by its
// random part, or as [Latest]. Its error wraps [ErrNoRun] where there is none, and is an
// [AmbiguousError] where there are several.
func (s *Store) Open(name string) (*Run, error) {
	ids, _, err := s.folders()
	if err != nil {
		return nil, err
	}
	if name == Latest && len(ids) > 0 {
		return s.run(ids[len(ids)-1]), nil
	}
	if _, found := slices.BinarySearch(ids, name); found {
		return s.run(name), nil
	}
	var fits []string
	for _, id := range ids {
		if name != "" && (strings.HasPrefix(id, name) || strings.HasSuffix(id, "-"+name)) {
			fits = append(fits, id)
		}
	}
	switch len(fits) {
	case 0:
		return nil, fmt.Errorf("run %q in %s: %w; list them with: gatebook history", name, s.root, ErrNoRun)
	case 1:
		return s.run(fits[0]), nil
	default:
		return nil, &AmbiguousError{Name: name, IDs: fits}
	}
}

// Strangers returns the names of the folders among those of the runs that are none, such
// as a copy that somebody made of one. Nothing else here sees them, so that none is
// taken for the newest run; whoever lists the runs says that they were passed over.
func (s *Store) Strangers() ([]string, error) {
	_, strangers, err := s.folders()
	return strangers, err
}

// folders returns the names of the folders of all runs, oldest first, which is the order
// of ReadDir, and of those that are no run's.
func (s *Store) folders() (ids, strangers []string, err error) {
	entries, err := os.ReadDir(s.runs())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("list the runs: %w", err)
	}
	for _, entry := range entries {
		if !entry.IsDir() {
			continue
		}
		if _, ok := label.ReadRunID(entry.Name()); ok {
			ids = append(ids, entry.Name())
		} else {
			strangers = append(strangers, entry.Name())
		}
	}
	return ids, strangers, nil
}

// Entry is a run as a list shows it.
type Entry struct {
	Run     *Run
	First   []byte // the first record's payload; nil where there is none
	Last    []byte // the last whole record's payload
	Records uint64 // how many records there are, by the number of the last
	// Err says why the others are not known. A damaged run is listed as such: it is
	// neither left out nor does it keep the others from being seen.
	Err error
}

// List goes through all runs, newest first. Of each it reads the beginning and the end
// of the journal and checks these two records only; the whole chain is checked by
// [Run.Replay]. Stopping early spares the reading of the rest.
func (s *Store) List() (iter.Seq[Entry], error) {
	ids, _, err := s.folders()
	if err != nil {
		return nil, err
	}
	return func(yield func(Entry) bool) {
		for _, id := range slices.Backward(ids) {
			if !yield(s.run(id).Entry()) {
				return
			}
		}
	}, nil
}
