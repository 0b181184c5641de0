package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/run"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// witness makes sure that nobody is told what the journal's file does not hold, or in
// another order than it does, or by two at once.
type witness struct {
	audience
	t      *testing.T
	at     atomic.Int32
	folder func() string // of the journal
	checks atomic.Int32
}

func (w *witness) Event(e event.Event) {
	if w.at.Add(1) != 1 {
		w.t.Error("two tell at once")
	}
	defer w.at.Add(-1)
	w.audience.Event(e)
	checks := int(w.checks.Add(1))
	if checks%37 != 0 {
		return
	}
	text, err := os.ReadFile(w.folder())
	if err != nil {
		w.t.Error(err)
		return
	}
	if lines := strings.Count(string(text), "\n"); lines < checks {
		w.t.Errorf("%d events were told and %d are in the file", checks, lines)
	}
}

// storm is a world of fast steps of all kinds.
type storm struct {
	*play
	t        *testing.T
	rand     *rand.Rand
	steps    int
	inFlight atomic.Int32
	most     atomic.Int32
	width    int
	bad      string // the step that fails; empty: none
}

func newStorm(t *testing.T, seed uint64) (*storm, string) {
	t.Helper()
	s := &storm{t: t, play: newPlay(t), rand: rand.New(rand.NewPCG(seed, 7)), steps: 120}
	s.width = []int{1, 2, 16, 1000}[s.rand.IntN(4)]
	var text strings.Builder
	policy := []string{"rollback", "stop", "pause"}[s.rand.IntN(3)]
	fmt.Fprintf(&text, "onFailure: %s\nsteps:\n", policy)
	if s.rand.IntN(2) == 0 && policy != "pause" {
		s.bad = fmt.Sprintf("s%d", s.steps/2+s.rand.IntN(s.steps/2))
	}
	for i := range s.steps {
		id, needs, more := fmt.Sprintf("s%d", i), "", ""
		switch s.rand.IntN(5) {
		case 0:
			needs = ", needs: []"
		case 1, 2:
			if i > 1 {
				needs = fmt.Sprintf(", needs: [s%d, s%d]", s.rand.IntN(i-1), i-1)
			}
		}
		uses := []string{"play.read", "play.change", "play.seen"}[s.rand.IntN(3)]
		kind := s.rand.IntN(8)
		if kind == 5 {
			more = ", retry: {attempts: 3, delay: 1ms, maxDelay: 2ms}"
		}
		if kind == 6 {
			more = ", timeout: 20s"
		}
		if kind == 7 {
			more = fmt.Sprintf(", gate: {observe: {uses: play.read, with: {name: look%d}}, expr: 'true', within: 1m, every: 1s}", i)
		}
		fmt.Fprintf(&text, "  - {id: %s, uses: %s, with: {name: %s}%s%s}\n", id, uses, id, needs, more)
		s.on(id, s.deed(id, kind, s.rand.IntN(300)))
		s.on("-"+id, s.deed("-"+id, kind%5, s.rand.IntN(100)))
	}
	return s, text.String()
}

func (s *storm) deed(id string, kind, micros int) deed {
	var tries atomic.Int32
	return func(ctx context.Context, call *sdk.Call[playInput]) (playOutput, error) {
		now := s.inFlight.Add(1)
		defer s.inFlight.Add(-1)
		for most := s.most.Load(); now > most && !s.most.CompareAndSwap(most, now); most = s.most.Load() {
		}
		switch kind {
		case 1:
			if err := call.Note("n", micros); err != nil {
				s.t.Errorf("%s: note: %v", id, err)
			}
		case 2:
			if !call.Undo {
				if err := call.SaveBefore(ctx, micros); err != nil && ctx.Err() == nil {
					s.t.Errorf("%s: before: %v", id, err)
				}
			}
		case 3:
			for i := range 5 {
				call.Host.Output("stdout", fmt.Appendf(nil, "%s line %d", id, i))
			}
		case 4:
			time.Sleep(time.Duration(micros) * time.Microsecond)
		case 5:
			if tries.Add(1) < 3 {
				return playOutput{}, sdk.Errorf(sdk.Transient, "again")
			}
		}
		if id == s.bad {
			return playOutput{}, sdk.Errorf(sdk.Permanent, "it is broken")
		}
		return playOutput{Said: id}, nil
	}
}

// going drives the run in the background; what it waits for takes real time.
func (s *storm) going(drive func() (event.Result, error)) <-chan end {
	ends := make(chan end, 1)
	go func() {
		result, err := drive()
		ends <- end{result, err}
	}()
	return ends
}

func (s *storm) ended(ends <-chan end) end {
	s.t.Helper()
	select {
	case got := <-ends:
		return got
	case <-time.After(time.Minute):
		s.t.Fatal("the run does not end")
		return end{}
	}
}

// Random graphs of steps that are over at once, which notes, retries, gates, pauses and
// cancels come in between.
func TestStormsOfFastStepsUnderControls(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			s, text := newStorm(t, seed)
			w := &witness{t: t, folder: func() string { return s.folder().JournalPath() }}
			s.process.Watch = w
			pl := planned(t, s.engine, text)
			options := runOptions
			options.Parallelism = s.width
			ends := s.going(func() (event.Result, error) {
				return s.engine.Run(context.Background(), pl, s.process, options)
			})
			var stop sync.WaitGroup
			cancels := s.rand.IntN(4) == 0
			var got end
			for turn := 0; ; turn++ {
				over := make(chan struct{})
				wait, byPost := time.Duration(s.rand.IntN(20_000))*time.Microsecond, s.rand.IntN(3) == 0
				ask := event.PauseAsked
				if cancels && turn == 2 {
					ask = event.CancelAsked
				}
				stop.Go(func() {
					if turn > 4 {
						return
					}
					select {
					case <-time.After(wait):
					case <-over:
						return
					}
					if byPost && w.checks.Load() > 0 {
						s.post(run.Request{Type: ask})
						return
					}
					select {
					case s.controls <- event.Event{Type: ask, By: "dora"}:
					case <-over:
					}
				})
				got = s.ended(ends)
				close(over)
				stop.Wait()
				if got.err != nil {
					t.Fatalf("turn %d: %v", turn, got.err)
				}
				if s.inFlight.Load() != 0 {
					t.Errorf("turn %d: %d actions are at work after the end", turn, s.inFlight.Load())
				}
				if got.Outcome != event.OutcomePaused {
					break
				}
				folder := s.folder()
				whole, err := s.engine.Planned(folder, func(string, string) (string, error) { return s.secret, nil })
				if err != nil {
					t.Fatal(err)
				}
				ends = s.going(func() (event.Result, error) {
					return s.engine.Resume(context.Background(), folder, whole, s.process, run.Resumption{Ask: event.ResumeAsked})
				})
			}
			s.check(got, w, cancels)
		})
	}
}

func (s *storm) check(got end, w *witness, cancels bool) {
	s.t.Helper()
	if s.most.Load() > int32(s.width+16) {
		s.t.Errorf("%d at once, where %d may be", s.most.Load(), s.width)
	}
	count := map[string]int{}
	for _, name := range s.did() {
		if !strings.HasPrefix(name, "look") {
			if count[name]++; count[name] > 1 {
				s.t.Errorf("%s was done %d times", name, count[name])
			}
		}
	}
	if s.bad == "" && !cancels && (got.Outcome != event.OutcomeSucceeded || len(count) != s.steps) {
		s.t.Errorf("%s: %d of %d were done: %+v", got.Outcome, len(count), s.steps, got.Failure)
	}
	kept := s.events()
	told := w.events
	same := func(a, b event.Event) bool {
		x, _ := json.Marshal(a)
		y, _ := json.Marshal(b)
		return string(x) == string(y)
	}
	if !slices.EqualFunc(kept, told, same) {
		s.t.Errorf("%d events are in the journal and %d were told, or others", len(kept), len(told))
	}
	for i := 1; i < len(kept); i++ {
		if kept[i].Time.Before(kept[i-1].Time) {
			s.t.Errorf("event %d is before the one before it", i)
		}
	}
}
