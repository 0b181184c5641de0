package nodes

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/capacity"
	"github.com/gatebook/gatebook/plugins/swarm/internal/change"
	"github.com/gatebook/gatebook/plugins/swarm/internal/state"
)

// goingNote is the name of the note of what was on the node when its drain began.
const goingNote = "going"

// going are the tasks that were on the node.
type going struct {
	Slots []slot   `json:"slots"` // others take their place
	Ends  []string `json:"ends"`  // titles of those whose place none takes
}

// slot is a place in a service, in which one task follows another.
type slot struct {
	Service string `json:"service"` // its id
	Number  int    `json:"number"`
	Title   string `json:"title"`
}

// goingOf is what a drain has to follow.
func goingOf(d capacity.Drained) *going {
	went := &going{}
	for _, move := range slices.Concat(d.Moves, d.Stuck) {
		went.Slots = append(went.Slots, slot{move.Task.ServiceID, move.Task.Slot, move.Title})
	}
	for _, move := range d.Ends {
		went.Ends = append(went.Ends, move.Title)
	}
	return went
}

func (g going) titles() []string {
	titles := make([]string, 0, len(g.Slots))
	for _, s := range g.Slots {
		titles = append(titles, s.Title)
	}
	return titles
}

// standing is how far a drain is.
type standing struct {
	sight
	node     swarm.Node
	left     []string // tasks that have not ended on the node
	awaited  []string // those that are to take their place, and do not run yet, with what they do
	pending  []string // those that have no place, where that is allowed
	failures []string // why tasks do not run, in the engine's words
}

// settled says whether the drain is over. A node that is down cannot tell that its tasks have ended.
func (s standing) settled() bool {
	return len(s.awaited) == 0 && (len(s.left) == 0 || s.node.Status.State != swarm.NodeStateReady)
}

func (s standing) outputs(c change.Change[swarm.NodeSpec], went going) DrainOutput {
	return DrainOutput{
		Node: c.Live.Name, ID: c.Live.ID, Changed: c.Changed(), Was: string(c.Was.Availability),
		Moved: went.titles(), Ended: went.Ends, Pending: s.pending, Left: s.left,
	}
}

// follow waits until the drain is over.
func (n nodes) follow(ctx context.Context, call *sdk.Call[DrainInput], c change.Change[swarm.NodeSpec], went going) (DrainOutput, error) {
	in := call.Input
	var at standing
	look := func(ctx context.Context) (seen sight, err error) {
		at, err = n.look(ctx, c, went, in.Force)
		at.done = at.settled() || !in.Wait
		return at.sight, err
	}
	err := await(ctx, c.Live.Name+" is drained", in.Stall.Std(), call.Host.Progress, look)
	return at.outputs(c, went), err
}

// look reads how far the drain is.
func (n nodes) look(ctx context.Context, c change.Change[swarm.NodeSpec], went going, force bool) (standing, error) {
	s, err := state.Look(ctx, n.Engine)
	if err != nil {
		return standing{}, err
	}
	node, err := still(s, c)
	if err != nil {
		return standing{}, err
	}
	return judge(s, node, went, force), nil
}

// judge says how far the drain of a node is.
func judge(s state.State, node swarm.Node, went going, force bool) standing {
	at := standing{node: node}
	bySlot := map[slot][]swarm.Task{}
	for _, task := range s.Tasks {
		if task.NodeID == node.ID && task.ServiceID != "" && capacity.Occupies(task) {
			at.left = append(at.left, s.Task(task))
		}
		of := slot{Service: task.ServiceID, Number: task.Slot}
		bySlot[of] = append(bySlot[of], task)
	}
	for _, of := range went.Slots {
		at.place(s, of, bySlot[slot{Service: of.Service, Number: of.Number}], force)
	}
	slices.Sort(at.left)
	gone := len(went.Slots) - len(at.awaited) - len(at.pending)
	at.Done, at.Total = int64(gone), int64(len(went.Slots))
	at.Message = fmt.Sprintf("%s left on %s", state.Count(len(at.left), "task"), s.Node(node.ID))
	if len(went.Slots) > 0 {
		at.Message = fmt.Sprintf("%d of %s elsewhere, %d left on %s", gone, state.Count(len(went.Slots), "task"), len(at.left), s.Node(node.ID))
	}
	if len(at.pending) > 0 {
		at.Message += "; without a place: " + state.Few(at.pending)
	}
	if len(at.awaited) > 0 {
		at.Message += "; " + state.Few(at.awaited)
	} else if len(at.left) > 0 {
		at.Message += ": " + state.Few(at.left)
	}
	at.ahead, at.wrong = gone-len(at.left), strings.Join(at.failures, "; ")
	return at
}

// place judges who takes the place of a task, by all tasks that have had it.
func (at *standing) place(s state.State, of slot, tasks []swarm.Task, force bool) {
	if _, there := s.Service(of.Service); !there {
		return // removed meanwhile
	}
	slices.SortFunc(tasks, func(a, b swarm.Task) int { return b.CreatedAt.Compare(a.CreatedAt) }) // the newest first
	current := slices.IndexFunc(tasks, func(t swarm.Task) bool { return t.NodeID != at.node.ID && capacity.Wanted(t) })
	if current < 0 {
		if slices.ContainsFunc(tasks, func(t swarm.Task) bool { return t.NodeID == at.node.ID && capacity.Wanted(t) }) {
			at.awaited = append(at.awaited, of.Title+" is still there")
		}
		return // the service is to have fewer tasks now, or this one is done
	}
	task := tasks[current]
	switch {
	case task.Status.State == swarm.TaskStateRunning, task.Status.State == swarm.TaskStateComplete:
		return
	case task.NodeID == "" && force && task.Status.Err != "":
		at.pending = append(at.pending, of.Title)
		return
	case task.NodeID == "":
		at.awaited = append(at.awaited, of.Title+" is "+string(task.Status.State))
	default:
		at.awaited = append(at.awaited, fmt.Sprintf("%s is %s on %s", of.Title, task.Status.State, s.Node(task.NodeID)))
	}
	for _, one := range tasks { // where it fails again and again, an earlier one says why
		if one.NodeID != at.node.ID && one.Status.Err != "" {
			at.failures = append(at.failures, of.Title+": "+one.Status.Err)
			return
		}
	}
}
