package apply

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/backup"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/diff"
	"github.com/gatebook/gatebook/plugins/sdk"
)

func (a applier) plan(ctx context.Context, call *sdk.Call[Input]) (sdk.Preview, error) {
	if !call.Knows("manifest", "manifests", "namespace", "force", "inventory", "prune") {
		return sdk.Preview{Summary: "would apply objects that are not known yet"}, nil
	}
	targets, err := a.targets(ctx, call.Input)
	if err != nil {
		return sdk.Preview{}, err
	}
	s := a.step(call.Input, "")
	preview := sdk.Preview{Summary: fmt.Sprintf("would apply %d objects", len(targets))}
	if preview.Blockers, err = s.lacking(ctx, s.rights(targets)); err != nil || len(preview.Blockers) > 0 {
		return preview, err
	}
	listed, err := s.readList(ctx)
	if err != nil {
		return preview, err
	}
	prunes, err := s.leftovers(ctx, listed.Objects, targets)
	if err != nil {
		return preview, err
	}
	rights, err := s.foresee(ctx, targets, &preview)
	if err != nil {
		return preview, err
	}
	more, err := s.foreseePrune(prunes, &preview)
	if err != nil {
		return preview, err
	}
	lacking, err := s.lacking(ctx, append(rights, more...))
	preview.Blockers = append(preview.Blockers, lacking...)
	preview.Summary = summary(len(targets), preview.Changes)
	return preview, err
}

// rights are what applying takes, as far as it does not depend on what is there.
func (s step) rights(targets []target) []cluster.Right {
	var rights []cluster.Right
	for _, t := range targets {
		rights = append(rights, t.kind.Right("get", t.namespace(), t.name()), t.kind.Right("patch", t.namespace(), t.name()))
	}
	if s.list == nil {
		return rights
	}
	for _, verb := range []string{"get", "create", "patch"} {
		rights = append(rights, cluster.Right{
			Verb: verb, Resource: "configmaps", Namespace: s.list.Namespace, Name: s.list.Name, Words: verb + " the inventory " + s.list.Name,
		})
	}
	return rights
}

// lacking asks for the rights on all objects of a kind first, which is one question
// instead of many, and for those on each one only where they are not given.
func (s step) lacking(ctx context.Context, rights []cluster.Right) ([]string, error) {
	var general []cluster.Right
	for _, r := range rights {
		r.Name, r.Words = "", ""
		if !slices.Contains(general, r) {
			general = append(general, r)
		}
	}
	lacking, err := s.Lacking(ctx, general...)
	if err != nil || len(lacking) == 0 {
		return nil, err
	}
	return s.Lacking(ctx, rights...)
}

// foresee adds to a plan what comes of each object, and returns the rights that takes.
func (s step) foresee(ctx context.Context, targets []target, preview *sdk.Preview) ([]cluster.Right, error) {
	var rights []cluster.Right
	for _, t := range targets {
		v, err := s.survey(ctx, t, targets)
		if err != nil {
			why, err := s.stops(ctx, v, err)
			if err != nil {
				return nil, err
			}
			preview.Blockers = append(preview.Blockers, why...)
			continue
		}
		delta := sdk.Delta{Target: t.String(), Kind: t.kind.Name, Op: "update"}
		shown := v.after
		switch {
		case v.live == nil:
			delta.Op = "create"
			rights = append(rights, t.kind.Right("create", t.namespace(), t.name()))
		case len(v.changes) == 0:
			continue
		case diff.IsSecret(t.Object):
			rights = append(rights, backup.Rights(t.namespace())...)
		}
		if v.unknown != "" {
			shown = t.Object
			preview.Warnings = append(preview.Warnings, fmt.Sprintf(
				"What the server makes of the %s, and whether it accepts it, is not known before the step runs, since %s.", t, v.unknown))
		}
		if delta.Diff, err = diff.Objects(v.live, shown); err != nil {
			return nil, err
		}
		preview.Changes = append(preview.Changes, delta)
	}
	return rights, nil
}

// stops says what would stop the step now. An error of the manifest or of the connection
// stays one.
func (s step) stops(ctx context.Context, v view, err error) ([]string, error) {
	why := []string{sentence(sdk.AsError(err).Message)}
	switch class := sdk.AsError(err).Class; {
	case class == sdk.Denied && v.live == nil:
		lacking, asked := s.Lacking(ctx, v.kind.Right("create", v.namespace(), v.name()))
		if len(lacking) > 0 {
			why = lacking
		}
		return why, asked
	case class == sdk.Denied, class == sdk.Conflict, v.live != nil && v.live.GetDeletionTimestamp() != nil:
		return why, nil
	default:
		return nil, err
	}
}

func sentence(text string) string { return strings.ToUpper(text[:1]) + text[1:] + "." }

func summary(objects int, changes []sdk.Delta) string {
	counts := map[string]int{}
	for _, change := range changes {
		counts[change.Op]++
	}
	if len(changes) == 0 {
		return fmt.Sprintf("nothing to do: the %d objects are as they should be", objects)
	}
	text := fmt.Sprintf("would create %d of %d objects and change %d", counts["create"], objects, counts["update"])
	if counts["delete"] > 0 {
		text += fmt.Sprintf(", and delete %d others", counts["delete"])
	}
	return text
}
