package engine_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/plugins/sdk"
)

func TestAttemptsThatGoWrong(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		returns []byte // by play.raw; nil: play.change
		do      deed
		class   sdk.Class
		message string
		exactly bool // that is the whole message
		takes   time.Duration
		outcome event.Outcome // failed where it is none
	}{
		"runs out of time": {
			do: waits, class: sdk.Timeout, message: "it ran out of time", exactly: true, takes: time.Minute,
		},
		"runs out of time at something": {
			do: func(ctx context.Context, _ *sdk.Call[playInput]) (playOutput, error) {
				<-ctx.Done()
				return playOutput{}, fmt.Errorf("waiting for web: %w", ctx.Err())
			},
			class: sdk.Timeout, message: "it ran out of time: waiting for web", exactly: true, takes: time.Minute,
		},
		"ignores its end": {
			do: after(time.Hour), class: event.Lost, takes: time.Minute + 45*time.Second, outcome: event.OutcomeStuck,
			message: "the action did not end within 45s of being asked to, and may still be at work",
		},
		"panics": {
			do:    func(context.Context, *sdk.Call[playInput]) (playOutput, error) { panic("oh") },
			class: sdk.Permanent, message: "the action play.change panicked, which is a fault of its program: oh",
		},
		"returns what is no JSON": {returns: []byte(`{"said":`), class: sdk.Permanent, message: "the action returned what is not JSON"},
		"returns too much":        {returns: jsonOf("x", 9<<20), class: sdk.Permanent, message: "bytes; the limit is 8388608"},
		"returns what grows too much": {
			returns: jsonOf("<", 4<<20-20), class: sdk.Permanent, message: "bytes in the journal; the limit is 8388608",
		},
		"has a message without end":  {do: says(strings.Repeat("é", 20<<20)), class: sdk.Permanent, message: "éé…"},
		"has a message of odd bytes": {do: says("a\xffb\x00c\nd"), class: sdk.Permanent, message: "a\uFFFDb\x00c\nd"},
		"notes what is no JSON": {
			do: func(_ context.Context, call *sdk.Call[playInput]) (playOutput, error) {
				return playOutput{}, call.Host.Note("pid", json.RawMessage(`{"pid"`))
			},
			class: sdk.Permanent, message: "note pid: it is not JSON",
		},
		"saves what is no JSON": {
			do: func(ctx context.Context, call *sdk.Call[playInput]) (playOutput, error) {
				return playOutput{}, call.Host.Before(ctx, json.RawMessage("\n"))
			},
			class: sdk.Permanent, message: "state before the change: it is not JSON",
		},
		"saves too much": {
			do: func(ctx context.Context, call *sdk.Call[playInput]) (playOutput, error) {
				return playOutput{}, call.SaveBefore(ctx, strings.Repeat("x", 9<<20))
			},
			class: sdk.Permanent, message: "the limit is 8388608",
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, p *play) {
				uses := "play.change"
				if c.returns != nil {
					uses, p.rubbish = "play.raw", c.returns
				}
				p.on("a", c.do)
				began := time.Now()
				got := p.run(fmt.Sprintf(`
onFailure: stop
steps:
  - {id: a, uses: %s, with: {name: a}, timeout: 1m}
`, uses))
				if took := time.Since(began); took < c.takes || took > c.takes+time.Second {
					t.Errorf("it took %s", took)
				}
				p.ends(got, cmp.Or(c.outcome, event.OutcomeFailed))
				if f := got.Failure; f.Class != c.class || !strings.Contains(f.Message, c.message) && !strings.HasSuffix(f.Message, "…") || len(f.Message) > 1<<20 {
					t.Errorf("failure %s: %.200q", f.Class, f.Message)
				}
				if c.exactly && got.Failure.Message != c.message {
					t.Errorf("message %q, want %q", got.Failure.Message, c.message)
				}
				time.Sleep(2 * time.Hour) // what still works may end
			})
		})
	}
}

// says is a deed that fails with a message.
func says(message string) deed {
	return func(context.Context, *sdk.Call[playInput]) (playOutput, error) {
		return playOutput{}, sdk.Errorf(sdk.Permanent, "%s", message)
	}
}

// jsonOf is a document with a text that long.
func jsonOf(letter string, length int) []byte {
	return []byte(`{"said":"` + strings.Repeat(letter, length) + `"}`)
}

func TestLargestOutputsFitIntoTheJournal(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.rubbish = jsonOf("x", 8<<20-20)
		p.ends(p.run(strings.ReplaceAll(twoSteps, "play.change", "play.raw")), event.OutcomeSucceeded)
		if finished := p.of(event.AttemptFinished); len(finished) != 2 {
			t.Errorf("%d results are in the journal", len(finished))
		}
	})
}

func TestObservationThatIgnoresItsEndClosesTheGate(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.on("look", after(24*time.Hour))
		began := time.Now()
		got := p.run(`
steps:
  - {id: a, uses: play.change, with: {name: a}, gate: {observe: {uses: play.read, with: {name: look}}, expr: "true"}}
`)
		p.ends(got, event.OutcomeGateClosed)
		if took := time.Since(began); took > 2*time.Minute {
			t.Errorf("it took %s", took)
		}
		time.Sleep(25 * time.Hour)
	})
}

func TestActionThatOutlivesItsAttemptIsNotListenedTo(t *testing.T) {
	t.Parallel()
	for name, waits := range map[string]time.Duration{"while the run goes on": 0, "when the run has ended": time.Hour} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, p *play) {
				over := make(chan error, 2)
				p.on("a", func(_ context.Context, call *sdk.Call[playInput]) (playOutput, error) {
					for range 2 {
						go func() {
							time.Sleep(waits + time.Millisecond)
							call.Host.Output("stdout", []byte("too late"))
							call.Host.Progress(sdk.Progress{Message: "too late"})
							over <- call.Host.Note("x", json.RawMessage("1"))
							over <- call.Host.Before(context.Background(), json.RawMessage("1"))
						}()
					}
					return playOutput{}, nil
				})
				p.on("b", after(time.Minute))
				p.ends(p.run(twoSteps), event.OutcomeSucceeded, "a", "b")
				for range 4 {
					if err := <-over; err == nil {
						t.Error("the host kept something of an attempt that is over")
					}
				}
				if heard := p.watch.heard(); strings.Contains(heard, "too late") {
					t.Error(heard)
				}
				if saved := p.of(event.AttemptSaved); len(saved) > 0 {
					t.Errorf("saved %+v", saved)
				}
			})
		})
	}
}

func TestAttemptThatWasCancelledCannotSaveItsState(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		var saved error
		p.on("a", func(ctx context.Context, call *sdk.Call[playInput]) (playOutput, error) {
			<-ctx.Done()
			saved = call.Host.Before(ctx, json.RawMessage("1"))
			return playOutput{}, saved
		})
		ends := p.start(twoSteps)
		p.controls <- event.Event{Type: event.CancelAsked}
		p.ends(<-ends, event.OutcomeRolledBack, "-a")
		if saved == nil {
			t.Error("the state was saved, and the action may go on to change something")
		}
	})
}

func TestIntentAndStateAreOnDiskFirst(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.on("a", func(ctx context.Context, call *sdk.Call[playInput]) (playOutput, error) {
			started := p.of(event.AttemptStarted)
			if len(started) != 1 || started[0].Op.Step != "a" || started[0].Key != call.Key {
				t.Errorf("in the journal while it is being done: %+v", started)
			}
			if err := call.SaveBefore(ctx, "as it was"); err != nil {
				return playOutput{}, err
			}
			if saved := p.of(event.AttemptSaved); len(saved) != 1 || string(saved[0].Data) != `"as it was"` {
				t.Errorf("saved: %+v", saved)
			}
			return playOutput{}, nil
		})
		p.on("b", fail(sdk.Permanent))
		p.on("-a", func(_ context.Context, call *sdk.Call[playInput]) (playOutput, error) {
			if before, saved, err := sdk.LoadBefore[string](call); before != "as it was" || !saved || err != nil {
				t.Errorf("undo was given %q, %v, %v", before, saved, err)
			}
			return playOutput{}, nil
		})
		p.ends(p.run(twoSteps), event.OutcomeRolledBack, "a", "-b", "-a")
	})
}

func TestAttemptsAndObservationsAreBounded(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		var attempts, looks counter
		var text strings.Builder
		text.WriteString("\nsteps:\n")
		for i := range 60 {
			fmt.Fprintf(&text, "  - {id: s%d, needs: [], uses: play.read, with: {name: do}, gate: {observe: {uses: play.read, with: {name: look}}, expr: 'true', within: 1h}}\n", i)
		}
		p.on("do", attempts.counted)
		p.on("look", looks.counted)
		if got := p.run(text.String()); got.err != nil || got.Outcome != event.OutcomeSucceeded {
			t.Fatalf("%+v, %v", got.Failure, got.err)
		}
		if attempts.most.Load() != 4 || looks.most.Load() != 16 {
			t.Errorf("at most %d attempts and %d observations at once", attempts.most.Load(), looks.most.Load())
		}
	})
}

// counter counts how many are at work at once.
type counter struct{ now, most atomic.Int64 }

func (c *counter) counted(context.Context, *sdk.Call[playInput]) (playOutput, error) {
	now := c.now.Add(1)
	for most := c.most.Load(); now > most && !c.most.CompareAndSwap(most, now); most = c.most.Load() {
	}
	time.Sleep(time.Second)
	c.now.Add(-1)
	return playOutput{}, nil
}

// A bubble waits for every goroutine in it, so that the test itself finds what a run
// leaves behind; the clock says whether a timer is among it.
func TestRunLeavesNothingAtWork(t *testing.T) {
	t.Parallel()
	for name, needs := range map[string]string{"wide": "needs: [], ", "chain": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var text strings.Builder
			text.WriteString("\nsteps:\n")
			for i := range 2000 {
				fmt.Fprintf(&text, "  - {id: s%d, %suses: play.read, with: {name: do}, timeout: 1h}\n", i, needs)
			}
			var took time.Duration
			synctest.Test(t, func(t *testing.T) {
				p := newPlay(t)
				began := time.Now()
				if got := p.run(text.String()); got.err != nil || got.Outcome != event.OutcomeSucceeded {
					t.Errorf("%+v, %v", got.Failure, got.err)
				}
				synctest.Wait()
				took = time.Since(began)
			})
			if took > time.Minute {
				t.Errorf("the run took %s", took)
			}
		})
	}
}

func TestOutputsAreKeptInTheLogOfTheStep(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.on("a", func(_ context.Context, call *sdk.Call[playInput]) (playOutput, error) {
			line := []byte("first")
			call.Host.Output("stdout", line)
			copy(line, "other") // it may be used again
			call.Log.Info("told")
			return playOutput{}, nil
		})
		p.ends(p.run(twoSteps), event.OutcomeSucceeded, "a", "b")
		lines := strings.Split(strings.TrimSpace(p.outputOf("a")), "\n")
		if len(lines) != 2 || !strings.HasSuffix(lines[0], " 1 stdout first") || !strings.Contains(lines[1], " 1 log ") {
			t.Errorf("log: %q", lines)
		}
	})
}

// outputOf is the log of a step of the latest run.
func (p *play) outputOf(step string) string {
	p.tb.Helper()
	text, err := os.ReadFile(filepath.Join(filepath.Dir(p.folder().JournalPath()), "output", step+".log"))
	if err != nil {
		p.tb.Fatal(err)
	}
	return string(text)
}

func TestStateThatCannotBeMade(t *testing.T) {
	t.Parallel()
	p := newPlay(t)
	file := t.TempDir() + "/state"
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	p.engine = p.newEngine(file)
	pl := planned(t, p.engine, twoSteps)
	_, err := p.engine.Run(t.Context(), pl, p.process, runOptions)
	if err == nil || !strings.Contains(err.Error(), "create run ") || !strings.Contains(err.Error(), file) {
		t.Errorf("got %v", err)
	}
	if len(p.did()) > 0 || len(p.watch.events) > 0 {
		t.Errorf("done %q, told %v", p.did(), p.watch.events)
	}
}
