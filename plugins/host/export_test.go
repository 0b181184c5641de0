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
	return p.Ping()
}

// End ends the process that an action runs in.
func End(action sdk.Handler) {
	c := action.(*handler).connection
	c.host.end(c.current)
}
