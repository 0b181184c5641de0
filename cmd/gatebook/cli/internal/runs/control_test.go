package runs

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/engine/event"
)

func TestEachSignalAsksForMoreAndSaysSo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &Runs{Console: &console.Console{Env: console.Env{User: "ann", Now: time.Now}}}
		received, stop, asked := make(chan os.Signal), make(chan struct{}), make(chan event.Event)
		var said []string
		go r.control(received, stop, asked, func(line string) { said = append(said, line) })
		defer func() {
			close(stop)
			synctest.Wait()
		}()
		steps := []struct {
			signal os.Signal
			want   event.Type
			says   string
		}{
			{syscall.SIGTERM, event.PauseAsked, "Nothing new is started"},
			{os.Interrupt, event.CancelAsked, "What runs is being stopped"},
			{os.Interrupt, event.CancelAsked, "is given up and left to a person"},
			{os.Interrupt, event.CancelAsked, "kill -9 loses nothing"},
		}
		for i, step := range steps {
			time.Sleep(repeated)
			received <- step.signal
			if e := <-asked; e.Type != step.want || e.By != "ann" || !strings.Contains(e.Reason, step.signal.String()) {
				t.Errorf("signal %d asks for %+v", i+1, e)
			}
			synctest.Wait()
			if len(said) != i+1 || !strings.Contains(said[i], step.says) {
				t.Errorf("signal %d says %q", i+1, said)
			}
			time.Sleep(5 * time.Millisecond)
			received <- step.signal // told twice
		}
	})
}

func TestSignalsDoNotWaitForARunThatHasEnded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &Runs{Console: &console.Console{Env: console.Env{Now: time.Now}}}
		received, stop := make(chan os.Signal, 1), make(chan struct{})
		done := make(chan struct{})
		received <- os.Interrupt
		go func() {
			defer close(done)
			r.control(received, stop, make(chan event.Event), func(string) {})
		}()
		synctest.Wait()
		close(stop)
		<-done
	})
}
