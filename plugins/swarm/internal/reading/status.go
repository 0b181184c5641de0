package reading

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/swarm/internal/compose"
	"github.com/gatebook/gatebook/plugins/swarm/internal/registry"
	"github.com/gatebook/gatebook/plugins/swarm/internal/tasks"
)

// Status is how a service is, which service_inspect and service_wait return.
type Status struct {
	ID            string            `json:"id" required:"true" doc:"ID of the service."`
	Name          string            `json:"name" required:"true" doc:"Name of the service."`
	Version       uint64            `json:"version" required:"true" doc:"Version index of the service: what a later step may say that it must still have. The engine's own progress moves it too."`
	Image         string            `json:"image" required:"true" doc:"Image of its tasks, without the digest."`
	Digest        string            `json:"digest" required:"true" doc:"Digest of the image; empty: the service names none, so that each node may have another."`
	PreviousImage string            `json:"previousImage" required:"true" doc:"Image before the last change of the service, without the digest; empty: the engine keeps none."`
	Mode          string            `json:"mode" required:"true" doc:"replicated, global, replicated-job or global-job."`
	Replicas      int               `json:"replicas" required:"true" unit:"tasks" doc:"How many tasks are to run or, of a job, to end well; of a global service, how many nodes it may run on."`
	Running       int               `json:"running" required:"true" unit:"tasks" doc:"How many run and are meant to, of whatever version. Where the image or the service has a health check, those alone that are healthy."`
	Updated       int               `json:"updated" required:"true" unit:"tasks" doc:"How many of them are as the service now says or, of a job, have ended well."`
	Old           int               `json:"old" required:"true" unit:"tasks" doc:"How many still run that are not meant to, or are not yet replaced."`
	Failed        int               `json:"failed" required:"true" unit:"tasks" doc:"How many tasks of what the service now says have failed since the engine's last update began, as far as it keeps them."`
	Converged     bool              `json:"converged" required:"true" doc:"Whether all is as the service says, at this moment."`
	UpdateState   string            `json:"updateState" required:"true" doc:"State of the engine's last update: updating, paused, completed, rollback_started, rollback_paused or rollback_completed; empty: there was nothing to update."`
	UpdateMessage string            `json:"updateMessage" required:"true" doc:"What the engine says of that."`
	Env           []string          `json:"env" required:"true" doc:"Names of the environment variables that the service sets. Their values are not read."`
	Labels        map[string]string `json:"labels" required:"true" doc:"Labels of the service. The values of those whose names smell of secrets are masked."`
	Networks      []string          `json:"networks" required:"true" doc:"Names of its networks."`
	Ports         []Port            `json:"ports" required:"true" doc:"Ports that it publishes."`
	Configs       []string          `json:"configs" required:"true" doc:"Names of the configs that it mounts."`
	Secrets       []string          `json:"secrets" required:"true" doc:"Names of the secrets that it mounts."`
	Constraints   []string          `json:"constraints" required:"true" doc:"Placement constraints of its tasks."`
	Nodes         []string          `json:"nodes" required:"true" doc:"Host names of the nodes on which tasks run."`
	Problems      []string          `json:"problems" required:"true" doc:"What is wrong with its tasks now, in the words of the engine."`
	Tasks         []Task            `json:"tasks" required:"true" doc:"The newest task in each of its places, and those that run."`
}

// Port is one that a service publishes.
type Port struct {
	Published uint32 `json:"published" required:"true" doc:"Port on the nodes; 0: none is published yet."`
	Target    uint32 `json:"target" required:"true" doc:"Port in the container."`
	Protocol  string `json:"protocol" required:"true" doc:"tcp, udp or sctp."`
	Mode      string `json:"mode" required:"true" doc:"ingress: on all nodes; host: on those where tasks run."`
}

// Task is one of a service.
type Task struct {
	Name    string `json:"name" required:"true" doc:"Name of its place: web.2, or web.node-3 where each node has one."`
	ID      string `json:"id" required:"true" doc:"ID of the task."`
	Node    string `json:"node" required:"true" doc:"Host name of its node; empty: it has none yet."`
	State   string `json:"state" required:"true" doc:"State of the task, as running."`
	Desired string `json:"desired" required:"true" doc:"State that the engine wants of it."`
	Current bool   `json:"current" required:"true" doc:"Whether it is as the service now says."`
	Image   string `json:"image" required:"true" doc:"Image that it runs."`
	Error   string `json:"error" required:"true" doc:"What the engine says is wrong with it; empty: nothing."`
}

// status is what is told of a service.
func (r reading) status(ctx context.Context, seen tasks.Seen) (Status, error) {
	service, spec := seen.Service, seen.Service.Spec
	standing := seen.Judge(spec)
	told := Status{
		ID: service.ID, Name: spec.Name, Version: service.Version.Index, Mode: mode(spec.Mode), Replicas: standing.Wanted,
		Running: standing.Running, Updated: standing.Updated, Old: standing.Old, Failed: standing.Failed, Converged: standing.Converged(),
		UpdateState: string(standing.Update), UpdateMessage: standing.Message, Labels: compose.Labels(spec.Labels), Ports: ports(service),
		Env: []string{}, Configs: []string{}, Secrets: []string{}, Constraints: []string{}, Nodes: []string{}, Tasks: []Task{},
		Problems: tasks.Reasons(standing.Ails()),
	}
	if container := spec.TaskTemplate.ContainerSpec; container != nil {
		told.Image, told.Digest = registry.Unpinned(container.Image), digest(container.Image)
		for _, variable := range container.Env {
			name, _, _ := strings.Cut(variable, "=")
			told.Env = append(told.Env, name)
		}
		for _, config := range container.Configs {
			told.Configs = append(told.Configs, config.ConfigName)
		}
		for _, secret := range container.Secrets {
			told.Secrets = append(told.Secrets, secret.SecretName)
		}
	}
	if previous := service.PreviousSpec; previous != nil && previous.TaskTemplate.ContainerSpec != nil {
		told.PreviousImage = registry.Unpinned(previous.TaskTemplate.ContainerSpec.Image)
	}
	if placement := spec.TaskTemplate.Placement; placement != nil {
		told.Constraints = append(told.Constraints, placement.Constraints...)
	}
	for _, row := range standing.Tasks {
		runs := row.State == swarm.TaskStateRunning
		if runs {
			told.Nodes = append(told.Nodes, row.Node)
		}
		if runs || row.Newest {
			told.Tasks = append(told.Tasks, Task{
				Name: row.Name, ID: row.ID, Node: row.Node, State: string(row.State), Desired: string(row.Desired), Current: row.Current,
				Image: row.Image, Error: row.Error,
			})
		}
	}
	slices.Sort(told.Nodes)
	told.Nodes = slices.Compact(told.Nodes)
	var err error
	told.Networks, err = r.networks(ctx, spec.TaskTemplate.Networks)
	return told, err
}

// networks are the names of networks that a service is attached to. It names them by their IDs.
func (r reading) networks(ctx context.Context, attached []swarm.NetworkAttachmentConfig) ([]string, error) {
	names := make([]string, 0, len(attached))
	if len(attached) == 0 {
		return names, nil
	}
	ctx, cancel := r.Single(ctx)
	defer cancel()
	listed, err := r.Docker.NetworkList(ctx, client.NetworkListOptions{})
	if err != nil {
		return names, r.Fault(ctx, err, "list the networks")
	}
	by := map[string]string{}
	for _, network := range listed.Items {
		by[network.ID] = network.Name
	}
	for _, one := range attached {
		names = append(names, cmp.Or(by[one.Target], one.Target))
	}
	return names, nil
}

func mode(of swarm.ServiceMode) string {
	switch {
	case of.Global != nil:
		return "global"
	case of.ReplicatedJob != nil:
		return "replicated-job"
	case of.GlobalJob != nil:
		return "global-job"
	default:
		return "replicated"
	}
}

// ports are those that the engine has published, or else is to publish.
func ports(of swarm.Service) []Port {
	published := of.Endpoint.Ports
	if len(published) == 0 && of.Spec.EndpointSpec != nil {
		published = of.Spec.EndpointSpec.Ports
	}
	told := make([]Port, 0, len(published))
	for _, port := range published {
		told = append(told, Port{Published: port.PublishedPort, Target: port.TargetPort, Protocol: string(port.Protocol), Mode: string(port.PublishMode)})
	}
	return told
}

// digest is that of an image which names one.
func digest(image string) string {
	_, digest, _ := strings.Cut(image, "@")
	return digest
}
