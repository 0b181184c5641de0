package services

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/change"
	"github.com/gatebook/gatebook/plugins/swarm/internal/compose"
	"github.com/gatebook/gatebook/plugins/swarm/internal/registry"
	"github.com/gatebook/gatebook/plugins/swarm/internal/service"
	"github.com/gatebook/gatebook/plugins/swarm/internal/spec"
	"github.com/gatebook/gatebook/schema"
)

// UpdateInput is what service_update is given.
type UpdateInput struct {
	service.Named
	Image        string            `json:"image" minLength:"1" nosecret:"true" example:"shop/web:2.1.0" doc:"Image to run."`
	ResolveImage string            `json:"resolveImage" default:"auto" enum:"auto,always,never" doc:"Whether the tag of the image is pinned to the digest that the registry has for it now, so that all nodes run the same: auto pins it where the registry answers, always fails where it does not."`
	RegistryAuth bool              `json:"withRegistryAuth" doc:"Whether the nodes get the credentials that docker has here for the registry of the service's image, as by docker service update --with-registry-auth. Without it, they go on with those that the service has."`
	Env          map[string]string `json:"env" nosecret:"true" doc:"Environment variables to set; others stay. Who may ask the engine can read them: a secret belongs into a secret of the swarm."`
	UnsetEnv     []string          `json:"unsetEnv" minLength:"1" unique:"true" doc:"Environment variables to remove."`
	Labels       map[string]string `json:"labels" nosecret:"true" doc:"Labels of the service to set; others stay."`
	UnsetLabels  []string          `json:"unsetLabels" minLength:"1" unique:"true" doc:"Labels of the service to remove."`
	Force        bool              `json:"force" doc:"Whether all tasks are replaced though nothing of them changes, which also spreads them over the nodes anew."`
	service.Pace
	Canary uint64          `json:"canary" min:"0" unit:"tasks" example:"1" doc:"End when so many tasks are new and healthy, and have the others wait until the next update of the service. 0 updates all."`
	Stall  schema.Duration `json:"stall" default:"1m" min:"1s" doc:"How long nothing may move forward while something is known to be wrong, as an image that is missing."`
}

// UpdateOutput is what service_update returns.
type UpdateOutput struct {
	service.Converged
	Before string `json:"before" required:"true" doc:"Image from before."`
}

// updateParams are the parameters that a plan of an update goes by.
func updateParams() []string {
	return append([]string{"image", "resolveImage", "withRegistryAuth", "env", "unsetEnv", "labels", "unsetLabels", "force", "canary"}, service.PaceParams()...)
}

func (s services) update() sdk.Action[UpdateInput, UpdateOutput] {
	return service.Change(s.Services, func(in UpdateInput) (service.Named, schema.Duration) { return in.Named, in.Stall }, change.Of[UpdateInput, UpdateOutput, swarm.ServiceSpec]{
		Params: updateParams(),
		Verb:   "update",
		Pin:    s.pin,
		Put:    s.putUpdate,
		Anew:   s.anew,
		Want: func(_ context.Context, use change.Use[UpdateInput], was service.Object) (swarm.ServiceSpec, error) {
			return use.Input.wants(was.Spec, use)
		},
		Summary: UpdateInput.says,
		Guard:   s.guard,
		Foresee: s.foresee,
		After: func(ctx context.Context, call *sdk.Call[UpdateInput], c change.Change[swarm.ServiceSpec]) (UpdateOutput, error) {
			converged, err := s.Converge(ctx, call.Host, service.Followed(c, call.Input.Stall.Std()), c.Changed())
			return UpdateOutput{Converged: converged, Before: service.Image(c.Was)}, err
		},
		Settled: func(ctx context.Context, call *sdk.Call[UpdateInput], c change.Change[swarm.ServiceSpec]) (UpdateOutput, bool, string, error) {
			detail, err := s.Settling(ctx, service.Followed(c, call.Input.Stall.Std()))
			return UpdateOutput{}, false, detail, err
		},
	}).Action(sdk.Action[UpdateInput, UpdateOutput]{
		Name:    "service_update",
		Summary: "Update a service, and wait until it has converged and stayed healthy",
		Description: `Changes the spec of a service by its version, and follows the update task by task. It is done when the engine has updated all tasks, all of them run (and are
healthy, where they have a health check), and none has failed for ` + "`monitor`" + ` since.

It fails as soon as it is known that it will not come to that, with the tasks' own reasons: an image that is missing, a container that exits, a health check
that fails, no node that is suitable. An update that the engine has paused or rolled back by itself is a failure, too.

**Nothing of anybody else's is overwritten.** The change goes by what the plan saw to which people agreed, as long as the run has changed nothing of the service
before, and by the version index that ` + "`version`" + ` says, where that is given; without either, by what the step's first look saw. Where somebody has changed the service
since, the step is a *conflict* that names what they changed, and so is its undo. The engine's own notes about an update move the index as well; these are told from changes.
A tag that is another image than the plan saw is a conflict, too.

**An image** is fixed to the digest that its registry has for it, and its tasks to nodes of the platforms that it is for, as docker does it. Where the registry does not answer, the
platforms stay as they are.

**Credentials** are set with a change. The engine tells nobody which a service has: where nothing changes, but nodes have refused tasks of it that do not run yet, ` + "`withRegistryAuth`" + ` has them
try again with those from here. Where all tasks run, nothing is set; ` + "`force: true`" + ` sets credentials that are new, too, and replaces the tasks.

**Undo** puts back the spec from before this step, whatever the engine calls the previous one, and waits until all tasks are those of before.
It goes at the pace of that spec.

**Canary.** With ` + "`canary: 1`" + ` one task is updated, and watched; the others wait for the next ` + "`service_update`" + `, for 30 days at most: until then the engine counts the update as
going on. Without a step that goes on or takes back, as where somebody else has changed the service meanwhile, whoever updates the service next does so at that pace, unless they
set another delay: ` + "`docker service update --update-delay 0s`" + `. The engine makes each task from the spec
as it is now: one of the others that ends by itself meanwhile is replaced by a new one.`,
		Rules: updateRules(),
		Examples: []schema.Example{
			{Title: "A new image, two tasks at a time", With: map[string]any{
				"service": "shop_web", "image": "shop/web:2.1.0", "parallelism": 2, "delay": "10s", "order": "start-first", "monitor": "30s",
			}},
			{Title: "One task first", With: map[string]any{"service": "shop_web", "image": "shop/web:2.1.0", "canary": 1, "monitor": "1m"}},
		},
	})
}

// updateRules are the rules across the parameters of an update.
func updateRules() []schema.Rule {
	return []schema.Rule{
		registry.Rule(),
		{Expr: `!has(self.env) || self.env.all(name, name.matches("^[^=]+$"))`, Message: "The name of a variable is not empty, and has no equals sign."},
		{Expr: `!has(self.env) || !has(self.unsetEnv) || !self.unsetEnv.exists(name, name in self.env)`, Message: "A variable is set or removed, and not both."},
		{Expr: `!has(self.labels) || !has(self.unsetLabels) || !self.unsetLabels.exists(name, name in self.labels)`, Message: "A label is set or removed, and not both."},
		{Expr: `!has(self.canary) || self.canary == 0 || !has(self.parallelism) && !has(self.delay)`, Message: "A canary has a pace of its own: parallelism and delay are for the update that goes on."},
	}
}

// says is what an update would do, in a line: what changes and not how, where that is not all.
func (in UpdateInput) says(c change.Change[swarm.ServiceSpec]) string {
	differences := compose.Changed(c.Was, c.Want)
	what := slices.DeleteFunc(slices.Clone(differences), func(d compose.Difference) bool { return strings.HasPrefix(d.Path, "deploy.update_config") })
	if len(what) == 0 {
		what = differences
	}
	switch {
	case c.Anew != "":
		return fmt.Sprintf("would give the nodes the credentials for %s, as they have refused tasks of the service %s: %s", service.Image(c.Want), in.Service, c.Anew)
	case in.Canary > 0 && c.Was.Mode.Replicated == nil:
		return fmt.Sprintf("would update %d of the tasks of the service %s, while the others wait for its next update: %s", in.Canary, in.Service, compose.Sentence(what))
	case in.Canary > 0:
		return fmt.Sprintf("would update %d of %d tasks of the service %s, while the others wait for its next update: %s", in.Canary, service.Replicas(c.Was), in.Service, compose.Sentence(what))
	}
	return fmt.Sprintf("would update the service %s: %s", in.Service, compose.Sentence(what))
}

// wants is the spec that the step makes of the one that was there.
func (in UpdateInput) wants(was swarm.ServiceSpec, use change.Use[UpdateInput]) (swarm.ServiceSpec, error) {
	want, err := spec.Copy(was)
	if err != nil {
		return want, err
	}
	container := want.TaskTemplate.ContainerSpec
	if container == nil {
		return want, sdk.FieldErrorf("service", "the service %s runs no containers, but a %s", in.Service, cmp.Or(want.TaskTemplate.Runtime, "plugin"))
	}
	if use.Pin.Image != "" {
		use.Pin.Runs(&want.TaskTemplate)
	}
	container.Env = environment(container.Env, in.Env, in.UnsetEnv)
	for name, value := range in.Labels {
		if want.Labels == nil {
			want.Labels = map[string]string{}
		}
		want.Labels[name] = value
	}
	for _, name := range in.UnsetLabels {
		delete(want.Labels, name)
	}
	if in.Force {
		want.TaskTemplate.ForceUpdate++
	}
	in.Pace.Set(&want)
	if in.Canary == 0 {
		return want, nil
	}
	if was.Mode.Replicated != nil && in.Canary >= service.Replicas(was) {
		return want, in.tooMany(service.Replicas(was))
	}
	service.SetCanary(&want, in.Canary, use.Run)
	service.KeepCanary(&want, was)
	return want, nil
}

// tooMany is the error of a canary of all tasks.
func (in UpdateInput) tooMany(tasks uint64) error {
	return sdk.FieldErrorf("canary", "the service %s has %d tasks: a canary is fewer than all, so that others wait", in.Service, tasks)
}

// fewer refuses a canary of all tasks of a service that has one for each node: how many these are, its spec
// does not say.
func (s services) fewer(ctx context.Context, in UpdateInput, live service.Object) error {
	if in.Canary == 0 || live.Spec.Mode.Replicated != nil {
		return nil
	}
	seen, err := s.Tasks.Look(ctx, live.ID)
	if err != nil {
		return err
	}
	if wanted := uint64(seen.Judge(live.Spec).Wanted); in.Canary >= wanted {
		return in.tooMany(wanted)
	}
	return nil
}

// guard refuses a canary of all tasks before it is set.
func (s services) guard(ctx context.Context, use change.Use[UpdateInput], live service.Object, _ swarm.ServiceSpec) error {
	if use.Undo {
		return nil
	}
	return s.fewer(ctx, use.Input, live)
}

// environment sets and removes variables. Those that are there keep their place.
func environment(was []string, set map[string]string, unset []string) []string {
	name := func(variable string) string {
		name, _, _ := strings.Cut(variable, "=")
		return name
	}
	var made []string
	for _, variable := range was {
		value, is := set[name(variable)]
		switch {
		case slices.Contains(unset, name(variable)):
		case is:
			made = append(made, name(variable)+"="+value)
		default:
			made = append(made, variable)
		}
	}
	for _, one := range slices.Sorted(maps.Keys(set)) {
		if !slices.ContainsFunc(was, func(variable string) bool { return name(variable) == one }) {
			made = append(made, one+"="+set[one])
		}
	}
	return made
}
