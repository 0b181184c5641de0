package tasks

import (
	"context"
	"time"

	"github.com/moby/moby/api/types/events"
	"github.com/moby/moby/client"
)

// serviceLabel is how a container says which service it is of.
const serviceLabel = "com.docker.swarm.service.id"

// again is how long it is waited before the events are asked for anew.
const again = 2 * time.Second

// wakes says when it is worth a look: something has happened to the service, to a container of it on the
// node that is asked, or to a node. Events hand on nothing else, so that a stream that breaks is no
// special case.
func (t Tasks) wakes(ctx context.Context, service string) <-chan struct{} {
	wakes := make(chan struct{}, 1)
	filters := make(client.Filters).Add("type", string(events.ServiceEventType), string(events.ContainerEventType), string(events.NodeEventType))
	// Each run of a health check has events of its own, and says nothing new.
	filters.Add("event", "create", "update", "remove", "start", "die", "oom", "health_status")
	go func() {
		for ctx.Err() == nil {
			_ = t.listen(ctx, filters, service, wakes) // it is asked for anew
			select {
			case <-ctx.Done():
			case <-time.After(again):
			}
		}
	}()
	return wakes
}

// listen passes on what is heard until the stream ends.
func (t Tasks) listen(ctx context.Context, filters client.Filters, service string, wakes chan<- struct{}) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the stream's own goroutine
	heard := t.Docker.Events(ctx, client.EventsListOptions{Filters: filters})
	for {
		select {
		case err := <-heard.Err:
			return err
		case event := <-heard.Messages:
			if event.Type != events.NodeEventType && event.Actor.ID != service && event.Actor.Attributes[serviceLabel] != service {
				continue
			}
			select {
			case wakes <- struct{}{}:
			default: // one is on its way
			}
		}
	}
}
