package rotation

import (
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/service"
	"github.com/gatebook/gatebook/schema"
)

// ConfigInput is what config_rotate is given.
type ConfigInput struct {
	Input
	Content string `json:"content" required:"true" nosecret:"true" minLength:"1" maxLength:"1024000" example:"worker_processes 4;" doc:"What the new config holds. Who may ask the engine can read it."`
	KeepOld bool   `json:"keepOld" doc:"Whether the old config stays, though nobody uses it any more."`
}

func config(s service.Services) sdk.Declaration {
	return rotating[ConfigInput]{s, configs(s.Engine), func(in ConfigInput) asked {
		return asked{Input: in.Input, content: in.Content, keep: in.KeepOld}
	}}.action(sdk.Action[ConfigInput, Output]{
		Name:    "config_rotate",
		Summary: "Give a service a new version of a config, and remove the old one once all tasks have it",
		Description: `Configs of a swarm cannot be changed: a new one is made, and mounted in the place of the old one by an update, which is followed as by ` + "`service_update`" + `.
Once it has converged, the old one is removed, unless another service uses it; in both cases what it held is kept for an undo, as a config of the swarm with the label
` + "`gatebook.dev/vault`" + `, where it has no more than 700 KiB. A larger one stays.

Undo mounts the old one again, which is made anew where it was removed, and removes the new one. Where somebody has changed the service since, that is
a *conflict* which names what they changed.`,
		Examples: []schema.Example{{Title: "A new configuration, two tasks at a time", With: map[string]any{
			"service": "shop_web", "target": "/etc/nginx/nginx.conf", "content": "worker_processes 4;", "parallelism": 2,
		}}},
	})
}
