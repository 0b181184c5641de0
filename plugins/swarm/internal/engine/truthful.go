package engine

import (
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/truthful"
	"github.com/gatebook/gatebook/plugins/swarm/internal/request"
)

// Truthful holds actions to what they asked the engine for. What their plans were made from, they
// name themselves: of what they read, most moves by itself.
func Truthful(declared []sdk.Declaration) []sdk.Declaration {
	return truthful.All(declared, truthful.Noting{
		Attempt: func(func(string)) truthful.Attempt { return &request.Attempt{} },
	})
}
