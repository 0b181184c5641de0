package rotation

import (
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/service"
	"github.com/gatebook/gatebook/schema"
)

// SecretInput is what secret_rotate is given.
type SecretInput struct {
	Input
	Content  string  `json:"content" required:"true" secret:"true" minLength:"1" maxLength:"512000" doc:"What the new secret holds."`
	Previous *string `json:"previous" secret:"true" minLength:"1" maxLength:"512000" doc:"What the old secret holds. With it, the old one is removed, as an undo can make it again; without it, the old one stays. The engine is asked whether it is so before anything is changed."`
}

func secret(s service.Services) sdk.Declaration {
	return rotating[SecretInput]{s, secrets(s.Engine), func(in SecretInput) asked {
		return asked{Input: in.Input, content: in.Content, previous: in.Previous}
	}}.action(sdk.Action[SecretInput, Output]{
		Name:    "secret_rotate",
		Summary: "Give a service a new version of a secret, and remove the old one once all tasks have it",
		Description: `Secrets of a swarm cannot be changed: a new one is made, and mounted in the place of the old one by an update, which is followed as by ` + "`service_update`" + `.
Nobody can read what a secret of a swarm holds. So the old one is removed after success only where the step says in ` + "`previous`" + ` what it holds: without that, nothing could put it
back when a later step fails. One that another service uses stays.

Undo mounts the old one again, which is made anew where it was removed, and removes the new one. Where somebody has changed the service since, that is
a *conflict* which names what they changed.`,
		Examples: []schema.Example{{Title: "A new password", With: map[string]any{
			"service": "shop_web", "target": "db_password", "content": "${{ inputs.password }}", "previous": "${{ inputs.old_password }}",
		}}},
	})
}
