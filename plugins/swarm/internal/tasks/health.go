package tasks

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"
)

// mostSaid is how much is told of what a health check says, in bytes.
const mostSaid = 300

// withHealth adds to tasks that have ended as unhealthy what their health check said last. The engine
// that is asked can tell of its own containers alone; of the others, no more is known here than where to look.
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
		if row.Container == "" {
			continue
		}
		if row.NodeID != info.Info.Swarm.NodeID {
			told[i].Unheard = row.Error == "" && row.State == swarm.TaskStateComplete || strings.Contains(row.Error, unhealthy)
			continue
		}
		if said, failed := t.healthCheck(ctx, row.Container); failed {
			told[i].Error = cmp.Or(row.Error, unhealthy) + said
		}
	}
	return told
}

// whereToLook is what to type, and where, to see what the health check of a task said that only its node can
// tell; empty: there is none such among them.
func whereToLook(rows []Row) string {
	for _, row := range rows {
		if row.Unheard {
			return fmt.Sprintf("what a health check said, its own node alone can tell: on %s, docker inspect %.12s shows it", row.Node, row.Container)
		}
	}
	return ""
}

// unhealthy is what an engine says of a task whose health check has failed.
const unhealthy = "unhealthy container"

// healthCheck says whether a container is, or has ended as, unhealthy, and what its health check said
// last. It may be gone already.
func (t Tasks) healthCheck(ctx context.Context, id string) (said string, failed bool) {
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
