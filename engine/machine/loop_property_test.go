package machine_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// shifting is a list that is another one at another time, as that of a loop in `finally` may
// be, and that cannot always be told.
type shifting struct {
	lists []value.Value // one a second, over and over; null: it cannot be told
}

func (s shifting) Eval(scope expr.Scope) (value.Value, error) {
	now, _ := scope.Root(expr.RootNow)
	text, _ := now.AsString()
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return value.Value{}, err
	}
	list := s.lists[int(at.Sub(epoch)/time.Second)%len(s.lists)]
	if list.IsNull() {
		return value.Value{}, errors.New("it cannot be told")
	}
	return list, nil
}

// drawLoop has a step done for many, or for none.
func drawLoop(t *rapid.T, l loops, s *plan.Step) *plan.Step {
	sizes := rapid.SliceOfN(rapid.SampledFrom([]string{"1", "2", "25%", "50%", "100%"}), 1, 3).Draw(t, "sizes")
	said := []string{"sizes: [" + strings.Join(sizes, ", ") + "]"}
	if n := rapid.IntRange(0, 2).Draw(t, "maxParallel"); n > 0 {
		said = append(said, fmt.Sprintf("maxParallel: %d", n))
	}
	if budget := rapid.SampledFrom([]string{"", "1", "50%", "100%", "{total: 2, batch: 50%}"}).Draw(t, "maxFailures"); budget != "" {
		said = append(said, "maxFailures: "+budget)
	}
	if rapid.Bool().Draw(t, "pause") {
		said = append(said, "pause: 3s")
	}
	s.Loop = l("{" + strings.Join(said, ", ") + "}")
	var lists []value.Value
	for range rapid.IntRange(1, 3).Draw(t, "lists") {
		if rapid.IntRange(0, 9).Draw(t, "untold") == 0 {
			lists = append(lists, value.Null())
			continue
		}
		keys := []string{"u", "v", "w", "x", "y", "z"}
		from := rapid.IntRange(0, len(keys)).Draw(t, "from")
		lists = append(lists, listOf(keys[from:]...))
	}
	s.Loop.Source = shifting{lists}
	if rapid.Bool().Draw(t, "of each") {
		s.Loop.When = condition(in(rapid.SampledFrom([]expr.Truth{expr.False, expr.Unknown}).Draw(t, "of some"), expr.True, "w", "y", "z"))
	}
	switch rapid.IntRange(0, 3).Draw(t, "between") {
	case 0:
		s.Loop.Between = conditions(offAndOn(rapid.IntRange(1, 9).Draw(t, "off and on between")))
	case 1:
		s.Loop.Between = []*plan.Condition{
			polled(20*time.Second, 3*time.Second, 4*time.Second, offAndOn(rapid.IntRange(1, 9).Draw(t, "off and on between"))),
			condition(always(expr.True)),
		}
	}
	return s
}

// watched is what a journal says of a loop.
type watched struct {
	id       string
	plan     *plan.Step
	cleans   bool // it is in some finally
	keys     []string
	ends     []int
	running  bool
	spent    bool
	failed   int
	failedOf []int
	doneAt   []time.Time // of each batch, when it was done last; zero: not since one of it began
	held     []map[int]bool
	batch    int // the one that was done last

	underWay map[string]bool
	status   map[string]event.Status
	done     map[string]bool
	lost     bool // what came of an instance went with a process that died
}

func (l *watched) opened(o *event.Loop) {
	l.keys, l.ends, l.failedOf = o.Keys, nil, make([]int, len(o.Batches))
	l.doneAt, l.held = make([]time.Time, len(o.Batches)), make([]map[int]bool, len(o.Batches))
	l.underWay, l.status, l.done = make(map[string]bool), make(map[string]event.Status), make(map[string]bool)
	end := 0
	for _, size := range o.Batches {
		end += size
		l.ends = append(l.ends, end)
	}
}

func (l *watched) batchOf(id string) int {
	_, key, _ := event.SplitInstance(id)
	place := slices.Index(l.keys, key)
	if place < 0 {
		return -1
	}
	return slices.IndexFunc(l.ends, func(end int) bool { return place < end })
}

func (l *watched) size(batch int) int {
	if batch == 0 {
		return l.ends[0]
	}
	return l.ends[batch] - l.ends[batch-1]
}

// holds says why what comes after a batch may not begin yet; it is empty where it may.
func (l *watched) holds(batch int, now time.Time) string {
	for _, key := range l.keys[:l.ends[batch]] {
		switch status := l.status[event.InstanceID(l.plan.ID, key)]; status {
		case event.Succeeded, event.Skipped, event.Failed:
		default:
			return fmt.Sprintf("%s is %q", key, status)
		}
	}
	for b := range batch + 1 {
		if l.doneAt[b].IsZero() {
			return fmt.Sprintf("batch %d is not done", b)
		}
		if l.isSkipped(b) {
			continue // nothing was done of which there is anything to see
		}
		if b < len(l.ends)-1 && now.Sub(l.doneAt[b]) < l.plan.Loop.Pause {
			return fmt.Sprintf("the pause after batch %d is not over", b)
		}
		for k := range l.plan.Loop.Between {
			if !l.held[b][k] {
				return fmt.Sprintf("condition %d does not hold after batch %d", k, b)
			}
		}
	}
	return ""
}

// isSkipped reports whether all of a batch is.
func (l *watched) isSkipped(batch int) bool {
	for _, key := range l.keys[l.ends[batch]-l.size(batch) : l.ends[batch]] {
		if l.status[event.InstanceID(l.plan.ID, key)] != event.Skipped {
			return false
		}
	}
	return true
}

// begins says why an instance may not begin; it is empty where it may.
func (l *watched) begins(id string, mode event.Mode, now time.Time) string {
	batch := l.batchOf(id)
	switch {
	case batch < 0:
		return "it is not among what the loop is done for"
	case !l.running:
		return "its loop is not running"
	case mode != event.Going && mode != event.Closing:
		return "the run is " + string(mode)
	case l.spent:
		return "more failed than may"
	case len(l.underWay) >= l.plan.Loop.AtOnce(l.size(batch)):
		return fmt.Sprintf("these are under way: %v", l.underWay)
	case batch > 0:
		if why := l.holds(batch-1, now); why != "" {
			return why
		}
	}
	l.underWay[id], l.done[id], l.doneAt[batch], l.held[batch] = true, false, time.Time{}, nil
	return ""
}

// takes takes in what happened to an instance.
func (l *watched) takes(e event.Event, mode event.Mode) {
	id := e.Op.Step
	switch {
	case e.Type == event.AttemptFinished && e.Op.Part == event.Do:
		l.done[id] = e.Failure == nil
		return
	case e.Type == event.AttemptObserved && e.Op.Part == event.Do && e.State == sdk.Done:
		l.lost = true
		return
	case e.Type != event.StepDecided:
		return
	}
	l.status[id] = e.Status
	if e.Status == event.Pending || e.Status.Settled() {
		delete(l.underWay, id)
	}
	if e.Status == event.NotRun {
		l.done[id] = false // whatever it was at an earlier chance
	}
	byUs := mode == event.Draining && e.Failure != nil && (e.Failure.Class == sdk.Cancelled || e.Failure.Class == event.Lost)
	if batch := l.batchOf(id); e.Status == event.Failed && l.running && !byUs {
		l.failed++
		l.failedOf[batch]++
		l.spent = l.spent || l.plan.Loop.Spent(l.failed, len(l.keys), l.failedOf[batch], l.size(batch))
	}
}

// decided takes in what became of the step, and says why that may not be.
func (l *watched) decided(e event.Event, now time.Time) string {
	wasRunning := l.running
	l.running = e.Status == event.Running
	if e.Status.Settled() && !wasRunning && l.cleans {
		l.keys = nil // it was not told this time what it is done for
	}
	switch e.Status {
	case event.Running:
		l.failed, l.spent = 0, false
		clear(l.failedOf)
	case event.Succeeded:
		if l.spent {
			return "more failed than may"
		}
		if len(l.ends) > 0 {
			return l.holds(len(l.ends)-1, now)
		}
	case event.Failed:
		if wasRunning && len(l.underWay) > 0 && (l.plan.Finally || l.plan.OnFailure == plan.Continue) && e.Failure.Class != sdk.Cancelled {
			return fmt.Sprintf("these are under way: %v", l.underWay)
		}
	default:
	}
	return ""
}

// checkLoops holds a journal against what loops promise.
func checkLoops(t *rapid.T, w *world) {
	of := make(map[string]*watched)
	var mode, before event.Mode
	for _, e := range w.journal {
		switch {
		case e.Type == event.ModeChanged:
			before, mode = mode, e.Mode
		case e.Type == event.CancelAsked && mode == event.Draining && before == event.Closing:
			mode = before // it was on its way to a pause, which a cancel ends
		}
		if e.Op == nil {
			continue
		}
		if l := watch(w.plan, of, e.Op.Step); l != nil {
			why := ""
			switch {
			case e.Type == event.LoopOpened:
				l.opened(e.Loop)
			case e.Type == event.BatchDone:
				l.batch = e.Op.Index
				l.doneAt[l.batch], l.held[l.batch] = e.Time, make(map[int]bool)
			case e.Type == event.ConditionMet && e.Op.Part == event.Between:
				l.held[l.batch][e.Op.Index] = e.Verdict.Truth == expr.True.String()
			case e.Type == event.StepDecided:
				why = l.decided(e, e.Time)
			}
			if why != "" {
				t.Fatalf("%s is %s at %s, and %s\n%s", e.Op.Step, e.Status, e.Time.Sub(epoch), why, strings.Join(w.story(), "\n"))
			}
			continue
		}
		step, _, _ := event.SplitInstance(e.Op.Step)
		l := of[step]
		if l == nil {
			continue
		}
		if isBeginning(w.plan, e) && !l.underWay[e.Op.Step] {
			if why := l.begins(e.Op.Step, mode, e.Time); why != "" {
				t.Fatalf("%s began at %s, and %s\n%s", e.Op.Step, e.Time.Sub(epoch), why, strings.Join(w.story(), "\n"))
			}
		}
		l.takes(e, mode)
	}
	if w.result == nil || w.machine.Mode() != event.Ended {
		return
	}
	for _, l := range of {
		checkLoopEnd(t, w, l)
	}
}

// watch returns what is known of a loop; nil: the step is none.
func watch(p *plan.Plan, of map[string]*watched, id string) *watched {
	if l, ok := of[id]; ok {
		return l
	}
	if s := stepIn(p, id); s.Loop != nil {
		of[id] = &watched{id: id, plan: s, cleans: cleansUp(p, id)}
	}
	return of[id]
}

// isBeginning reports whether an event is one that an instance begins with.
func isBeginning(p *plan.Plan, e event.Event) bool {
	switch e.Type {
	case event.ConditionMet, event.AttemptStarted:
		return e.Op.Part == event.Do || e.Op.Part == event.When || e.Op.Part == event.Gate
	case event.StepDecided:
		takesIn := stepIn(p, e.Op.Step).Runbook != nil && e.Status == event.Running
		return e.Status == event.Waiting || e.Status == event.Asking || e.Status == event.Skipped || takesIn
	default:
		return false
	}
}

// checkLoopEnd holds the end of a run against what loops promise: each instance is settled,
// and what the step gives back are the outputs of what was done, in order and by key.
func checkLoopEnd(t *rapid.T, w *world, l *watched) {
	var outputs []value.Value
	var keys []string
	for _, key := range l.keys {
		id := event.InstanceID(l.id, key)
		if !l.status[id].Settled() {
			t.Fatalf("the run ended and %s is %q\n%q", id, l.status[id], w.story())
		}
		if l.done[id] && !l.plan.Describe.Asks {
			outputs, keys = append(outputs, idOf(id)), append(keys, key)
		}
	}
	if l.plan.Within != "" || l.plan.Runbook != nil {
		return // the run does not give it back
	}
	if strings.HasPrefix(w.result.Missing["outputs."+l.plan.ID], "it is not known") && l.lost {
		return
	}
	if l.isTakenBack() {
		return // what was given a new chance before that has no outputs, and no event says which was
	}
	given, ok := w.result.Outputs.Get(l.plan.ID)
	if want := plan.OutputsOf(keys, outputs); l.keys != nil && (!ok || given.String() != want.String()) {
		t.Fatalf("of %s come %s\n%q", l.plan.ID, cmp.Diff(want.String(), given.String()), w.story())
	}
}

// isTakenBack reports whether a rollback has come to an instance.
func (l *watched) isTakenBack() bool {
	for _, status := range l.status {
		if status == event.Undone || status == event.LeftOver {
			return true
		}
	}
	return false
}

// idOf are the outputs of an attempt.
func idOf(step string) value.Value {
	return value.Object(value.Member{Name: "of", Value: value.String(step)})
}

// given has a run give back the outputs of its loops.
func given(p *plan.Plan) {
	for _, s := range p.Steps {
		if s.Loop != nil && s.Within == "" {
			p.Outputs = append(p.Outputs, plan.Binding{Name: s.ID, Source: outputsOf(s.ID)})
		}
	}
}
