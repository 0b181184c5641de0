package apply

import (
	"context"
	"fmt"
	"slices"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/keeping"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// observe asks the server what an apply would do now: nothing, where it was done.
func (a applier) observe(ctx context.Context, call *sdk.Call[Input]) (sdk.Observed[Output], error) {
	var none sdk.Observed[Output]
	was, saved, err := sdk.LoadBefore[before](call)
	switch {
	case err != nil:
		return none, err
	case call.Undo:
		return sdk.Observed[Output]{State: sdk.NotDone, Detail: "Taking back what was taken back does nothing."}, nil
	case !saved:
		return sdk.Observed[Output]{State: sdk.Untouched, Detail: "No attempt came as far as a change."}, nil
	}
	targets, err := a.targets(ctx, call.Input)
	if err != nil {
		return none, err
	}
	s := a.step(call.Input, was.Key)
	left, err := s.left(ctx, targets, was)
	if err != nil {
		return none, err
	}
	if left != "" {
		return sdk.Observed[Output]{State: sdk.NotDone, Detail: left}, nil
	}
	return sdk.Observed[Output]{
		State: sdk.Done, Outputs: outputs(was), Detail: "Applying " + cluster.Count(len(targets), "object") + " again would change nothing.",
	}, nil
}

// left says what is left to do; empty: nothing.
func (s step) left(ctx context.Context, targets []target, was before) (string, error) {
	for i, t := range targets {
		v, err := s.survey(ctx, t, targets)
		switch {
		case err != nil && sdk.AsError(err).Class == sdk.Transient:
			return "", err
		case err != nil:
			return cluster.Sentence(sdk.AsError(err).Message), nil
		case !v.done(was.Objects[i]):
			return fmt.Sprintf("The %s is not as it should be.", t), nil
		}
	}
	listed, err := s.readList(ctx)
	if err != nil || s.list == nil {
		return "", err
	}
	prunes, err := s.leftovers(ctx, listed.Objects, targets)
	if err != nil {
		return "", err
	}
	r := run{step: s, targets: targets, prunes: prunes, before: was}
	if listed.Writer != s.key || !slices.Equal(r.final(listed.Objects), listed.Objects) {
		return fmt.Sprintf("The inventory %s is not written yet.", s.list), nil
	}
	if slices.ContainsFunc(prunes, func(d keeping.Leftover) bool { return d.Stays == "" }) {
		return "Not all is deleted that is no longer among the objects.", nil
	}
	return "", nil
}
