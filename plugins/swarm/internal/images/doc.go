// Package images holds what is done with images before services run them: having nodes pull one. It
// leaves out which image a service runs.
package images

import (
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/engine"
)

// Actions declares the actions on images of a swarm's nodes.
func Actions(e *engine.Engine) []sdk.Declaration {
	return []sdk.Declaration{images{e}.prefetch()}
}

// images acts on the images of a swarm's nodes.
type images struct{ *engine.Engine }
