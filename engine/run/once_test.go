package run

import (
	"errors"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/plugins/sdk"
)

var errClaim, errRelease = errors.New("claimed by another"), errors.New("the lock is busy")

// contested cannot be claimed; to give it back ends with an error, or with none.
type contested struct{ release error }

func (contested) Claim(*journal.Run) error     { return errClaim }
func (c contested) Release(*journal.Run) error { return c.release }

// A claim that could not be given back finds its run, to see that it did not begin.
func TestTheFolderStaysAsLongAsTheClaim(t *testing.T) {
	t.Parallel()
	for _, release := range []error{nil, errRelease} {
		store := journal.NewStore(t.TempDir())
		_, err := Start(t.Context(), store, Process{Now: time.Now}, planOf(t, 1, sdk.Read, false), nil, event.Run{}, contested{release})
		if !errors.Is(err, errClaim) || release != nil && !errors.Is(err, release) {
			t.Errorf("got %v", err)
		}
		if _, err := store.Open(journal.Latest); errors.Is(err, journal.ErrNoRun) != (release == nil) {
			t.Errorf("given back with %v: the folder is %v", release, err)
		}
	}
}
