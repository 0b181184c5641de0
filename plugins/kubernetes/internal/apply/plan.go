package apply

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/contents"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/diff"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/keeping"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/manifest"
	"github.com/gatebook/gatebook/plugins/sdk"
)

func (a applier) plan(ctx context.Context, call *sdk.Call[Input]) (sdk.Preview, error) {
	if !call.Knows("manifest", "manifests", "namespace", "force", "inventory", "prune") {
		return sdk.Preview{Summary: "would apply objects that are not known yet"}, nil
	}
	targets, err := a.foreseen(ctx, call.Input)
	if err != nil {
		return sdk.Preview{}, err
	}
	s := a.step(call.Input, "")
	preview := sdk.Preview{Summary: "would apply " + cluster.Count(len(targets), "object"), Warnings: manifest.Warnings(targets)}
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
	rights.add(more)
	if more, err = s.foreseeList(ctx, listed, targets, &preview); err != nil {
		return preview, err
	}
	rights.add(more)
	lacking, err := s.lacking(ctx, rights.todo)
	if err != nil {
		return preview, err
	}
	preview.Blockers = append(preview.Blockers, lacking...)
	if lacking, err = s.lacking(ctx, rights.undo); len(lacking) > 0 {
		preview.Warnings = append(preview.Warnings, "Undo could not take all back. "+strings.Join(cluster.Few(lacking), " "))
	}
	if len(preview.Changes) > 0 || len(preview.Blockers) == 0 {
		preview.Summary = summary(len(targets), preview.Changes)
	}
	return preview, err
}

// needs are the rights that a step takes: to be done, and to be taken back.
type needs struct{ todo, undo []cluster.Right }

func (n *needs) add(more needs) {
	n.todo, n.undo = append(n.todo, more.todo...), append(n.undo, more.undo...)
}

// ofBackup adds those of a backup of a Secret.
func (n *needs) ofBackup(namespace string) {
	n.todo, n.undo = append(n.todo, keeping.BackupRights(namespace)...), append(n.undo, keeping.RightToDropBackups(namespace))
}

// rights are what applying takes, as far as it does not depend on what is there.
func (s step) rights(targets []target) []cluster.Right {
	var rights []cluster.Right
	for _, t := range targets {
		if t.unserved != nil {
			continue // by which name its rights go is not known
		}
		rights = append(rights, t.kind.Right("get", t.namespace(), t.name()), t.kind.Right("patch", t.namespace(), t.name()))
	}
	if s.list == nil {
		return rights
	}
	for _, verb := range []string{"get", "create", "patch"} {
		rights = append(rights, s.list.Right(verb))
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
func (s step) foresee(ctx context.Context, targets []target, preview *sdk.Preview) (rights needs, err error) {
	data := contents.Foresight{Cluster: s.Cluster}
	for _, t := range targets {
		v, err := s.survey(ctx, t, targets)
		if v.awaited != "" { // an earlier step may make it
			if !slices.Contains(preview.Blockers, v.awaited) {
				preview.Blockers = append(preview.Blockers, v.awaited)
			}
			err = nil
		}
		if err != nil {
			why, err := s.stops(ctx, v, err)
			if err != nil {
				return rights, err
			}
			known := func(blocker string) bool { return slices.Contains(preview.Blockers, blocker) }
			preview.Blockers = append(preview.Blockers, slices.DeleteFunc(why, known)...)
			continue
		}
		more, err := v.foresee(preview)
		if err != nil {
			return rights, err
		}
		rights.add(more)
		if v.live != nil || v.unserved != nil {
			continue // it is not to be deleted, or nothing of its kind is there
		}
		sees, unseen, err := data.Rights(ctx, v.kind, v.Object)
		if err != nil {
			return rights, err
		}
		rights.undo, preview.Warnings = append(rights.undo, sees...), append(preview.Warnings, unseen...)
	}
	return rights, nil
}

// foreseeList adds to a plan what stands in the way of a new list, and returns the rights
// that it takes beside those of any list.
func (s step) foreseeList(ctx context.Context, listed keeping.List, targets []target, preview *sdk.Preview) (rights needs, err error) {
	if s.list == nil || listed.Exists {
		return rights, nil
	}
	rights.undo = append(rights.undo, s.list.Right("delete"))
	if slices.ContainsFunc(targets, func(t target) bool { return manifest.RefOf(t.Object).IsNamespace(s.list.Namespace) }) {
		return rights, nil // it is made before the list
	}
	why, err := s.list.Try(ctx)
	if why != "" && !slices.Contains(preview.Blockers, why) {
		preview.Blockers = append(preview.Blockers, why)
	}
	return rights, err
}

// foresee adds to a plan what comes of one object, and returns the rights that takes.
func (v view) foresee(preview *sdk.Preview) (rights needs, err error) {
	delta := sdk.Delta{Target: v.String(), Kind: v.kind.Name, Op: "update"}
	shown := v.after
	switch {
	case v.live == nil:
		delta.Op = "create"
		if v.unserved == nil {
			rights.todo = append(rights.todo, v.kind.Right("create", v.namespace(), v.name()))
			rights.undo = append(rights.undo, v.kind.Right("delete", v.namespace(), v.name()))
		}
	case v.settled():
		return rights, nil
	case len(v.changes) == 0:
		preview.Warnings = append(preview.Warnings, fmt.Sprintf("The values of the %s stay; which of them gatebook manages changes.", v))
		return rights, nil
	case diff.IsSecret(v.Object):
		rights.ofBackup(v.namespace())
	}
	if v.unknown != "" {
		shown = v.Object
		preview.Warnings = append(preview.Warnings, fmt.Sprintf(
			"What the server makes of the %s, and whether it accepts it, is not known before the step runs, since %s.", v, v.unknown))
	}
	if delta.Diff, err = diff.Objects(v.live, shown); err != nil {
		return rights, err
	}
	preview.Changes = append(preview.Changes, delta)
	return rights, nil
}

// stops says what would stop the step now. An error of the manifest or of the connection
// stays one.
func (s step) stops(ctx context.Context, v view, err error) ([]string, error) {
	why := []string{cluster.Sentence(sdk.AsError(err).Message)}
	switch class := sdk.AsError(err).Class; {
	case class == sdk.Denied && v.live == nil:
		lacking, asked := s.Lacking(ctx, v.kind.Right("create", v.namespace(), v.name()))
		if len(lacking) > 0 {
			why = lacking
		}
		return why, asked
	case class == sdk.Denied, class == sdk.Conflict, v.leaves:
		return why, nil
	default:
		return nil, err
	}
}

func summary(objects int, changes []sdk.Delta) string {
	counts := map[string]int{}
	for _, change := range changes {
		counts[change.Op]++
	}
	if len(changes) == 0 {
		return "nothing to do: all is as it should be, of " + cluster.Count(objects, "object")
	}
	text := fmt.Sprintf("would create %d of %s and change %d", counts["create"], cluster.Count(objects, "object"), counts["update"])
	if counts["delete"] > 0 {
		text += ", and delete " + cluster.Count(counts["delete"], "other")
	}
	return text
}
