package runs

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"testing"

	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/run"
)

// What passes by itself is no reason to end a run for good, without its `finally`.
func TestOnlyWhatLastsKeepsACancelFromARun(t *testing.T) {
	t.Parallel()
	held := func(name, by string, elsewhere bool) error {
		return &journal.HeldError{Name: name, Owner: journal.Owner{Run: by}, Elsewhere: elsewhere}
	}
	for name, c := range map[string]struct {
		err   error
		lasts bool
	}{
		"its plan is another one":             {&engine.OtherPlanError{Cause: errors.New("it is")}, true},
		"its plugin is gone":                  {fmt.Errorf("so: %w", &engine.GoneError{Cause: errors.New("it is")}), true},
		"its runbook is gone":                 {&fs.PathError{Op: "open", Path: "runbook.yaml", Err: syscall.ENOENT}, true},
		"its folder is another one":           {&engine.OtherFolderError{}, true},
		"a connection reaches another target": {fmt.Errorf("so: %w", &run.OtherTargetError{}), true},
		"another run has its lock":            {held("web", "b", false), true},
		"its lock is in its own name":         {held("web", "a", true), false},
		"its lock is held by nobody known":    {held("web", "", false), false},
		"another process drives it":           {held("", "a", false), false},
		"too many files are open":             {&fs.PathError{Op: "open", Path: "plan.json", Err: syscall.EMFILE}, false},
		"its disk is bad":                     {&fs.PathError{Op: "open", Path: "plan.json", Err: syscall.EIO}, false},
		"it may not be read":                  {&fs.PathError{Op: "open", Path: "plan.json", Err: syscall.EACCES}, false},
		"its journal cannot be written":       {&run.AbandonedError{Cause: fs.ErrNotExist}, false},
		"nothing is left to cancel":           {&run.RefusedError{}, false},
		"it was stopped before":               {&run.StoppedError{}, false},
		"its journal is damaged":              {&journal.DamagedError{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := keptFromIt(c.err, "a"); got != c.lasts {
				t.Errorf("%v: %t", c.err, got)
			}
		})
	}
}
