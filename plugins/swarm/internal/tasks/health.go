package tasks

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// mostSaid is how much is told of what a health check says, in bytes.
const mostSaid = 300

// withHealth adds to tasks that have ended as unhealthy what their health check said last. Only the
// engine that is asked can tell, of its own containers; of the others, it is not known here.
func (t Tasks) withHealth(ctx context.Context, rows []Row) []Row {
	if len(rows) == 0 {
		return rows
	}
	ctx, cancel := t.Single(ctx)
	defer cancel()
	info, err := t.Docker.Info(ctx, client.InfoOptions{})
	if err != nil {
		return rows // the reason is known, and this is more of it
	}
	told := slices.Clone(rows)
	for i, row := range told {
		if row.Container == "" || row.NodeID != info.Info.Swarm.NodeID {
			continue
		}
		if said, unhealthy := t.healthCheck(ctx, row.Container); unhealthy {
			told[i].Error = cmp.Or(row.Error, "unhealthy container") + said
		}
	}
	return told
}

// healthCheck says whether a container is, or has ended as, unhealthy, and what its health check said
// last. It may be gone already.
func (t Tasks) healthCheck(ctx context.Context, id string) (said string, unhealthy bool) {
	found, err := t.Docker.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
	if err != nil || found.Container.State == nil {
		return "", false
	}
	health := found.Container.State.Health
	if health == nil || health.Status != container.Unhealthy {
		return "", false
	}
	if len(health.Log) == 0 {
		return "", true
	}
	text := strings.Join(strings.Fields(health.Log[len(health.Log)-1].Output), " ")
	switch {
	case text == "":
		return "", true
	case len(text) > mostSaid:
		text = strings.ToValidUTF8(text[:mostSaid], "") + "…"
	}
	return ", and its health check says: " + text, true
}
