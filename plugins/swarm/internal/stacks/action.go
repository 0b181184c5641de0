package stacks

import (
	"maps"
	"slices"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/engine"
	"github.com/gatebook/gatebook/plugins/swarm/internal/service"
	"github.com/gatebook/gatebook/plugins/swarm/internal/stack"
	"github.com/gatebook/gatebook/schema"
)

// Input is what stack_deploy is given.
type Input struct {
	Stack            string            `json:"stack" required:"true" pattern:"^[a-zA-Z0-9]([a-zA-Z0-9_-]*[a-zA-Z0-9])?$" maxLength:"40" example:"shop" doc:"Name of the stack, with which the names of what is in it begin."`
	Compose          string            `json:"compose" takessecrets:"true" minLength:"1" doc:"The compose file as text."`
	File             string            `json:"file" minLength:"1" example:"/srv/shop/compose.yaml" doc:"Absolute path of the compose file; instead of compose."`
	Folder           string            `json:"folder" minLength:"1" example:"/srv/shop" doc:"Absolute path of the folder from which paths in the compose file are seen; without it, that of file."`
	Variables        map[string]string `json:"variables" takessecrets:"true" doc:"Values for the ${…} in the compose file, and for environment variables that it gives no value. Nothing is taken from the environment of gatebook. They are shown, but for secrets that flow into them; what is secret by itself stands in secretVariables."`
	SecretVariables  map[string]string `json:"secretVariables" secret:"true" doc:"More such values, which are neither shown nor written down. Where they go, nothing is shown either of what a service has had there before."`
	Prune            bool              `json:"prune" doc:"Removes services of the stack that are not in the compose file."`
	ResolveImage     string            `json:"resolveImage" default:"always" enum:"always,changed,never" doc:"When the registry is asked for the digest by which an image is fixed: of each service, of those with another image than before, or of none."`
	WithRegistryAuth bool              `json:"withRegistryAuth" doc:"Gives the nodes the credentials that docker's configuration has for the images' registries."`
	Monitor          schema.Duration   `json:"monitor" min:"1ms" example:"30s" doc:"How long all tasks of a service must have stayed healthy at the end. Without it, as long as each service says, or else 5s."`
	Stall            schema.Duration   `json:"stall" default:"1m" min:"1s" doc:"How long nothing of a service may move forward while something is known to be wrong, as an image that is missing."`
}

// given is what of it makes the stack.
func (in Input) given() stack.Given {
	variables := map[string]string{}
	maps.Copy(variables, in.Variables)
	maps.Copy(variables, in.SecretVariables)
	return stack.Given{
		Name: in.Stack, Compose: in.Compose, File: in.File, Folder: in.Folder, Variables: variables,
		ResolveImage: in.ResolveImage, WithRegistryAuth: in.WithRegistryAuth,
	}
}

// secrets are the values of it that are secret.
func (in Input) secrets() []string { return slices.Collect(maps.Values(in.SecretVariables)) }

// Output is what stack_deploy returns.
type Output struct {
	Created   []string `json:"created" required:"true" doc:"What was not there before: service shop_web, network shop_default."`
	Changed   []string `json:"changed" required:"true" doc:"What was changed."`
	Unchanged []string `json:"unchanged" required:"true" doc:"Services that were as they should be."`
	Pruned    []string `json:"pruned" required:"true" doc:"Services that were removed."`
	Left      []string `json:"left" required:"true" doc:"Services of the stack that are not in the compose file and were left."`
}

// Actions are those for stacks.
func Actions(e *engine.Engine) []sdk.Declaration {
	return []sdk.Declaration{stacks{service.Of(e)}.deploy()}
}

// stacks are those of a swarm.
type stacks struct{ service.Services }

func (s stacks) deploy() sdk.Action[Input, Output] {
	return sdk.Action[Input, Output]{
		Name:    "stack_deploy",
		Summary: "Bring a stack into the state that a compose file says",
		Description: `Deploys the compose file as ` + "`docker stack deploy`" + ` does: with the same names and labels, so that both can be used for one stack. The file is
read by docker's own code; keys that a swarm ignores are told. ` + "`${…}`" + ` in it are filled in from ` + "`variables`" + ` and ` + "`secretVariables`" + ` alone.

The plan shows what changes of each service in the words of the compose file, and which networks, configs and secrets would be made. A config whose
content is another one under the same name is refused, as the engine does; of a secret that is told before anything is changed, but not in the plan,
since nobody can read it.

Networks are made first, then secrets and configs, then the services in the order of their names, each by the version that was looked at: what somebody else
changes meanwhile is a *conflict* that names it. Then all of them are followed until their tasks run and stay healthy. Services that are
not in the file stay; with ` + "`prune`" + ` they are removed at the end, or before, where one has a port that is wanted.

With ` + "`withRegistryAuth`" + `, a service is set anew of which nothing changes, but whose nodes have refused tasks that do not run yet: they may have lacked the credentials,
which the engine tells nobody.

Undo puts back the spec that each service had before the step, where it still is as the step left it, removes what the step created, and
makes services anew that it pruned; those have another id then, and start from nothing. What the step created is known by the label ` + "`" + stack.ByStep + "`" + `, which holds its key,
and a service also by its id: ` + "`docker stack deploy`" + ` takes that label away, so that the ids are kept in the swarm, as a config ` + "`gatebook-`" + `….
What others have made under such a name stays, and so does what ` + "`docker stack deploy`" + ` has deployed anew just as it was; a service that somebody has deployed
anew with another spec is a *conflict*. What leads back is written to the journal; where that may hold a secret, as
the old value of a variable called so, it is kept in the swarm instead, as a config ` + "`gatebook-`" + `…, which undo removes, and a later step a year after. A network, config or secret that somebody else uses by then stays, and is named.`,
		Effect:     sdk.Change,
		Idempotent: true,
		Rules: []schema.Rule{
			{Expr: "has(self.compose) != has(self.file)", Message: "Give either compose or file."},
			{Expr: `[?self.?file, ?self.?folder].all(path, path.matches("^(/|[A-Za-z]:[/\\\\]|\\\\\\\\)"))`, Message: "The paths file and folder are absolute."},
			{Expr: "!has(self.variables) || !has(self.secretVariables) || !self.secretVariables.exists(name, name in self.variables)", Message: "A variable is given once, as a secret or not."},
		},
		Examples: []schema.Example{
			{Title: "A stack in a file", With: map[string]any{"stack": "shop", "file": "/srv/shop/compose.yaml", "variables": map[string]any{"TAG": "v2"}}},
			{Title: "A stack, and nothing that was once part of it", With: map[string]any{
				"stack": "shop", "compose": "services:\n  web:\n    image: demo:v2\n    deploy:\n      replicas: 2\n", "prune": true,
			}},
		},
		Plan:    s.plan,
		Apply:   s.apply,
		Observe: s.observe,
		Undo:    s.undo,
	}
}
