package host

import (
	"context"
	"fmt"
	"time"

	"github.com/gatebook/gatebook/plugins/host/internal/process"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// watch looks after a process for as long as a call of the action is made in it, which may
// take hours without a word: one that gives no sign of life is told of, and in the end
// killed, upon which the call fails as if the process had died. heard says that the plugin
// said something; after unwatch nothing is told any more.
//
// It goes on when ctx ends, as the call does.
func (h *handler) watch(ctx context.Context, p *process.Process, tell func(sdk.Progress)) (heard, unwatch func()) {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	said, ended := make(chan struct{}, 1), make(chan struct{})
	name := h.connection.plugin.described.Name
	go func() {
		defer close(ended)
		p.Watch(ctx, h.connection.host.patience, said, func(silence time.Duration) {
			message := fmt.Sprintf("the plugin %s answers again", name)
			if silence > 0 {
				message = fmt.Sprintf("no word from the plugin %s for %s; is it stopped?", name, silence)
			}
			tell(sdk.Progress{Message: message})
		})
	}()
	heard = func() {
		select {
		case said <- struct{}{}:
		default: // it is about to be known
		}
	}
	return heard, func() { stop(); <-ended }
}
