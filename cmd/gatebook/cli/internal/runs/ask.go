package runs

import (
	"errors"
	"time"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/report"
	"github.com/gatebook/gatebook/engine/run"
)

// How long the process that drives a run is given to answer a request, and how often
// is looked.
const (
	patience = 10 * time.Second
	interval = 50 * time.Millisecond
)

// Ask leaves a request for the process that drives the run, and waits until it was
// taken in. An error says that it was refused. Where nobody drives the run the request
// is kept, and later is true.
func (r *Runs) Ask(folder *Run, request run.Request) (later bool, err error) {
	request.By = r.User
	id, err := run.Post(folder.Run, r.Now(), r.Random(), request)
	if err != nil {
		return false, err
	}
	if folder.Status.Drive != report.Driven {
		return true, nil
	}
	for deadline := r.Now().Add(patience); ; {
		taken, refusal, err := answerIn(folder.Run, id)
		switch {
		case err != nil:
			return false, err
		case refusal != "":
			return false, console.Usage("See: gatebook status "+folder.ID(), "run %s refused: %s", folder.ID(), refusal)
		case taken:
			return false, nil
		case r.Now().After(deadline):
			return true, nil
		}
		time.Sleep(interval)
	}
}

// errFound ends the reading of a journal early.
var errFound = errors.New("found")

// answerIn looks in the journal for what became of a request. A refusal by the machine
// stands right behind it.
func answerIn(folder *journal.Run, id string) (taken bool, refusal string, err error) {
	_, err = folder.Replay(func(record journal.Record) error {
		e, err := decode(record.Payload)
		switch {
		case err != nil:
			return err
		case taken && e.Type == event.RequestRefused:
			refusal = e.Reason
			return errFound
		case taken:
			return errFound
		case e.Request == id:
			taken = true
			if e.Type == event.AnswerRefused {
				refusal = e.Reason
				return errFound
			}
		}
		return nil
	})
	if errors.Is(err, errFound) {
		err = nil
	}
	return taken, refusal, err
}
