package process

import (
	"context"
	"time"

	"google.golang.org/grpc/health/grpc_health_v1"
)

// Patience says how long a process may be silent while it has something to do.
type Patience struct {
	Notice time.Duration // after which that is told
	Limit  time.Duration // after which the process is ended
}

// asksPerNotice is how often a process is asked for a sign of life until its silence is told.
const asksPerNotice = 4

// Watch asks the process for signs of life until ctx ends, and ends one that gives none:
// a process that is stopped, or stuck, holds its connection open for ever. Busy ones
// answer, since the question comes to no action. tell is told of a silence once it is to
// be noticed, and of its end, with 0; a message that came by another way, on heard, ends it
// too.
//
// Silence is counted in questions that wait and not by the clock, so that a host which was
// itself stopped for an hour blames nobody. It is asked with the health check of gRPC, which
// every plugin of go-plugin answers, and not with keepalive pings: servers take a client
// that sends these more than once in five minutes for a hostile one.
func (p *Process) Watch(ctx context.Context, patience Patience, heard <-chan struct{}, tell func(silence time.Duration)) {
	between := patience.Notice / asksPerNotice
	turn := time.NewTicker(between)
	defer turn.Stop()
	answers := make(chan struct{}, 1) // of the one question that may wait
	silence, waits, told := time.Duration(0), false, false
	for {
		select {
		case <-ctx.Done():
			return
		case <-heard:
			silence = 0
		case <-answers:
			silence, waits = 0, false
		case <-turn.C:
			if waits {
				silence += between
				break
			}
			waits = true
			go func() { p.signOfLife(ctx); answers <- struct{}{} }()
		}
		switch {
		case silence >= patience.Limit:
			p.KillFor("it gave no sign of life for %s", patience.Limit)
			return
		case told != (silence >= patience.Notice):
			told = !told
			tell(silence)
		}
	}
}

// signOfLife returns when the process has answered, be it with an error, or hung up.
func (p *Process) signOfLife(ctx context.Context) {
	_, _ = p.calls.health.Check(ctx, &grpc_health_v1.HealthCheckRequest{})
}
