package stacks

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/compose"
	"github.com/gatebook/gatebook/plugins/swarm/internal/service"
	"github.com/gatebook/gatebook/plugins/swarm/internal/spec"
	"github.com/gatebook/gatebook/plugins/swarm/internal/stack"
	"github.com/gatebook/gatebook/plugins/swarm/internal/vault"
)

// kept is the state from before the step, as it is on gatebook's disk: what leads back.
type kept struct {
	Stack   string      `json:"stack"`
	Key     string      `json:"key"`            // of the step, in its undo as well
	Made    stack.Made  `json:"made,omitempty"` // what was not there, and the step makes
	Labels  []relabeled `json:"labels,omitempty"`
	Targets []target    `json:"services"`
	Pruned  []pruned    `json:"pruned,omitempty"`
	Left    []string    `json:"left,omitempty"` // services of the stack that stay as they are
}

// relabeled is a secret or config whose labels the step changes.
type relabeled struct {
	Kind string            `json:"kind"`
	Name string            `json:"name"`
	ID   string            `json:"id"`
	Was  map[string]string `json:"was,omitempty"`
	Set  map[string]string `json:"set,omitempty"`
	// Vault says that some of them smell of secrets, so that all are kept in the swarm, and here is a print of
	// those that were.
	Vault bool   `json:"vault,omitempty"`
	Print string `json:"print,omitempty"`
}

// String is what it is about.
func (k relabeled) String() string { return k.Kind + " " + k.Name }

// had says of labels that are kept in the swarm whether they are as they were before the step.
func (k relabeled) had(v stack.View) bool {
	return k.Vault && v.PrintLabels(k.ID, stack.Unmarked(v.Labels(k.Kind, k.Name))) == k.Print
}

// smells says whether labels smell of secrets.
func smells(labels map[string]string) bool { return !same(compose.Labels(labels), labels) }

// target is a service that the step sets. It is known by prints of what it was and of what it becomes: its
// spec may hold passwords, so that only what leads back is kept of it.
type target struct {
	Name          string           `json:"name"`
	ID            string           `json:"id,omitempty"` // empty: it was not there
	Index         uint64           `json:"index,omitempty"`
	Was           string           `json:"was,omitempty"`
	Set           string           `json:"set"`
	Back          spec.Patch       `json:"back,omitempty"`
	Image         string           `json:"image"`               // as it was fixed when the step began
	Platforms     []swarm.Platform `json:"platforms,omitempty"` // that the image is for, as far as the registry said
	Mark          string           `json:"mark,omitempty"`
	Force         uint64           `json:"force,omitempty"` // how often its tasks were made anew by force
	service.Stood                  // before the step
	// Anew says why it is set although nothing of it changes: it lacks the credentials for its image. There is
	// nothing to take back of that.
	Anew string `json:"anew,omitempty"`
	// Vault says that what leads back is kept in the swarm.
	Vault bool `json:"vault,omitempty"`
}

// thing is what prints of its specs are those of: a service that was not there has no ID yet.
func (k target) thing() string { return cmp.Or(k.ID, k.Name) }

// changes says whether there is anything to change.
func (k target) changes() bool { return k.Was != k.Set }

// pruned is a service that the step removes. Nothing is left of it, so that its spec is kept.
type pruned struct {
	Name          string             `json:"name"`
	ID            string             `json:"id"`
	Was           string             `json:"was"`
	Spec          *swarm.ServiceSpec `json:"spec,omitempty"`
	service.Stood                    // before the step
	Vault         bool               `json:"vault,omitempty"` // as in [target]
}

// prepared is what a step would do, before it has done anything of it.
type prepared struct {
	kept
	want     stack.Stack
	view     stack.View
	wanted   []swarm.ServiceSpec // in the order of kept.Targets
	images   []stack.Fixed       // of which a registry has a say
	warnings []string
	secrets  []string // values that flow into it, and nobody knows where to
}

// prepare looks at everything, and decides what is to be done.
func (s stacks) prepare(ctx context.Context, call *sdk.Call[Input]) (p prepared, err error) {
	in := call.Input
	p.secrets = in.secrets()
	f, err := in.given().Read()
	if err != nil {
		return p, err
	}
	if p.view, err = s.look(ctx); err != nil {
		return p, err
	}
	if p.want, err = stack.Wants(f, in.Stack, p.view); err != nil {
		return p, err
	}
	p.Stack, p.warnings = in.Stack, f.Warnings
	p.Made = p.want.Lacks(p.view)
	if p.wanted, err = p.want.Specs(ctx, p.view); err != nil {
		return p, err
	}
	for i := range p.wanted {
		image, err := in.given().Fixed(ctx, s.Engine, call.Request, p.wanted[i], p.view.Services[p.wanted[i].Name])
		if err != nil {
			return p, err
		}
		if image.Warning != "" {
			p.warnings = append(p.warnings, image.Warning)
		}
		if image.Called != "" {
			p.images = append(p.images, image)
		}
		one := p.prepareOne(&p.wanted[i], image)
		if one.Anew, err = s.anew(ctx, in, p.view.Services[one.Name], one); err != nil {
			return p, err
		}
		p.Targets = append(p.Targets, one)
	}
	p.prepareLabels()
	p.preparePrune(in)
	return p, nil
}

// prepareOne fixes what is to be set of one service.
func (p *prepared) prepareOne(to *swarm.ServiceSpec, image stack.Fixed) target {
	live := p.view.Services[to.Name]
	one := target{Name: to.Name, ID: live.ID, Image: image.Image, Platforms: image.Platforms, Force: live.Spec.TaskTemplate.ForceUpdate}
	settle(to, one)
	one.Set = p.view.Print(one.thing(), *to, p.Made)
	if live.ID != "" {
		one.Index, one.Was, one.Mark = live.Version.Index, p.view.Print(one.thing(), live.Spec, p.Made), mark(live)
		one.Back = spec.Exact(*to).To(spec.Exact(live.Spec))
		one.Vault = p.hides(one.Back)
	}
	return one
}

// hides says whether what leads back may hold a secret.
func (p *prepared) hides(back spec.Patch) bool {
	return len(back) > 0 && (len(p.secrets) > 0 || compose.Hides(back))
}

// anew says why a service of which nothing changes is set anew all the same: its nodes refuse tasks of it, and may
// lack the credentials that the step gives. The engine tells nobody which it has.
func (s stacks) anew(ctx context.Context, in Input, live swarm.Service, one target) (string, error) {
	if one.changes() {
		return "", nil
	}
	credentials, err := in.given().Credentials(one.Image)
	if err != nil || credentials == "" {
		return "", err
	}
	return s.Refused(ctx, service.Object{ID: live.ID, Spec: live.Spec})
}

// settle adds to a spec what the compose file leaves open: the image as it is fixed, the platforms that it
// is for, which nodes must have, and how often the tasks were made anew by force, as that would make them
// anew again.
func settle(to *swarm.ServiceSpec, one target) {
	to.TaskTemplate.ContainerSpec.Image = one.Image
	if len(one.Platforms) > 0 {
		placement := *cmp.Or(to.TaskTemplate.Placement, &swarm.Placement{})
		placement.Platforms = one.Platforms
		to.TaskTemplate.Placement = &placement
	}
	to.TaskTemplate.ForceUpdate = one.Force
}

// mark tells an update of the engine from others.
func mark(live swarm.Service) string {
	if live.UpdateStatus == nil || live.UpdateStatus.StartedAt == nil {
		return ""
	}
	return live.UpdateStatus.StartedAt.UTC().String()
}

func (p *prepared) prepareLabels() {
	for _, one := range p.want.Things {
		id := p.view.ID(one.Kind, one.Name)
		was := stack.Unmarked(p.view.Labels(one.Kind, one.Name))
		if one.Kind == stack.NetworkKind || id == "" || same(was, one.Labels) {
			continue
		}
		change := relabeled{Kind: one.Kind, Name: one.Name, ID: id, Was: was, Set: one.Labels, Vault: len(p.secrets) > 0 || smells(was) || smells(one.Labels)}
		if change.Vault {
			change.Print = p.view.PrintLabels(id, was)
		}
		p.Labels = append(p.Labels, change)
	}
}

func (p *prepared) preparePrune(in Input) {
	said := map[string]bool{}
	for _, one := range p.Targets {
		said[one.Name] = true
	}
	for _, name := range p.view.OfStack(in.Stack) {
		live := p.view.Services[name]
		switch {
		case said[name]:
		case in.Prune:
			p.Pruned = append(p.Pruned, pruned{Name: name, ID: live.ID, Was: p.view.Print(live.ID, live.Spec, p.Made), Spec: &live.Spec, Vault: p.hides(spec.Patch(spec.Exact(live.Spec)))})
		default:
			p.Left = append(p.Left, name)
		}
	}
}

// standing is whose spec a service has.
type standing int

const (
	absent  standing = iota
	before           // the one from before the step
	ours             // the one that the step sets
	foreign          // somebody else's
)

// judge tells whose spec a service has now, and of somebody else's what is changed.
func (k kept) judge(v stack.View, one target) (standing, string) {
	live, there := v.Services[one.Name]
	if !there {
		return absent, ""
	}
	if one.ID != "" && live.ID != one.ID {
		return foreign, "it is not the one that the step began with, but a new one of that name"
	}
	switch is := v.Print(one.thing(), live.Spec, k.Made); is {
	case one.Set:
		return ours, ""
	case one.Was:
		return before, ""
	}
	return foreign, since(v, one.thing(), live, k.Made, one.Was, one.Set)
}

// since says what changed since a service had one of some specs.
func since(v stack.View, thing string, live swarm.Service, made stack.Made, prints ...string) string {
	if live.PreviousSpec == nil {
		return "it is not as the step left it"
	}
	said := compose.Sentence(compose.Changed(v.Named(*live.PreviousSpec), v.Named(live.Spec)))
	if slices.Contains(prints, v.Print(thing, *live.PreviousSpec, made)) {
		return said
	}
	return "more than once; by the last change of it " + said
}

// meddled is the conflict with whoever has changed a service.
func meddled(name, words string) error {
	return sdk.Errorf(sdk.Conflict, "somebody changed the service %s meanwhile: %s", name, words)
}

// previous is the spec from before the step: by the letter, where the engine still has it.
func (k kept) previous(v stack.View, live swarm.Service, one target) (was swarm.ServiceSpec, err error) {
	if live.PreviousSpec != nil && v.Print(one.thing(), *live.PreviousSpec, k.Made) == one.Was {
		return *live.PreviousSpec, nil
	}
	if one.Vault && one.Back == nil {
		return was, vault.Lost("service " + one.Name)
	}
	if err := spec.Exact(live.Spec).With(one.Back).Into(&was); err != nil {
		return was, sdk.Errorf(sdk.Permanent, "the state before the change: %w", err)
	}
	if v.Print(one.thing(), was, k.Made) != one.Was {
		return was, meddled(one.Name, since(v, one.thing(), live, k.Made, one.Set))
	}
	return was, nil
}

// same says whether labels are the same; those that are absent are empty.
func same(a, b map[string]string) bool { return maps.Equal(a, b) }
