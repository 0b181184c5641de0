package objects

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	utiljson "k8s.io/apimachinery/pkg/util/json"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/diff"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/edit"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/own"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// PatchInput is what patch is given.
type PatchInput struct {
	Ref
	Type        string          `json:"type" default:"merge" enum:"merge,strategic,json" doc:"Form of the patch: a JSON merge patch (RFC 7386), a strategic merge patch, which knows the keys of lists and which custom resources do not take, or the operations of a JSON patch (RFC 6902)."`
	Patch       json.RawMessage `json:"patch" required:"true" takessecrets:"true" doc:"The patch: an object, or for the type json a list of operations. A secret of the runbook can only go into the values of a Secret, since all else that changes is kept for undo."`
	Subresource string          `json:"subresource" pattern:"^[a-z]+$" example:"status" doc:"Subresource to patch, as status or scale; without it, the object itself."`
}

// PatchOutput is what patch returns.
type PatchOutput struct {
	Changed         bool     `json:"changed" required:"true" doc:"Whether there was anything to change."`
	Fields          []string `json:"fields" required:"true" doc:"Paths of the fields that the step changed."`
	ResourceVersion string   `json:"resourceVersion" required:"true" doc:"Which change of the object this is."`
	Generation      int64    `json:"generation" required:"true" doc:"How often what it shall be was changed; 0 for kinds that do not count."`
}

func (o objects) patch() sdk.Action[PatchInput, PatchOutput] {
	return sdk.Action[PatchInput, PatchOutput]{
		Name:    "patch",
		Summary: "Change fields of an object of any kind",
		Description: `Patches one object that is there. The server's dry run says which fields that changes: the plan shows them, and the values
that they had are kept.

Undo gives these fields their values from before, and touches no others. A field that somebody changed since, or whose new value somebody
declares too, is a *conflict* which names who did, and then nothing is put back. **Values of a Secret are kept nowhere**, but for a salted hash by which each is known again:
undo removes those that the step added, and fails where it replaced or removed any; the plan warns of that.

An object that is changed by somebody else in the same moment is looked at anew, unless the patch names the
` + "`resourceVersion`" + ` that it is for: then that is a *conflict*.`,
		Effect:     sdk.Change,
		Idempotent: true,
		Examples: []schema.Example{
			{Title: "Another type of a Service", With: map[string]any{
				"apiVersion": "v1", "kind": "Service", "name": "web", "patch": map[string]any{"spec": map[string]any{"type": "ClusterIP"}},
			}},
			{Title: "A certain item of a list", With: map[string]any{
				"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "name": "web", "type": "json",
				"patch": []any{
					map[string]any{"op": "test", "path": "/spec/rules/0/host", "value": "shop.example.com"},
					map[string]any{"op": "replace", "path": "/spec/rules/0/host", "value": "www.example.com"},
				},
			}},
		},
		Plan:    own.Planned(o.planPatch),
		Apply:   o.applyPatch,
		Observe: o.observePatch,
		Undo:    o.undoPatch,
	}
}

// edit reads the patch, and finds what it is for.
func (o objects) edit(ctx context.Context, in PatchInput) (edit.Edit, error) {
	var body any
	if err := utiljson.Unmarshal(in.Patch, &body); err != nil {
		return edit.Edit{}, sdk.FieldErrorf("patch", "it is no JSON")
	}
	form, list := types.MergePatchType, false
	switch in.Type {
	case "strategic":
		form = types.StrategicMergePatchType
	case "json":
		form, list = types.JSONPatchType, true
	}
	switch body.(type) {
	case map[string]any:
		if list {
			return edit.Edit{}, sdk.FieldErrorf("patch", "a patch of the type json is a list of operations")
		}
	case []any:
		if !list {
			return edit.Edit{}, sdk.FieldErrorf("patch", "a patch of the type %s is an object; a list of operations is of the type json", in.Type)
		}
	default:
		return edit.Edit{}, sdk.FieldErrorf("patch", "it must be an object or a list of operations")
	}
	at, err := o.find(ctx, in.Ref)
	return edit.Edit{
		Cluster: o.Cluster, Kind: at.Kind, Namespace: at.namespace, Name: at.name,
		Subresource: in.Subresource, Form: form, Body: body, Field: "patch",
	}, err
}

func (o objects) applyPatch(ctx context.Context, call *sdk.Call[PatchInput]) (PatchOutput, error) {
	e, err := o.edit(ctx, call.Input)
	if err != nil {
		return PatchOutput{}, err
	}
	before, saved, err := sdk.LoadBefore[edit.Before](call)
	if err != nil {
		return PatchOutput{}, err
	}
	earlier := &before
	if !saved {
		earlier = nil
	}
	made, err := e.Make(ctx, earlier, func(ctx context.Context, b edit.Before) error { return call.SaveBefore(ctx, b) })
	if err != nil {
		return PatchOutput{}, err
	}
	return patched(made.To, made), nil
}

func patched(object *unstructured.Unstructured, by edit.Outcome) PatchOutput {
	return PatchOutput{
		Changed: len(by.Changes) > 0, Fields: by.Paths(),
		ResourceVersion: object.GetResourceVersion(), Generation: object.GetGeneration(),
	}
}

func (o objects) planPatch(ctx context.Context, call *sdk.Call[PatchInput]) (sdk.Preview, error) {
	if !call.Knows(append(refFields(), "type", "patch", "subresource")...) {
		return sdk.Preview{Summary: "would patch an object, which or how is not known yet"}, nil
	}
	e, err := o.edit(ctx, call.Input)
	if err != nil {
		return sdk.Preview{}, err
	}
	foreseen, preview, err := o.foresee(ctx, e)
	if err != nil || len(foreseen.Changes) == 0 {
		return preview, err
	}
	preview.Summary = fmt.Sprintf("would change %s of the %s", strings.Join(foreseen.Paths(), ", "), e)
	if lost := (edit.Before{Changes: foreseen.Changes}).Lost(); len(lost) > 0 {
		preview.Warnings = append(preview.Warnings, fmt.Sprintf(
			"Undo cannot put back %s of the %s, since values of Secrets are kept nowhere.", strings.Join(lost, ", "), e))
	}
	return preview, nil
}

// foresee plans an edit, as far as the rights reach.
func (o objects) foresee(ctx context.Context, e edit.Edit) (edit.Outcome, sdk.Preview, error) {
	lacking, err := o.Lacking(ctx, e.Rights()...)
	preview := sdk.Preview{Summary: fmt.Sprintf("would patch the %s", e), Blockers: lacking}
	if err != nil || len(lacking) > 0 {
		return edit.Outcome{}, preview, err
	}
	foreseen, err := e.Foreseen(ctx)
	if err != nil {
		return edit.Outcome{}, preview, err
	}
	if len(foreseen.Changes) == 0 {
		return foreseen, sdk.Preview{Summary: fmt.Sprintf("nothing to do: the %s is so already", e)}, nil
	}
	show := diff.Objects
	if e.Subresource != "" {
		show = diff.WithStatus
	}
	text, err := show(foreseen.From, foreseen.To)
	return foreseen, sdk.Preview{
		Changes: []sdk.Delta{{Target: e.String(), Kind: e.Kind.Name, Op: "update", Diff: text}},
	}, err
}

func (o objects) observePatch(ctx context.Context, call *sdk.Call[PatchInput]) (sdk.Observed[PatchOutput], error) {
	seen := sdk.Observed[PatchOutput]{State: sdk.NotDone}
	before, saved, err := sdk.LoadBefore[edit.Before](call)
	if err != nil || !saved {
		return sdk.Observed[PatchOutput]{State: sdk.Untouched, Detail: "No attempt came as far as a change."}, err
	}
	e, err := o.edit(ctx, call.Input)
	if err != nil {
		return seen, err
	}
	live, state, err := e.Observe(ctx, before, call.Undo)
	if err != nil {
		return seen, err
	}
	seen.Detail = fmt.Sprintf("The fields of the %s are not all as they should be.", e)
	if state == sdk.Done {
		seen.State, seen.Outputs = state, patched(live, edit.Outcome{Changes: before.Changes})
		seen.Detail = fmt.Sprintf("The fields of the %s are as they should be.", e)
	}
	return seen, nil
}

func (o objects) undoPatch(ctx context.Context, call *sdk.Call[PatchInput]) error {
	before, saved, err := sdk.LoadBefore[edit.Before](call)
	if err != nil || !saved {
		return err
	}
	e, err := o.edit(ctx, call.Input)
	if err != nil {
		return err
	}
	return e.TakeBack(ctx, before)
}
