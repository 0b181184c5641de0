package images

import (
	"context"
	"fmt"
	"strings"

	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/registry"
	"github.com/gatebook/gatebook/plugins/swarm/internal/state"
	"github.com/gatebook/gatebook/schema"
)

// PrefetchInput is what image_prefetch is given.
type PrefetchInput struct {
	Image        string          `json:"image" required:"true" minLength:"1" nosecret:"true" example:"shop/web:2.1.0" doc:"Image to pull."`
	Service      string          `json:"service" nosecret:"true" pattern:"^[A-Za-z0-9][A-Za-z0-9_.-]*$" maxLength:"253" example:"shop_web" doc:"Name of the service that is to run the image, or its whole ID: the nodes are those that its tasks may run on."`
	Nodes        []string        `json:"nodes" minItems:"1" minLength:"1" nosecret:"true" unique:"true" doc:"Nodes, by their host names or IDs."`
	Constraints  []string        `json:"constraints" minItems:"1" minLength:"1" nosecret:"true" example:"[\"node.labels.tier==web\"]" doc:"Placement constraints, which all must be met, as node.labels.tier==web."`
	ResolveImage string          `json:"resolveImage" default:"auto" enum:"auto,always,never" doc:"Whether the tag of the image is pinned to the digest that the registry has for it now, so that all nodes get the same: auto pins it where the registry answers, always fails where it does not. Say the same in the update that follows."`
	RegistryAuth bool            `json:"withRegistryAuth" doc:"Whether the nodes get the credentials that docker has here for the image's registry, as by docker service create --with-registry-auth."`
	SkipDown     bool            `json:"skipDown" doc:"Whether nodes that are down are passed over. Without it, they fail the step."`
	Within       schema.Duration `json:"within" default:"15m" min:"1ms" doc:"How long it may take until all nodes have the image."`
}

// PrefetchOutput is what image_prefetch returns.
type PrefetchOutput struct {
	Image   string       `json:"image" required:"true" doc:"Image that the nodes have, by its digest where that is known: what the update that follows can be given."`
	Digest  string       `json:"digest" required:"true" doc:"Digest of the image, the same on all nodes; empty: the registry was not asked or did not say, so that each node has what the tag is to it."`
	Nodes   []NodeOutput `json:"nodes" required:"true" doc:"Nodes that have it."`
	Skipped []string     `json:"skipped" required:"true" doc:"Host names of the nodes that were passed over, since they are down."`
}

// NodeOutput is a node that has the image.
type NodeOutput struct {
	Node string `json:"node" required:"true" doc:"Host name of the node."`
	ID   string `json:"id" required:"true" doc:"ID of the node."`
}

// The ways in which a tag is resolved.
const (
	resolveAlways = "always"
	resolveNever  = "never"
)

func (i images) prefetch() sdk.Action[PrefetchInput, PrefetchOutput] {
	return sdk.Action[PrefetchInput, PrefetchOutput]{
		Name:    "image_prefetch",
		Summary: "Have nodes pull an image before a service runs it",
		Description: `Pulls an image on all nodes that take tasks, or on those that a service, a list or constraints name, so that an update that follows
does not wait for it, and fails before it begins where a node cannot get it.

A swarm has no request for that: the step makes a service of its own, one task on each node, from the image with a command that is no
program, so that nothing of the image runs; it has no network, no mount, no secret and no health check. Its tasks are seen to come as far as that
the image is there, and then it is removed, also where the step fails or is cancelled. Where gatebook was killed meanwhile, the
next attempt removes it, or else the next such step a day later: its label ` + "`" + keyLabel + "`" + ` holds the key of the step.

Nodes that are drained or paused take no tasks: they are passed over, and to name one is an error. A node that is down is an error too,
unless ` + "`skipDown`" + ` says otherwise. A node keeps what it has: with a tag that is not resolved, that may be another image than elsewhere.
A tag that is another image than the plan saw is a *conflict*.

A node says no more than that there is no such image, whatever kept it from pulling that: an unknown tag, a registry that is not reached,
credentials that lack. What the registry tells the manager that was asked is added to it; where that is that it has no such image, or lets
nobody have it, the error is *permanent* or *denied*, and else *transient*.

The images stay, also when a run is taken back: they harm nothing but take room, and a service that runs them needs them.`,
		Effect:        sdk.Change,
		Idempotent:    true,
		NothingToUndo: "an image that nobody runs harms nothing",
		Rules: []schema.Rule{registry.Rule(), {
			Expr:    "[has(self.service), has(self.nodes), has(self.constraints)].filter(given, given).size() <= 1",
			Message: "Give at most one of service, nodes and constraints.",
		}},
		Examples: []schema.Example{
			{Title: "Before an update", With: map[string]any{"image": "shop/web:2.1.0", "service": "shop_web", "withRegistryAuth": true}},
			{Title: "On the nodes of a tier", With: map[string]any{"image": "shop/web:2.1.0", "constraints": []any{"node.labels.tier==web"}, "skipDown": true}},
		},
		Plan:  i.plan,
		Apply: i.apply,
	}
}

// wanted is the image as the nodes shall get it.
type wanted struct {
	registry.Found
	credentials string
	unresolved  error // why it is not known what the tag stands for; nil: it is, or nobody asked
}

// shortDigest is how much of a digest tells it from others for a person.
const shortDigest = len("sha256:") + 12

// String is the image for a sentence: "shop/web:2.1.0 (sha256:c7f6cf4a154f)".
func (w wanted) String() string {
	name, digest, _ := strings.Cut(w.Image, "@")
	if digest == "" {
		return name
	}
	return fmt.Sprintf("%s (%s)", name, digest[:min(len(digest), shortDigest)])
}

// resolve asks the registry what the image is. Where it does not answer, it is what the plan saw.
func (i images) resolve(ctx context.Context, call *sdk.Call[PrefetchInput]) (w wanted, err error) {
	in := call.Input
	if in.RegistryAuth {
		if w.credentials, err = registry.Credentials(in.Image); err != nil {
			return w, err
		}
	}
	w.Image = in.Image
	if in.ResolveImage == resolveNever {
		return w, nil
	}
	found, err := registry.Find(ctx, i.Engine, in.Image, w.credentials)
	planned := registry.Agreed(call.Request, in.Image)
	switch {
	case err == nil:
		w.Found = found
		return w, found.Held(call.Request, in.Image)
	case ctx.Err() != nil, in.ResolveImage == resolveAlways, sdk.AsError(err).Field != "":
		return w, err
	case planned != "":
		w.Image = planned
	default:
		w.unresolved = err
	}
	return w, nil
}

func (i images) plan(ctx context.Context, call *sdk.Call[PrefetchInput]) (sdk.Preview, error) {
	in := call.Input
	if !call.Knows("image", "resolveImage", "withRegistryAuth") {
		return sdk.Preview{Summary: "would pull an image that is not known yet"}, nil
	}
	image, err := i.resolve(ctx, call)
	if err != nil {
		return sdk.Preview{}, err
	}
	preview := sdk.Preview{Summary: fmt.Sprintf("would pull %s onto nodes that are not known yet", image)}
	switch {
	case image.unresolved != nil:
		preview.Warnings = append(preview.Warnings, fmt.Sprintf("The registry does not say what %s is: each node takes what it has or gets by this tag.", in.Image))
	case image.Image != in.Image:
		preview.Observed = append(preview.Observed, image.Seen(in.Image))
	}
	if !call.Knows("service", "nodes", "constraints", "skipDown") {
		return preview, nil
	}
	chosen, err := i.choose(ctx, in, image.Platforms)
	if err != nil {
		return preview, err
	}
	preview.Blockers = chosen.blockers(in)
	on := fmt.Sprintf("%s: %s", state.Count(len(chosen.nodes), "node"), state.Few(chosen.names()))
	preview.Summary = fmt.Sprintf("would pull %s onto %s", image, on)
	if len(chosen.nodes) > 0 {
		preview.Changes = []sdk.Delta{{Target: fmt.Sprintf("image %s on %s", in.Image, on), Kind: "image", Op: "create"}}
	}
	return preview, nil
}

// chosen are the nodes that shall have an image.
type chosen struct {
	nodes     []swarm.Node
	down      []string // names of those that would, and are down
	placement swarm.Placement
	state     state.State
}

func (c chosen) names() []string {
	names := make([]string, 0, len(c.nodes))
	for _, node := range c.nodes {
		names = append(names, c.state.Node(node.ID))
	}
	return names
}

// blockers are what is in the way now, in whole sentences.
func (c chosen) blockers(in PrefetchInput) []string {
	var blockers []string
	if len(c.down) > 0 && !in.SkipDown {
		blockers = append(blockers, fmt.Sprintf("The image would not get onto all nodes; down: %s.", state.Few(c.down)))
	}
	if len(c.nodes) == 0 {
		blockers = append(blockers, "No node that takes tasks is among those that shall have the image.")
	}
	return blockers
}
