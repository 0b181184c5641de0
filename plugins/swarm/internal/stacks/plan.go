package stacks

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"
	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/compose"
	"github.com/gatebook/gatebook/plugins/swarm/internal/stack"
)

// What a plan names what it was made from.
const (
	serviceKind = "service"
	fileKind    = "compose file"
	stackKind   = "stack"
)

func (s stacks) plan(ctx context.Context, call *sdk.Call[Input]) (sdk.Preview, error) {
	if !call.Knows("stack") {
		return sdk.Preview{Summary: "would deploy a stack that is not known yet"}, nil
	}
	preview := sdk.Preview{Summary: "would deploy the stack " + call.Input.Stack}
	if !call.Knows("compose", "file", "folder", "variables", "secretVariables", "prune", "resolveImage", "withRegistryAuth") {
		preview.Summary += ", by what is not known yet"
		return preview, nil
	}
	p, err := s.prepare(ctx, call)
	if err != nil {
		return preview, err
	}
	preview.Blockers, preview.Warnings = p.want.Blockers, p.warnings
	p.previewThings(&preview)
	if err := p.previewServices(&preview); err != nil {
		return preview, err
	}
	preview.Observed = p.seen(call.Input)
	for _, one := range p.images {
		preview.Observed = append(preview.Observed, one.Seen(one.Called))
	}
	if len(preview.Changes) == 0 && len(preview.Blockers) == 0 {
		preview.Summary = fmt.Sprintf("nothing to do: the stack %s is so already", call.Input.Stack)
	} else {
		preview.Summary += counted(preview.Changes)
	}
	return preview, nil
}

// previewThings shows what is made beside the services, or labelled anew.
func (p *prepared) previewThings(preview *sdk.Preview) {
	for _, one := range p.want.Things {
		if p.Made.Has(one.Kind, one.Name) {
			preview.Changes = append(preview.Changes, sdk.Delta{Target: one.String(), Kind: one.Kind, Op: "create", Diff: compared(one.Name, stack.Thing{}, one)})
			continue
		}
		if live, there := p.view.Networks[one.Name]; one.Kind == stack.NetworkKind && there {
			is := stack.Thing{Kind: stack.NetworkKind, Labels: stack.Unmarked(live.Labels)}
			is.Network.Driver, is.Network.Options, is.Network.Internal, is.Network.Attachable = live.Driver, one.Network.Options, live.Internal, live.Attachable
			if diff := compared(one.Name, is, one); diff != "" {
				preview.Warnings = append(preview.Warnings, fmt.Sprintf("The network %s is another one than the compose file says, and stays as it is: a network cannot be changed.\n%s", one.Name, diff))
			}
		}
	}
	for _, one := range p.Labels {
		preview.Changes = append(preview.Changes, sdk.Delta{
			Target: one.Kind + " " + one.Name, Kind: one.Kind, Op: "update",
			Diff: compared(one.Name, stack.Thing{Labels: one.Was}, stack.Thing{Labels: one.Set}),
		})
	}
	for _, one := range p.want.Things {
		if _, there := p.view.Secrets[one.Name]; one.Kind == stack.SecretKind && there && one.Secret.Driver == nil {
			preview.Warnings = append(preview.Warnings, fmt.Sprintf("The secret %s is there. Whether it holds what the compose file says, nobody can read: the engine tells the step before that changes anything, and the step fails where it holds something else.", one.Name))
		}
	}
}

// says is what a thing is, line by line. What a secret or config holds is not said.
func says(t stack.Thing) (lines []string) {
	if t.Network.Driver != "" {
		lines = append(lines, "driver: "+t.Network.Driver)
	}
	for _, name := range slices.Sorted(maps.Keys(t.Network.Options)) {
		lines = append(lines, "driver_opts."+name+": "+t.Network.Options[name])
	}
	if t.Network.Internal {
		lines = append(lines, "internal: true")
	}
	if t.Network.Attachable {
		lines = append(lines, "attachable: true")
	}
	if t.Network.IPAM != nil {
		for _, pool := range t.Network.IPAM.Config {
			lines = append(lines, "subnet: "+pool.Subnet.String())
		}
	}
	if t.Config.Data != nil {
		lines = append(lines, fmt.Sprintf("content: %d bytes", len(t.Config.Data)))
	}
	for _, name := range slices.Sorted(maps.Keys(t.Labels)) {
		lines = append(lines, "labels."+name+": "+t.Labels[name])
	}
	return lines
}

// compared is a diff of two things. Labels and options that smell of secrets are masked.
func compared(name string, was, is stack.Thing) string {
	was.Labels, is.Labels = compose.BothLabels(was.Labels, is.Labels)
	was.Network.Options, is.Network.Options = compose.BothLabels(was.Network.Options, is.Network.Options)
	text := func(lines []string) string {
		if len(lines) == 0 {
			return ""
		}
		return strings.Join(lines, "\n") + "\n"
	}
	return udiff.Unified("live/"+name, "planned/"+name, text(says(was)), text(says(is)))
}

// previewServices shows what becomes of each service.
func (p *prepared) previewServices(preview *sdk.Preview) error {
	for i, one := range p.Targets {
		if one.Anew != "" {
			preview.Changes = append(preview.Changes, sdk.Delta{Target: serviceKind + " " + one.Name, Kind: serviceKind, Op: "update"})
			preview.Warnings = append(preview.Warnings, fmt.Sprintf("Nodes have refused tasks of the service %s, of which nothing changes: they are given the credentials for its image, and try again: %s.", one.Name, one.Anew))
		}
		if !one.changes() {
			continue
		}
		delta := sdk.Delta{Target: serviceKind + " " + one.Name, Kind: serviceKind, Op: "create"}
		var was swarm.ServiceSpec
		if one.ID != "" {
			delta.Op, was = "update", p.view.Shown(p.view.Services[one.Name].Spec, p.Made)
		}
		was, err := compose.Former(was, p.wanted[i], p.secrets)
		if err != nil {
			return err
		}
		delta.Diff = compose.Diff(one.Name, was, p.view.Shown(p.wanted[i], p.Made))
		preview.Changes = append(preview.Changes, delta)
	}
	for _, one := range p.Pruned {
		live := p.view.Services[one.Name]
		preview.Changes = append(preview.Changes, sdk.Delta{
			Target: serviceKind + " " + one.Name, Kind: serviceKind, Op: "delete",
			Diff: compose.Diff(one.Name, p.view.Shown(live.Spec, p.Made), swarm.ServiceSpec{}),
		})
	}
	if len(p.Pruned) > 0 {
		preview.Warnings = append(preview.Warnings, "Undo makes the services anew that are pruned, with other ids; what their containers have written outside of volumes is lost.")
	}
	if len(p.Left) > 0 {
		preview.Warnings = append(preview.Warnings, fmt.Sprintf("The stack has services that are not in the compose file, and stay: %s. With prune they would be removed.", strings.Join(p.Left, ", ")))
	}
	return nil
}

// counted is how many of each kind of change there are, for the end of a summary.
func counted(changes []sdk.Delta) string {
	counts := map[string]int{}
	for _, one := range changes {
		counts[one.Op+" "+one.Kind]++
	}
	var said []string
	for _, op := range []string{"create", "update", "delete"} {
		for _, kind := range []string{stack.NetworkKind, stack.SecretKind, stack.ConfigKind, serviceKind} {
			switch number := counts[op+" "+kind]; number {
			case 0:
			case 1:
				said = append(said, fmt.Sprintf("%s 1 %s", op, kind))
			default:
				said = append(said, fmt.Sprintf("%s %d %ss", op, number, kind))
			}
		}
	}
	if len(said) == 0 {
		return ""
	}
	return ": " + strings.Join(said, ", ")
}

// seen is what a plan is made from, but for images: each service, and the compose file with all that it takes in.
func (p *prepared) seen(in Input) []sdk.Seen {
	all := []sdk.Seen{{Kind: stackKind, Name: p.want.Name, Version: p.removed()}}
	for _, one := range p.Targets {
		all = append(all, p.seenOf(one.Name))
	}
	for _, one := range p.Pruned {
		all = append(all, p.seenOf(one.Name))
	}
	return append(all, sdk.Seen{Kind: fileKind, Name: in.given().Called(), Version: p.want.Sum(p.view)})
}

// seenOf is a service as a plan names it.
func (p *prepared) seenOf(name string) sdk.Seen {
	live, there := p.view.Services[name]
	if !there {
		return sdk.Seen{Kind: serviceKind, Name: name, Version: "absent"}
	}
	return sdk.Seen{Kind: serviceKind, Name: name, Version: p.view.Version(live.ID, live.Spec), ID: live.ID}
}

// agreed complains of what is not as the plan saw it to which people agreed.
func (p *prepared) agreed(call *sdk.Call[Input]) error {
	for _, is := range p.seen(call.Input) {
		was, saw := call.Saw(is.Kind, is.Name)
		live := p.view.Services[is.Name]
		switch {
		case !saw || was == is, is.Kind == stackKind:
		case is.Kind == fileKind:
			return sdk.OutdatedErrorf("the compose file %s, or what it takes in, as another file, is not what it was when it was planned", is.Name)
		case was.ID != is.ID:
			return sdk.OutdatedErrorf("the service %s is not the one that the plan saw: that was %s, and this is %s", is.Name, was.Version, is.Version)
		case live.PreviousSpec != nil && p.view.Version(live.ID, *live.PreviousSpec) == was.Version:
			return sdk.OutdatedErrorf("somebody changed the service %s since it was planned: %s", is.Name, compose.Sentence(compose.Changed(p.view.Named(*live.PreviousSpec), p.view.Named(live.Spec))))
		default:
			return sdk.OutdatedErrorf("somebody changed the service %s since it was planned, more than once", is.Name)
		}
	}
	return p.imagesAgreed(call)
}

// imagesAgreed complains of a tag that is another image than the plan found.
func (p *prepared) imagesAgreed(call *sdk.Call[Input]) error {
	for _, one := range p.images {
		if err := one.Held(call.Request, one.Called); err != nil {
			return err
		}
	}
	return nil
}

// unforeseen complains of a service that is there by now, and that the plan to which people agreed did not
// say it would remove: as one that somebody has added to the stack since.
func (p *prepared) unforeseen(call *sdk.Call[Input]) error {
	was, saw := call.Saw(stackKind, p.want.Name)
	if !saw {
		return nil
	}
	planned := strings.Split(strings.TrimPrefix(was.Version, prunes), ", ")
	for _, one := range p.Pruned {
		if !slices.Contains(planned, one.Name) {
			return sdk.OutdatedErrorf("somebody has added the service %s to the stack since it was planned, and the plan did not say that it would be removed", one.Name)
		}
	}
	return nil
}

// prunes is how a plan says which services of a stack a step removes.
const prunes = "to be removed: "

// removed names the services that are pruned, as a plan does.
func (p *prepared) removed() string {
	var names []string
	for _, one := range p.Pruned {
		names = append(names, one.Name)
	}
	return prunes + cmp.Or(strings.Join(names, ", "), "none")
}

// sentence makes of what an error says a whole sentence.
func sentence(text string) string {
	return strings.ToUpper(text[:1]) + strings.TrimSuffix(text[1:], ".") + "."
}
