package host

import (
	"context"
	"time"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// Ping makes the barest call that go-plugin has over an action's connection, to compare
// with.
func Ping(ctx context.Context, action sdk.Handler) error {
	p, err := action.(*handler).connection.process(ctx)
	if err != nil {
		return err
	}
	protocol, err := p.client.Client()
	if err != nil {
		return err
	}
	return protocol.Ping()
}

// End ends the process that an action runs in.
func End(action sdk.Handler) {
	c := action.(*handler).connection
	c.host.end(c.current)
}

// StartSwapped opens a program, has its name mean another one, and starts it. It returns
// the version that what was started says of itself.
func StartSwapped(ctx context.Context, path string, swap func()) (version string, err error) {
	program, err := open(path)
	if err != nil {
		return "", err
	}
	defer program.close()
	swap()
	p := newProcess("shop", program, nil, &tail{})
	if err := p.start(ctx, time.Minute); err != nil {
		return "", err
	}
	defer p.kill()
	answer, err := p.describe(ctx, time.Minute)
	return answer.GetVersion(), err
}

// HangUpPatience is how long it is waited for the end of a process that hung up.
const HangUpPatience = hangUpPatience
