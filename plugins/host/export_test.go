package host

import (
	"context"

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

// HangUpPatience is how long it is waited for the end of a process that hung up.
const HangUpPatience = hangUpPatience
