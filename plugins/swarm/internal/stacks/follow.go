package stacks

import (
	"context"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// follow follows services until their tasks have settled.
func (s stacks) follow(ctx context.Context, call *sdk.Call[Input], names []string) error {
	return nil
}
