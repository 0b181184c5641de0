// Package preflight holds the action that looks at a swarm before something is done to it.
package preflight

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/moby/moby/api/types/system"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/engine"
	"github.com/gatebook/gatebook/plugins/swarm/internal/state"
	"github.com/gatebook/gatebook/schema"
)

// Actions declares preflight for a swarm.
func Actions(e *engine.Engine) []sdk.Declaration {
	return []sdk.Declaration{preflight{e}.action()}
}

// preflight reads whether a swarm is fit.
type preflight struct{ *engine.Engine }

// Input is what preflight is given.
type Input struct {
	Spare    int             `json:"spare" default:"0" min:"0" unit:"managers" doc:"How many managers it must be possible to lose without losing the quorum: 1 before the machine of a manager is restarted."`
	Versions string          `json:"versions" minLength:"1" pattern:"^[<>=!~^ ]*v?[0-9xX*]" example:">=20.10.24 <28" doc:"Versions that the engines of all nodes must have, as a range of SemVer. What stands behind the numbers, as -rc.1 or +dfsg1, does not count."`
	CAValid  schema.Duration `json:"caValid" default:"720h" min:"0s" doc:"How long the certificate of the swarm's own authority must still be valid."`
	Fail     bool            `json:"fail" doc:"Fails where there are problems, and tells all of them, instead of leaving them to a gate."`
}

// Output is what preflight returns.
type Output struct {
	Ready    bool      `json:"ready" required:"true" doc:"Whether there are no problems."`
	Problems []string  `json:"problems" required:"true" doc:"What stands in the way, as sentences."`
	Swarm    string    `json:"swarm" required:"true" doc:"ID of the swarm."`
	API      string    `json:"api" required:"true" example:"1.41" doc:"Version of the API that is spoken with the engine."`
	Managers Managers  `json:"managers" required:"true" doc:"How the managers stand."`
	Nodes    Nodes     `json:"nodes" required:"true" doc:"How the nodes are."`
	Services Services  `json:"services" required:"true" doc:"How the services are."`
	CA       Authority `json:"ca" required:"true" doc:"The swarm's own certificate authority. When the certificates of single nodes expire, the API does not tell; the nodes renew them by themselves."`
}

// Managers is what preflight says of the managers.
type Managers struct {
	Total       int      `json:"total" required:"true" unit:"managers" doc:"How many there are."`
	Reachable   int      `json:"reachable" required:"true" unit:"managers" doc:"How many are reached."`
	Quorum      int      `json:"quorum" required:"true" unit:"managers" doc:"How many must be, for the swarm to decide anything."`
	Spare       int      `json:"spare" required:"true" unit:"managers" doc:"How many more may be lost."`
	Leader      string   `json:"leader" required:"true" doc:"Name of the one that leads; empty where none does."`
	Unreachable []string `json:"unreachable" required:"true" doc:"Names of those that are not reached."`
}

// Nodes is what preflight says of the nodes.
type Nodes struct {
	Total       int      `json:"total" required:"true" unit:"nodes" doc:"How many there are."`
	Ready       int      `json:"ready" required:"true" unit:"nodes" doc:"How many are ready."`
	Open        int      `json:"open" required:"true" unit:"nodes" doc:"How many take new tasks: they are ready, and neither drained nor paused."`
	Down        []string `json:"down" required:"true" doc:"Names of those that are not ready."`
	Drained     []string `json:"drained" required:"true" doc:"Names of those that are drained. By itself that is no problem."`
	Paused      []string `json:"paused" required:"true" doc:"Names of those that are paused. By itself that is no problem."`
	Versions    []string `json:"versions" required:"true" doc:"Versions of their engines, each once."`
	SameVersion bool     `json:"sameVersion" required:"true" doc:"Whether that is one. By itself it is no problem that there are more."`
	All         []Node   `json:"all" required:"true" doc:"All nodes, by name."`
}

// Node is what preflight says of a node.
type Node struct {
	Name         string  `json:"name" required:"true" doc:"Name of the node."`
	ID           string  `json:"id" required:"true" doc:"ID of the node."`
	Role         string  `json:"role" required:"true" doc:"Its role: manager or worker."`
	Availability string  `json:"availability" required:"true" doc:"Its availability: active, pause or drain."`
	State        string  `json:"state" required:"true" doc:"Its state, as ready or down."`
	Version      string  `json:"version" required:"true" doc:"Version of its engine."`
	FreeCPUs     float64 `json:"freeCPUs" required:"true" unit:"CPUs" doc:"CPUs that no task on it reserves."`
	FreeMemory   int64   `json:"freeMemory" required:"true" unit:"bytes" doc:"Memory that no task on it reserves."`
	Tasks        int     `json:"tasks" required:"true" unit:"tasks" doc:"How many tasks run there."`
	Asked        bool    `json:"asked" required:"true" doc:"Whether it is the engine of this node that the connection asks: while that is away, nothing can be asked."`
}

// Services is what preflight says of the services.
type Services struct {
	Total      int       `json:"total" required:"true" unit:"services" doc:"How many there are."`
	Short      []Service `json:"short" required:"true" doc:"Those that have fewer tasks running than they are to have. Jobs are left out."`
	Updating   []string  `json:"updating" required:"true" doc:"Names of those that the engine is updating, or taking back."`
	Stopped    []string  `json:"stopped" required:"true" doc:"Names of those whose update, or way back, the engine has paused."`
	RolledBack []string  `json:"rolledBack" required:"true" doc:"Names of those whose last update the engine has taken back. By itself that is no problem."`
}

// Service is a service that is not as it is to be.
type Service struct {
	Name    string `json:"name" required:"true" doc:"Name of the service."`
	Running int    `json:"running" required:"true" unit:"tasks" doc:"How many of its tasks run."`
	Wanted  int    `json:"wanted" required:"true" unit:"tasks" doc:"How many are to."`
}

// Authority is what preflight says of the swarm's certificate authority.
type Authority struct {
	Expires  time.Time `json:"expires" required:"true" doc:"When its certificate expires."`
	Rotating bool      `json:"rotating" required:"true" doc:"Whether the swarm is going over to another certificate."`
}

func (p preflight) action() sdk.Action[Input, Output] {
	return sdk.Action[Input, Output]{
		Name:    "preflight",
		Summary: "Read whether a swarm is fit for maintenance or an update",
		Description: `Reads the managers and their quorum, the nodes with the versions of their engines and what is free of them, services that have too few tasks, updates that go on or
are paused, and the swarm's certificate authority. It finds problems and leaves them to a gate, as by ` + "`observed.ready`" + `, or by
` + "`observed.nodes.down.size() + observed.nodes.drained.size() == 0`" + ` for one node at a time. With ` + "`fail`" + ` it fails for them, and tells all at once.

Problems are: managers that are not reached, or fewer to spare than asked; nodes that are not ready; engines outside of the ` + "`versions`" + `; services with too few running
tasks; updates that go on, or that the engine has paused; an authority that expires soon, or whose certificate is being changed.

A swarm without a leader answers none of this: that is a *transient* error.`,
		Effect:     sdk.Read,
		Idempotent: true,
		InPlan:     true,
		Examples: []schema.Example{
			{Title: "Before the maintenance of a manager", With: map[string]any{"spare": 1}},
			{Title: "Before an update, with engines of some versions only", With: map[string]any{"versions": ">=20.10.24", "fail": true}},
		},
		Plan: func(_ context.Context, call *sdk.Call[Input]) (sdk.Preview, error) {
			_, err := rangeOf(call.Input.Versions)
			return sdk.Preview{Summary: "would read whether the swarm is fit"}, err
		},
		Apply: p.apply,
	}
}

func (p preflight) apply(ctx context.Context, call *sdk.Call[Input]) (Output, error) {
	allowed, err := rangeOf(call.Input.Versions)
	if err != nil {
		return Output{}, err
	}
	info, err := p.info(ctx)
	if err != nil {
		return Output{}, err
	}
	seen, err := state.Look(ctx, p.Engine)
	if err != nil {
		return Output{}, err
	}
	f := finding{State: seen, in: call.Input, asked: info.Swarm.NodeID, out: Output{API: p.Docker.ClientVersion()}}
	f.managers()
	f.nodes(allowed)
	f.services()
	if cluster := info.Swarm.Cluster; cluster != nil {
		f.out.Swarm = cluster.ID
		if err := f.authority(cluster.TLSInfo.TrustRoot, cluster.RootRotationInProgress, time.Now()); err != nil {
			return f.out, err
		}
	}
	f.out.Ready = len(f.out.Problems) == 0
	if call.Input.Fail && !f.out.Ready {
		return f.out, sdk.Errorf(sdk.Permanent, "the swarm is not fit: %s", strings.TrimSuffix(strings.Join(f.out.Problems, " "), "."))
	}
	return f.out, nil
}

// info asks the engine for what it says of its swarm, without the tokens by which one joins that.
func (p preflight) info(ctx context.Context) (system.Info, error) {
	ctx, cancel := p.Single(ctx)
	defer cancel()
	found, err := p.Docker.Info(ctx, client.InfoOptions{})
	return found.Info, p.Fault(ctx, err, "ask the engine for its swarm")
}

// finding is what is found, in the making.
type finding struct {
	state.State
	in    Input
	asked string // ID of the node whose engine answers
	out   Output
}

// problem adds a sentence.
func (f *finding) problem(format string, args ...any) {
	f.out.Problems = append(f.out.Problems, fmt.Sprintf(format, args...))
}
