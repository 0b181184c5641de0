package runs

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
)

// asking keeps a run that stands at a question. Its journal is not written on, as
// if its process were busy, or gone.
func asking(t *testing.T, said *strings.Builder) (*Runs, *journal.Run) {
	t.Helper()
	made, err := engine.New(engine.Config{State: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	folder, err := made.Store().Create("20261121-193055-k3f9x")
	if err != nil {
		t.Fatal(err)
	}
	kept, err := folder.CreateJournal()
	if err != nil {
		t.Fatal(err)
	}
	op := &event.Op{Step: "sign_off", Part: event.Do}
	for _, e := range []event.Event{
		{Type: event.RunStarted, Run: &event.Run{ID: folder.ID(), Digest: event.Digest(nil)}},
		{Type: event.StepDecided, Op: op, Status: event.Asking},
		{Type: event.AskOpened, Op: op, Data: json.RawMessage(`{"message": "Go on?"}`)},
	} {
		payload, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := kept.Append(payload); err != nil {
			t.Fatal(err)
		}
	}
	if err := kept.Close(); err != nil {
		t.Fatal(err)
	}
	c := &console.Console{Env: console.Env{Stderr: said, Now: time.Now, Random: func() uint64 { return 7 }, User: "ann"}}
	return &Runs{Console: c, Engine: made}, folder
}

func TestAnAnswerThatIsNotTakenInYetSaysWhy(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		driven bool
		want   string
	}{
		"by a busy process": {true, "whose process has not answered yet"},
		"by none":           {false, "Nobody drives the run now"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var said strings.Builder
				all, folder := asking(t, &said)
				if test.driven {
					locks, err := folder.Lock(t.Context(), journal.Owner{PID: 1, Host: "ops1"})
					if err != nil {
						t.Fatal(err)
					}
					defer locks.Close()
				}
				if err := all.Answer(t.Context(), Answer{Run: folder.ID(), Step: "sign_off", Approved: true}); err != nil {
					t.Fatal(err)
				}
				if !strings.Contains(said.String(), "Approved sign_off.") || !strings.Contains(said.String(), test.want) {
					t.Errorf("it says %q, want %q", said.String(), test.want)
				}
			})
		})
	}
}
