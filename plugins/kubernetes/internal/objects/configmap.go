package objects

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/contents"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/diff"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/edit"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/own"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// ConfigMapInput is what configmap_set is given.
type ConfigMapInput struct {
	Name      string            `json:"name" required:"true" pattern:"^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$" maxLength:"253" example:"web" doc:"Name of the ConfigMap."`
	Namespace string            `json:"namespace" pattern:"^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$" maxLength:"63" example:"shop" doc:"Namespace of the ConfigMap; without it, the connection's."`
	Set       map[string]string `json:"set" nosecret:"true" example:"{\"log.level\":\"debug\"}" doc:"Values to set, by their keys."`
	Remove    []string          `json:"remove" unique:"true" doc:"Keys to remove."`
	Create    bool              `json:"create" doc:"Makes the ConfigMap where there is none."`
}

// ConfigMapOutput is what configmap_set returns.
type ConfigMapOutput struct {
	Changed bool     `json:"changed" required:"true" doc:"Whether there was anything to change."`
	Created bool     `json:"created" required:"true" doc:"Whether this step made the ConfigMap."`
	Keys    []string `json:"keys" required:"true" doc:"Keys whose values the step set or removed, where that changed them."`
	Hash    string   `json:"hash" required:"true" doc:"SHA-256 of all data of the ConfigMap, in hexadecimal. In an annotation of a pod template it begins a rollout when the data change."`
}

// configMapBefore is the state that undoing restores. A ConfigMap that the step made is
// known by the key of the step.
type configMapBefore struct {
	edit.Before
	Created string `json:"created,omitempty"`
}

func (o objects) configMapSet() sdk.Action[ConfigMapInput, ConfigMapOutput] {
	return sdk.Action[ConfigMapInput, ConfigMapOutput]{
		Name:    "configmap_set",
		Summary: "Set values of a ConfigMap",
		Description: `Sets and removes keys of a ConfigMap, and leaves the others alone. Pods do not notice, but for those that mount it and read it
again: for the others, ` + "`hash`" + ` in an annotation of the pod template, or ` + "`rollout_restart`" + `, begins a rollout.

Undo gives the keys their values from before, and deletes a ConfigMap that the step made. A value that somebody changed since, or declares
too, is a *conflict* which names who did, and so is anything that somebody changed in a ConfigMap that the step made.`,
		Effect:     sdk.Change,
		Idempotent: true,
		Rules: []schema.Rule{{
			Expr: "has(self.set) || has(self.remove)", Message: "Give set or remove, or both.",
		}},
		Examples: []schema.Example{
			{Title: "Two values", With: map[string]any{
				"name": "web", "namespace": "shop", "set": map[string]any{"log.level": "debug", "workers": "8"}, "remove": []any{"threads"},
			}},
		},
		Plan:    own.Planned(o.planConfigMap),
		Apply:   o.applyConfigMap,
		Observe: o.observeConfigMap,
		Undo:    o.undoConfigMap,
	}
}

// configEdit is the edit of a ConfigMap that is there.
func (o objects) configEdit(ctx context.Context, in ConfigMapInput) (edit.Edit, error) {
	data := in.values()
	for i, key := range in.Remove {
		if _, set := data[key]; set {
			return edit.Edit{}, sdk.FieldErrorf(fmt.Sprintf("remove[%d]", i), "the key %s is among those to set", key)
		}
		data[key] = nil
	}
	if len(data) == 0 {
		return edit.Edit{}, sdk.Errorf(sdk.Permanent, "give set or remove, or both").NothingChanged()
	}
	kind, err := o.Kind(ctx, "v1", "ConfigMap")
	return edit.Edit{
		Cluster: o.Cluster, Kind: kind, Namespace: o.In(in.Namespace), Name: in.Name,
		Form: types.MergePatchType, Body: map[string]any{"data": data}, Field: "set",
	}, err
}

func (o objects) applyConfigMap(ctx context.Context, call *sdk.Call[ConfigMapInput]) (ConfigMapOutput, error) {
	e, err := o.configEdit(ctx, call.Input)
	if err != nil {
		return ConfigMapOutput{}, err
	}
	before, saved, err := sdk.LoadBefore[configMapBefore](call)
	if err != nil {
		return ConfigMapOutput{}, err
	}
	found, err := e.Live(ctx)
	switch {
	case err != nil:
		return ConfigMapOutput{}, err
	case found != nil && own.IsBy(found, call.Key): // by an earlier attempt
		return configured(found, slices.Sorted(maps.Keys(call.Input.Set)), true), nil
	case found != nil && before.Created != "":
		return ConfigMapOutput{}, sdk.Errorf(sdk.Conflict, "somebody made the %s meanwhile, which this step was to make", e)
	case found == nil && call.Input.Create && (!saved || before.Created != ""):
		return createConfigMap(ctx, call, e)
	}
	earlier := &before.Before
	if !saved {
		earlier = nil
	}
	made, err := e.Make(ctx, earlier, func(ctx context.Context, b edit.Before) error {
		return call.SaveBefore(ctx, configMapBefore{Before: b})
	})
	if err != nil {
		return ConfigMapOutput{}, err
	}
	return configured(made.To, keysOf(made), false), nil
}

// keysOf are the keys of the data that an edit changes.
func keysOf(made edit.Outcome) []string {
	var keys []string
	for _, change := range made.Changes {
		if len(change.Path) == 2 {
			keys = append(keys, change.Path[1].Field)
		}
	}
	return keys
}

func configured(object *unstructured.Unstructured, keys []string, created bool) ConfigMapOutput {
	return ConfigMapOutput{Changed: created || len(keys) > 0, Created: created, Keys: keys, Hash: hashOf(object)}
}

// hashOf is over what pods can see of a ConfigMap.
func hashOf(object *unstructured.Unstructured) string {
	text, _ := json.Marshal([]any{object.Object["data"], object.Object["binaryData"]}) // which came from JSON
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

func createConfigMap(ctx context.Context, call *sdk.Call[ConfigMapInput], e edit.Edit) (ConfigMapOutput, error) {
	if err := call.SaveBefore(ctx, configMapBefore{Created: call.Key}); err != nil {
		return ConfigMapOutput{}, err
	}
	made, err := ownOf(e).Make(ctx, call.Key, map[string]any{"data": call.Input.values()})
	if err != nil {
		return ConfigMapOutput{}, err
	}
	return configured(made, slices.Sorted(maps.Keys(call.Input.Set)), true), nil
}

// ownOf is the object of an edit, where the step makes it.
func ownOf(e edit.Edit) own.Object {
	return own.Object{Cluster: e.Cluster, Kind: e.Kind, Namespace: e.Namespace, Name: e.Name}
}

// values are those to set, as an object has them.
func (in ConfigMapInput) values() map[string]any {
	data := map[string]any{}
	for key, value := range in.Set {
		data[key] = value
	}
	return data
}

func (o objects) planConfigMap(ctx context.Context, call *sdk.Call[ConfigMapInput]) (sdk.Preview, error) {
	in := call.Input
	if !call.Knows("name", "namespace", "set", "remove", "create") {
		return sdk.Preview{Summary: "would set values of a ConfigMap, which are not all known yet"}, nil
	}
	e, err := o.configEdit(ctx, in)
	if err != nil {
		return sdk.Preview{}, err
	}
	if in.Create {
		lacking, err := o.Lacking(ctx, e.Rights()[0], e.Kind.Right("create", e.Namespace, ""))
		if err != nil || len(lacking) > 0 {
			return sdk.Preview{Summary: fmt.Sprintf("would set values of the %s", e), Blockers: lacking}, err
		}
		found, err := e.Live(ctx)
		if err != nil {
			return sdk.Preview{}, err
		}
		if found == nil {
			return planCreate(ctx, e, in)
		}
	}
	foreseen, preview, err := o.foresee(ctx, e)
	if err == nil && len(foreseen.Changes) > 0 {
		preview.Summary = fmt.Sprintf("would change %s of the %s", strings.Join(keysOf(foreseen), ", "), e)
	}
	return preview, err
}

func planCreate(ctx context.Context, e edit.Edit, in ConfigMapInput) (sdk.Preview, error) {
	planned, err := ownOf(e).Try(ctx, map[string]any{"data": in.values()})
	if err != nil {
		return sdk.Preview{}, err
	}
	text, err := diff.Objects(nil, planned)
	return sdk.Preview{
		Summary: fmt.Sprintf("would make the %s", e),
		Changes: []sdk.Delta{{Target: e.String(), Kind: "ConfigMap", Op: "create", Diff: text}},
	}, err
}

func (o objects) observeConfigMap(ctx context.Context, call *sdk.Call[ConfigMapInput]) (sdk.Observed[ConfigMapOutput], error) {
	seen := sdk.Observed[ConfigMapOutput]{State: sdk.NotDone}
	before, saved, err := sdk.LoadBefore[configMapBefore](call)
	if err != nil || !saved {
		return sdk.Observed[ConfigMapOutput]{State: sdk.Untouched, Detail: "No attempt came as far as a change."}, err
	}
	e, err := o.configEdit(ctx, call.Input)
	if err != nil {
		return seen, err
	}
	live, state, err := e.Observe(ctx, before.Before, call.Undo)
	if err != nil {
		return seen, err
	}
	keys := keysOf(edit.Outcome{Changes: before.Changes})
	if before.Created != "" {
		there := live != nil && own.IsBy(live, before.Created)
		keys, state = slices.Sorted(maps.Keys(call.Input.Set)), sdk.NotDone
		if there != call.Undo {
			state = sdk.Done
		}
	}
	seen.State, seen.Detail = state, fmt.Sprintf("It is %s what this step does to the %s.", state, e)
	if state == sdk.Done && !call.Undo {
		seen.Outputs = configured(live, keys, before.Created != "")
	}
	return seen, nil
}

func (o objects) undoConfigMap(ctx context.Context, call *sdk.Call[ConfigMapInput]) error {
	before, saved, err := sdk.LoadBefore[configMapBefore](call)
	if err != nil || !saved {
		return err
	}
	e, err := o.configEdit(ctx, call.Input)
	if err != nil {
		return err
	}
	if before.Created == "" {
		return e.TakeBack(ctx, before.Before)
	}
	return cluster.Again(func() error { return o.deleteConfigMap(ctx, e, call.Input, before.Created) })
}

// deleteConfigMap deletes what the step made, while it is nothing but that.
func (o objects) deleteConfigMap(ctx context.Context, e edit.Edit, in ConfigMapInput, key string) error {
	found, err := e.Live(ctx)
	if err != nil || found == nil {
		return err
	}
	if !own.IsBy(found, key) {
		return sdk.Errorf(sdk.Conflict, "the %s is not the one that this step made, but a new one of that name", e)
	}
	made := contents.Made{Live: found, Again: found.DeepCopy(), By: metav1.ManagedFieldsOperationUpdate}
	for _, field := range []string{"data", "binaryData", "immutable"} {
		delete(made.Again.Object, field)
	}
	if data := in.values(); len(data) > 0 {
		made.Again.Object["data"] = data
	}
	if err := contents.Clings(ctx, o.Cluster, e.Kind, made); err != nil {
		return err
	}
	uid, version := found.GetUID(), found.GetResourceVersion()
	err = o.Objects(e.Kind, e.Namespace).Delete(ctx, e.Name, metav1.DeleteOptions{
		Preconditions: &metav1.Preconditions{UID: &uid, ResourceVersion: &version},
	})
	return cluster.FaultIn(ctx, err, "delete the %s", e)
}
