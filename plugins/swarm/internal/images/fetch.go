package images

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/state"
)

// errWithin is the end of the time that pulling may take.
var errWithin = errors.New("the time for it has passed")

func (i images) apply(ctx context.Context, call *sdk.Call[PrefetchInput]) (PrefetchOutput, error) {
	in := call.Input
	image, err := i.resolve(ctx, call)
	if err != nil {
		return PrefetchOutput{}, err
	}
	chosen, err := i.choose(ctx, in, image.Platforms)
	if err != nil {
		return PrefetchOutput{}, err
	}
	switch {
	case len(chosen.down) > 0 && !in.SkipDown:
		return PrefetchOutput{}, sdk.Errorf(sdk.Transient, "the image would not get onto all nodes; down: %s", state.Few(chosen.down))
	case len(chosen.nodes) == 0:
		return PrefetchOutput{}, sdk.Errorf(sdk.Permanent, "no node that takes tasks is among those that shall have the image").NothingChanged()
	}
	if err := i.clear(ctx, call.Key); err != nil { // what an attempt has left that was cut off
		return PrefetchOutput{}, err
	}
	if err := i.fetch(ctx, call, image, chosen); err != nil {
		return PrefetchOutput{}, err
	}
	if image.unresolved != nil { // where that is in the way, the error says it
		call.Log.Warn("each node has what it had or got by the tag", "image", in.Image, "because", image.unresolved.Error())
	}
	out := PrefetchOutput{Image: image.Image, Skipped: append([]string{}, chosen.down...)}
	_, out.Digest, _ = strings.Cut(image.Image, "@")
	for _, node := range chosen.nodes {
		out.Nodes = append(out.Nodes, NodeOutput{Node: node.Description.Hostname, ID: node.ID})
	}
	return out, nil
}

// fetch makes the helper, waits until all nodes have the image, and removes the helper.
func (i images) fetch(outer context.Context, call *sdk.Call[PrefetchInput], image wanted, on chosen) error {
	helper := spec(call.Input, image, on.placement, call.Key)
	ctx, cancel := context.WithTimeoutCause(outer, call.Input.Within.Std(), errWithin)
	defer cancel()
	id, err := i.create(ctx, helper, image.credentials)
	if err != nil {
		return i.tidied(outer, helper.Name, helper.Name, err) // it may have been made all the same
	}
	p := &pulling{images: i, id: id, image: image, chosen: on, seen: map[string]time.Time{}}
	err = p.await(ctx, func(progress sdk.Progress) { call.Host.Progress(progress) })
	if err != nil && outer.Err() == nil && errors.Is(err, errWithin) {
		err = sdk.Errorf(sdk.Transient, "it is not so within %s that all nodes have the image: %s", call.Input.Within, p.last)
	}
	return i.tidied(outer, id, helper.Name, err)
}

// outcome is how far a node has come with an image.
type outcome int

const (
	waits outcome = iota
	pulled
	refused
	lost // it cannot be told, since the node is down
)

// onNode is that of one node.
type onNode struct {
	name string
	outcome
	said string // by its engine, or where it is
}

// judge tells by its task how far a node has come. A task that has come past preparing has its image,
// whatever becomes of it then; before, it has not.
func judge(task swarm.Task, down bool) (outcome, string) {
	switch said := strings.Join(strings.Fields(task.Status.Err), " "); task.Status.State {
	case swarm.TaskStateReady, swarm.TaskStateStarting, swarm.TaskStateRunning, swarm.TaskStateComplete, swarm.TaskStateFailed:
		return pulled, "has it"
	case swarm.TaskStateRejected:
		return refused, said
	case swarm.TaskStateOrphaned:
		return lost, "its node was not heard of"
	default:
		if down {
			return lost, "down"
		}
		if said != "" {
			return waits, said
		}
		return waits, string(task.Status.State)
	}
}

// pulling is one helper at work.
type pulling struct {
	images
	id     string
	image  wanted
	chosen chosen
	last   string               // that was told
	seen   map[string]time.Time // since when a task is known not to be placed, by node
}

const (
	// lookAgain is how long it takes to the next look.
	lookAgain = 500 * time.Millisecond
	// patience is how long a task may say why it cannot be placed, before that is taken for final.
	patience = 10 * time.Second
)

// await looks until all nodes have the image, or those that have not are known not to get it.
func (p *pulling) await(ctx context.Context, tell func(sdk.Progress)) error {
	for {
		nodes, err := p.look(ctx)
		switch {
		case ctx.Err() != nil:
			return sdk.StoppedErrorf(ctx, "not all nodes have the image: %s", p.last)
		case err != nil && sdk.AsError(err).Class != sdk.Transient:
			return err
		case err != nil:
			p.tell(err.Error(), nodes, tell)
		default:
			p.tell(words(nodes), nodes, tell)
			if count(nodes, waits) == 0 {
				return p.verdict(nodes)
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(lookAgain):
		}
	}
}

// look reads how far each node has come.
func (p *pulling) look(ctx context.Context) ([]onNode, error) {
	ctx, cancel := p.Single(ctx)
	defer cancel()
	listed, err := p.Docker.TaskList(ctx, client.TaskListOptions{Filters: make(client.Filters).Add("service", p.id)})
	if err != nil {
		return nil, p.Fault(ctx, err, "read how far the nodes are")
	}
	now, err := p.Docker.NodeList(ctx, client.NodeListOptions{})
	if err != nil {
		return nil, p.Fault(ctx, err, "read how far the nodes are")
	}
	nodes := make([]onNode, 0, len(p.chosen.nodes))
	for _, node := range p.chosen.nodes {
		at := slices.IndexFunc(now.Items, func(n swarm.Node) bool { return n.ID == node.ID })
		down := at < 0 || now.Items[at].Status.State == swarm.NodeStateDown
		one := onNode{name: p.chosen.state.Node(node.ID), said: "has not begun"}
		if down {
			one.outcome, one.said = lost, "down"
		}
		for _, task := range listed.Items {
			if task.NodeID == node.ID && one.outcome != pulled {
				one.outcome, one.said = judge(task, down)
				p.unplaced(&one, task)
			}
		}
		nodes = append(nodes, one)
	}
	return nodes, nil
}

// unplaced takes a task for refused that its scheduler has not placed for a while, and knows why.
func (p *pulling) unplaced(one *onNode, task swarm.Task) {
	if task.Status.State != swarm.TaskStatePending || task.Status.Err == "" {
		delete(p.seen, task.NodeID)
		return
	}
	if since, known := p.seen[task.NodeID]; !known {
		p.seen[task.NodeID] = time.Now()
	} else if time.Since(since) >= patience {
		one.outcome = refused
	}
}

// tell tells what is new.
func (p *pulling) tell(said string, nodes []onNode, tell func(sdk.Progress)) {
	if said != p.last {
		p.last = said
		tell(sdk.Progress{Message: said, Done: int64(count(nodes, pulled)), Total: int64(len(p.chosen.nodes))})
	}
}

// verdict is the error where not all nodes have the image; nil: they have.
func (p *pulling) verdict(nodes []onNode) error {
	if count(nodes, pulled) == len(nodes) {
		return nil
	}
	what, class := words(nodes), sdk.Transient
	if p.image.unresolved != nil && count(nodes, refused) > 0 {
		what += ": " + p.image.unresolved.Error()
		class = sdk.AsError(p.image.unresolved).Class
	}
	return sdk.Errorf(class, "not all nodes have the image %s: %s", p.image.Image, what)
}

// words say how far nodes have come: "2 of 3 nodes have it; n3: preparing".
func words(nodes []onNode) string {
	by := map[string][]string{}
	var order []string
	for _, node := range nodes {
		if node.outcome == pulled {
			continue
		}
		if by[node.said] == nil {
			order = append(order, node.said)
		}
		by[node.said] = append(by[node.said], node.name)
	}
	said := []string{fmt.Sprintf("%d of %s have it", count(nodes, pulled), state.Count(len(nodes), "node"))}
	for _, why := range order {
		said = append(said, state.Few(by[why])+": "+why)
	}
	return strings.Join(said, "; ")
}

func count(nodes []onNode, of outcome) (n int) {
	for _, node := range nodes {
		if node.outcome == of {
			n++
		}
	}
	return n
}
