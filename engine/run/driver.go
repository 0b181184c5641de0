package run

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/machine"
	"github.com/gatebook/gatebook/engine/people"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/run/internal/hearing"
	"github.com/gatebook/gatebook/engine/run/internal/output"
	"github.com/gatebook/gatebook/engine/run/internal/secret"
	"github.com/gatebook/gatebook/engine/run/internal/target"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Process is what a driver needs of the process that it runs in.
type Process struct {
	Now func() time.Time
	// Watch is told what happens; nil: nobody is.
	Watch Watcher
	// Asker puts questions to the person at the terminal; nil, or an error of it, says
	// that nobody is there, and answers come from other processes alone.
	Asker Asker
	// Wait keeps the run going while it waits for people only who are not at the
	// terminal; otherwise it pauses then.
	Wait bool
	// Controls are what the person at the keyboard asks for: [event.PauseAsked] and
	// [event.CancelAsked]. The sender closes nothing.
	Controls <-chan event.Event
	// Info says who and where this process is.
	Info event.Process
	// Owner is how the locks name this process.
	Owner journal.Owner
}

// Watcher is told what happens in a run, as it happens. Event is called by one
// goroutine at a time; Output and Progress are called by many.
type Watcher interface {
	Event(e event.Event)
	Output(step, stream, line string)
	Progress(step string, p sdk.Progress)
}

// Asker asks the person at the terminal. It returns when there is an answer or the
// context ends.
type Asker interface {
	Ask(ctx context.Context, step *plan.Step, question sdk.Question, attach Attacher) (sdk.Answer, error)
}

// driver drives one run in this process. Its fields belong to whoever has the baton, but
// for those that are safe for concurrent use: process, base, arrived, turns, looks, workers,
// hosts, logs, targets, secrets.
type driver struct {
	process Process
	plan    *plan.Plan
	machine *machine.Machine
	folder  *journal.Run
	journal *journal.Journal
	secrets *secret.Set
	trace   string               // the trace context of the run
	began   event.Run            // what was fixed when the run started
	policy  *people.Policy       // by which the run goes; nil: there is none
	heard   *hearing.Hearing     // what the journal says of questions
	words   map[string]sdk.State // what a person said became of lost attempts, by step
	without map[string]bool      // the connections over which nothing is done, by what people call them

	base    context.Context // of all work; ends when the driver does
	stop    context.CancelFunc
	arrived chan message
	turns   turns
	work    map[event.Op]*work
	asks    map[string]*ask
	inbox   inbox
	hosts   hosts
	logs    *output.Plugins
	targets *target.Known
	early   *early // what was found as it was taken up; nil: it goes on
	timers  timers
	looks   chan struct{} // bounds the observations in flight
	workers workers

	now     time.Time         // of the run, see tick
	read    time.Time         // the process's clock, when it was last looked at
	begins  bool              // this process began the run
	line    bytes.Buffer      // of append
	group   []event.Event     // what is in the group and nobody was told yet
	todo    []machine.Command // to be carried out when the journal is safe
	ended   map[string]string // how attempts ended whose results are in this group
	taken   []string          // requests that the next sync makes safe
	saved   []chan<- error    // who waits until this group is written
	urgent  bool              // something in this group must be on the disk
	broken  error             // an event that the journal cannot hold; nothing follows it
	keeps   bool              // the worker that has the baton will do a job itself
	kept    job               // that one
	asked   event.Event       // of the person at the keyboard, when the driver could not go on
	failed  error             // why the driver cannot go on
	end     *event.Result
	refusal string // why what was asked last was not done; empty: it was
}

// message is what a worker sends to the owner of the run: a fact, and who waits until it
// is written, or on the disk where it is urgent; or a question that nobody at the
// terminal answers.
type message struct {
	fact     event.Event
	saved    chan<- error
	urgent   bool
	deserted *ask
}

// observationSlots bounds the observations that are made at once.
const observationSlots = 16

// newDriver returns a driver whose work the context does not end.
func newDriver(ctx context.Context, p Process, pl *plan.Plan, policy *people.Policy, folder *journal.Run) *driver {
	base, stop := context.WithCancel(context.WithoutCancel(ctx))
	d := &driver{
		process: p,
		plan:    pl,
		machine: machine.New(pl),
		folder:  folder,
		base:    base,
		stop:    stop,
		secrets: secret.Of(pl),
		arrived: make(chan message, 256),
		work:    make(map[event.Op]*work),
		asks:    make(map[string]*ask),
		inbox:   inbox{known: make(map[string]bool), judged: make(map[string]bool), told: make(map[string]bool)},
		hosts:   hosts{open: make(map[*host]struct{})},
		ended:   make(map[string]string),
		policy:  policy,
		heard:   hearing.Of(pl, policy),
		looks:   make(chan struct{}, observationSlots),
		turns:   newTurns(),
		workers: newWorkers(base),
	}
	d.listen()
	return d
}

// listen makes the driver ready for what plugins tell beside their actions, and says from
// now on which connections may be used.
func (d *driver) listen() {
	d.logs = output.OfPlugins(d.folder, d.process.Now, d.secrets.Text)
	d.targets = target.Of(d.folder.ID(), d.secrets.Text, d.keepTarget)
	d.plan.Targets.To(d.judge)
}

// keepPluginLogs listens to the plugins of the run.
func (d *driver) keepPluginLogs() { d.plan.Logs.To(d.logs.Keep) }

func (d *driver) take(m message) {
	if m.deserted != nil {
		m.deserted.deserted = true
		return
	}
	if m.saved != nil {
		if op := m.fact.Op; op != nil && d.work[*op] == nil {
			m.saved <- errOver // it was on its way when the attempt ended
			return
		}
		d.saved, d.urgent = append(d.saved, m.saved), d.urgent || m.urgent
	}
	switch m.fact.Type {
	case event.AttemptFinished, event.AttemptObserved:
		d.ended[m.fact.Op.Step] = outcomeOf(m.fact)
		d.forget(*m.fact.Op)
	case event.Observed:
		d.forget(*m.fact.Op)
	case event.AskOpened:
		d.askOpened(m.fact)
	case event.Answered, event.AnswerRefused:
		m.fact = d.judged(m.fact)
	default:
	}
	d.fact(m.fact)
	if m.fact.Type == event.Answered {
		d.answered(m.fact.Op.Step)
	}
}

// forget drops the means to cancel an operation that has ended.
func (d *driver) forget(op event.Op) {
	if w, ok := d.work[op]; ok {
		w.cancel()
		delete(d.work, op)
	}
}

// fact journals what happened and asks the machine what follows. Its decisions are
// journaled right behind, its other commands kept until the group is safe.
func (d *driver) fact(e event.Event) {
	d.factAt(d.tick(), e)
}

func (d *driver) factAt(at time.Time, e event.Event) {
	e = d.secrets.Event(e) // the machine knows no more than a replay will
	e.Time = at
	if e.Request != "" {
		d.inbox.known[e.Request] = true
		d.taken = append(d.taken, e.Request)
	}
	d.append(e)
	d.follow(d.machine.Next(e))
}

func (d *driver) follow(commands []machine.Command) {
	for _, command := range commands {
		switch c := command.(type) {
		case machine.Record:
			if c.Event.Type == event.RequestRefused {
				d.refusal = c.Event.Reason
			}
			if c.Event.Type == event.RunFinished && c.Event.Result.Outcome != event.OutcomePaused {
				d.emptyInbox(c.Event.Time)
			}
			d.append(d.secrets.Event(c.Event))
		case machine.Attempt:
			d.todo = append(d.todo, c)
			if c.Started {
				continue // it is in the journal; what became of it is asked first
			}
			d.intend(c)
		default:
			d.todo = append(d.todo, command)
		}
	}
}

// intend journals that an attempt is about to be made. Where it may change something
// the intent must be on the disk first.
func (d *driver) intend(a machine.Attempt) {
	if a.Use.Effect != sdk.Read {
		d.urgent = true
	}
	op, params := a.Op, a.Params
	d.fact(event.Event{
		Type: event.AttemptStarted, Op: &op, Key: a.Key, Action: a.Use.Action, Params: &params,
	})
}

// tick returns the time of the run. It follows the wall clock forwards, as where the
// computer slept. Where that clock goes backwards it goes on by what has really gone by,
// so that neither the journal's times go back nor a timer waits for them to catch up.
func (d *driver) tick() time.Time {
	read := d.process.Now()
	if !d.read.IsZero() {
		d.now = d.now.Add(max(read.Sub(d.read), 0)) // by the monotonic clock
	}
	if wall := read.Round(0).UTC(); wall.After(d.now) {
		d.now = wall
	}
	d.read = read
	return d.now
}

// append writes an event into the group. Behind one that the journal cannot hold there
// must be none, as it would not follow from what is there; commit reports it.
func (d *driver) append(e event.Event) {
	if d.broken != nil {
		return
	}
	d.line.Reset()
	encoder := json.NewEncoder(&d.line)
	encoder.SetEscapeHTML(false) // which would make six bytes of one
	if err := encoder.Encode(e); err != nil {
		// Every field of an event can be marshalled; a raw message that is no JSON
		// comes from an action, and is checked where it comes in.
		panic(fmt.Sprintf("event %s cannot be written: %v", e.Type, err))
	}
	if _, d.broken = d.journal.Append(bytes.TrimSuffix(d.line.Bytes(), []byte("\n"))); d.broken != nil {
		return
	}
	d.heard.Note(e)
	if d.process.Watch != nil {
		d.group = append(d.group, e)
	}
}

// tell tells what is in the journal now, and never what a failed write has kept from it.
func (d *driver) tell() {
	for _, e := range d.group {
		d.process.Watch.Event(e)
	}
	clear(d.group)
	d.group = d.group[:0]
}

// commit makes the group safe and then carries out what it allows.
func (d *driver) commit() error {
	if d.finishes() {
		d.urgent = true
	}
	write := d.journal.Flush
	if d.urgent || len(d.taken) > 0 {
		write = d.journal.Sync
	}
	err := write()
	if err == nil {
		d.tell()
		err = d.broken
	}
	for _, saved := range d.saved {
		saved <- err
	}
	d.saved, d.urgent = d.saved[:0], false
	if err != nil {
		return err
	}
	clear(d.ended)
	for _, id := range d.taken {
		_ = d.folder.Done(id) // one that stays is known; takeInbox tries again, and complains
	}
	d.taken = d.taken[:0]
	todo := d.todo
	d.todo = nil
	for _, command := range todo {
		d.carryOut(command)
	}
	return nil
}

// finishes reports whether the run's end is among what is to be carried out.
func (d *driver) finishes() bool {
	return slices.ContainsFunc(d.todo, func(c machine.Command) bool {
		_, ok := c.(machine.Finish)
		return ok
	})
}

func (d *driver) carryOut(command machine.Command) {
	switch c := command.(type) {
	case machine.Attempt:
		d.startAttempt(c)
	case machine.Observe:
		d.startObservation(c)
	case machine.SetTimer:
		d.timers.add(c.Timer)
	case machine.Ask:
		d.startAsk(c)
	case machine.Cancel:
		d.cancel(c.Op)
	case machine.Finish:
		// What was asked in the same group may have had it go on.
		if mode := d.machine.Mode(); mode == event.Paused || mode == event.Ended {
			d.end = &c.Result
		}
	case machine.Record:
		// It is in the journal.
	}
}

func (d *driver) cancel(op event.Op) {
	if a, ok := d.asks[op.Step]; ok && a.command.Op == op {
		d.withdraw(op.Step)
	}
	w, ok := d.work[op]
	switch {
	case !ok:
	case w.looks:
		// To know what became of a lost attempt is worth a moment.
		time.AfterFunc(lookGrace, w.cancel)
	default:
		w.cancel()
	}
}

func (d *driver) fireTimers() {
	now := d.tick()
	for {
		t, ok := d.timers.pop(now)
		if !ok {
			return
		}
		if d.machine.Wants(t) {
			d.fact(event.Event{Type: event.TimerFired, Timer: &t})
		}
	}
}

// pauseIfOnlyPeople pauses a run that can only go on when others answer, where it is not
// to wait for them and its inbox holds no answer.
func (d *driver) pauseIfOnlyPeople() {
	if d.process.Wait || !d.onlyOthers() || len(d.todo) > 0 {
		return
	}
	d.takeInbox()
	if d.onlyOthers() && len(d.todo) == 0 && len(d.taken) == 0 && len(d.inbox.judged) == 0 {
		d.fact(event.Event{Type: event.PauseAsked, Reason: "it waits for people"})
	}
}
