package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gatebook/gatebook/engine/journal/internal/disk"
	"github.com/gatebook/gatebook/engine/journal/internal/label"
)

// MaxRequest is the largest request that can be posted, in bytes.
const MaxRequest = 1 << 20

const requestEnding = ".json"

// Request is something that another process asks of a run, such as a pause.
type Request struct {
	ID   string // unique, and sorting by the time at which it was posted
	Body []byte // JSON
}

// Post leaves a request for the process that drives the run, now or when it is resumed,
// and returns the request's id. The request is on the disk when Post returns.
func (r *Run) Post(now time.Time, random uint64, body []byte) (string, error) {
	id := label.NewRequestID(now, random)
	if len(body) > MaxRequest || !json.Valid(body) {
		return "", fmt.Errorf("post a request to run %s: it is not JSON of at most %d bytes", r.id, MaxRequest)
	}
	if err := disk.WriteFile(filepath.Join(r.inbox(), id+requestEnding), body); err != nil {
		return "", fmt.Errorf("post a request to run %s: %w", r.id, err)
	}
	return id, nil
}

// TakeInbox returns the requests that are waiting, oldest first. They stay until
// [Run.Done]: a driver that dies in between is given them again, and tells by the ids
// in its journal which it knows already. Where some cannot be read, the others are
// returned together with the error.
func (r *Run) TakeInbox() ([]Request, error) {
	entries, err := os.ReadDir(r.inbox()) // sorted by name
	if err != nil {
		return nil, fmt.Errorf("look into the inbox of run %s: %w", r.id, err)
	}
	var requests []Request
	var errs []error
	for _, entry := range entries {
		id, ok := strings.CutSuffix(entry.Name(), requestEnding)
		if !ok || label.Check("request", id) != nil {
			continue // one that is being written, or was when its writer died
		}
		// Of one that nobody could have posted the beginning is enough to refuse it.
		body, err := disk.ReadStart(filepath.Join(r.inbox(), entry.Name()), MaxRequest)
		switch {
		case err == nil:
			requests = append(requests, Request{ID: id, Body: body})
		case !errors.Is(err, fs.ErrNotExist):
			errs = append(errs, fmt.Errorf("read a request to run %s: %w", r.id, err))
		}
	}
	return requests, errors.Join(errs...)
}

// Done removes a request. The caller does so when the request is in the journal and
// synced; doing it twice is no error.
func (r *Run) Done(id string) error {
	if err := label.Check("request", id); err != nil {
		return err
	}
	err := os.Remove(filepath.Join(r.inbox(), id+requestEnding))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove a request to run %s: %w", r.id, err)
	}
	return nil
}
