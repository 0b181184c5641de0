// Package nodes holds the actions on nodes of a swarm: which tasks they take, and whether they manage.
//
// Of a node's spec only one field is a step's own: the availability, or the role. What others change of
// the rest, as labels, is not in its way, is never overwritten, and stays as it is when the step is taken back.
package nodes

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"
	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/change"
	"github.com/gatebook/gatebook/plugins/swarm/internal/engine"
	"github.com/gatebook/gatebook/plugins/swarm/internal/spec"
	"github.com/gatebook/gatebook/plugins/swarm/internal/state"
)

// Actions declares the actions on nodes of a swarm.
func Actions(e *engine.Engine) []sdk.Declaration {
	n := nodes{e}
	return []sdk.Declaration{n.drain(), n.active(), n.pause(), n.promote(), n.demote()}
}

// nodes acts on the nodes of a swarm.
type nodes struct{ *engine.Engine }

// kind is what these actions change.
const kind = "node"

// The fields of a node's spec that steps own.
const (
	availability = "Availability"
	role         = "Role"
)

// setting is what the actions have in common: they change one field of the spec of a node.
func setting[I, O any](n nodes, verb, field string, name func(in I) string, params ...string) change.Of[I, O, swarm.NodeSpec] {
	return change.Of[I, O, swarm.NodeSpec]{
		Engine: n.Engine, Kind: kind, Names: []string{"node"}, Params: params, Verb: verb, Name: name,
		Stands: func(of swarm.NodeSpec) string {
			if field == role {
				return "the role " + string(of.Role)
			}
			return "the availability " + string(of.Availability)
		},
		Get: func(ctx context.Context, in I) (change.Object[swarm.NodeSpec], error) {
			s, err := state.Nodes(ctx, n.Engine)
			if err != nil {
				return change.Object[swarm.NodeSpec]{}, err
			}
			found, err := s.Find("node", name(in))
			return change.Object[swarm.NodeSpec]{ID: found.ID, Name: s.Node(found.ID), Index: found.Version.Index, Spec: found.Spec}, err
		},
		Put: func(ctx context.Context, _ I, live change.Object[swarm.NodeSpec], to swarm.NodeSpec) error {
			_, err := n.Docker.NodeUpdate(ctx, live.ID, client.NodeUpdateOptions{Version: swarm.Version{Index: live.Index}, Spec: to})
			return err
		},
		Own: func(all spec.Form) spec.Form { return spec.Form{field: all[field]} },
		Diff: func(_ string, was, is swarm.NodeSpec) string {
			return udiff.Unified("live", "planned", text(was), text(is))
		},
		Words: words,
		Summary: func(_ I, c change.Change[swarm.NodeSpec]) string {
			return fmt.Sprintf("would %s %s", verb, c.Live.Name)
		},
	}
}

// text is the spec of a node, for people.
func text(of swarm.NodeSpec) string {
	var b strings.Builder
	fmt.Fprintf(&b, "role: %s\navailability: %s\n", of.Role, of.Availability)
	for _, key := range slices.Sorted(maps.Keys(of.Labels)) {
		fmt.Fprintf(&b, "label %s: %s\n", key, of.Labels[key])
	}
	return b.String()
}

// words says what differs in what steps own.
func words(was, is swarm.NodeSpec) string {
	var said []string
	if was.Availability != is.Availability {
		said = append(said, fmt.Sprintf("its availability is %s, and was %s", is.Availability, was.Availability))
	}
	if was.Role != is.Role {
		said = append(said, fmt.Sprintf("its role is %s, and was %s", is.Role, was.Role))
	}
	return strings.Join(said, "; ")
}

// with adds warnings and blockers to a plan, each of them a sentence.
func with(to *[]string, format string, args ...any) { *to = append(*to, fmt.Sprintf(format, args...)) }
