package workloads

import (
	"context"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// ImageInput is what set_image is given.
type ImageInput struct {
	Target
	Images map[string]string `json:"images" required:"true" minLength:"1" example:"{\"web\":\"registry.example.com/web:1.4.2\"}" doc:"New image of each container that changes, by the container's name."`
}

// ImageOutput is what set_image returns.
type ImageOutput struct {
	Images     map[string]string `json:"images" required:"true" doc:"Image of each container, after the change."`
	Before     map[string]string `json:"before" required:"true" doc:"Image that each container of the step had before."`
	Changed    bool              `json:"changed" required:"true" doc:"Whether there was anything to change."`
	Generation int64             `json:"generation" required:"true" doc:"Generation of the workload, after the change."`
}

// imagesBefore is the state that undoing restores.
type imagesBefore struct {
	UID    types.UID         `json:"uid"`
	Images map[string]string `json:"images"`
}

func (w workloads) setImage() sdk.Action[ImageInput, ImageOutput] {
	return sdk.Action[ImageInput, ImageOutput]{
		Name:    "set_image",
		Summary: "Set the images of a Deployment, StatefulSet or DaemonSet",
		Description: `Changes the images in the pod template, which begins a rollout; ` + "`rollout`" + ` waits for its end.

Undo sets the images that were there before. An image that somebody changed since is a *conflict* which names who did.`,
		Effect:     sdk.Change,
		Idempotent: true,
		Examples: []schema.Example{{Title: "One container", With: map[string]any{
			"name": "web", "namespace": "shop", "images": map[string]any{"web": "registry.example.com/web:1.4.2"},
		}}},
		Plan:    w.planImage,
		Apply:   w.applyImage,
		Observe: w.observeImage,
		Undo:    w.undoImage,
	}
}

// had returns the images that the step's containers have now.
func (w *workload) had(wanted map[string]string) (map[string]string, error) {
	images, had := w.images(), map[string]string{}
	for name := range wanted {
		image, known := images[name]
		if !known {
			return nil, sdk.FieldErrorf("images."+name, "the %s has no container of that name; it has %v", w, slices.Sorted(maps.Keys(images)))
		}
		had[name] = image
	}
	return had, nil
}

// imagePatch sets images, each where its container stands.
func (w *workload) imagePatch(images map[string]string) map[string]any {
	spec := map[string]any{}
	for list, containers := range map[string][]corev1.Container{
		"containers": w.template.Spec.Containers, "initContainers": w.template.Spec.InitContainers,
	} {
		var changed []map[string]any
		for _, container := range containers {
			if image, set := images[container.Name]; set {
				changed = append(changed, map[string]any{"name": container.Name, "image": image})
			}
		}
		if len(changed) > 0 {
			spec[list] = changed
		}
	}
	return map[string]any{"spec": map[string]any{"template": map[string]any{"spec": spec}}}
}

func (w workloads) applyImage(ctx context.Context, call *sdk.Call[ImageInput]) (ImageOutput, error) {
	found, err := w.read(ctx, call.Input.Target)
	if err != nil {
		return ImageOutput{}, err
	}
	had, err := found.had(call.Input.Images)
	if err != nil {
		return ImageOutput{}, err
	}
	if err := call.SaveBefore(ctx, imagesBefore{found.meta.UID, had}); err != nil {
		return ImageOutput{}, err
	}
	changed := !maps.Equal(had, call.Input.Images)
	if changed {
		if err := w.patch(ctx, found, found.imagePatch(call.Input.Images), nil); err != nil {
			return ImageOutput{}, err
		}
		if found, err = w.read(ctx, call.Input.Target); err != nil {
			return ImageOutput{}, err
		}
	}
	return ImageOutput{Images: found.images(), Before: had, Changed: changed, Generation: found.meta.Generation}, nil
}

func (w workloads) planImage(ctx context.Context, call *sdk.Call[ImageInput]) (sdk.Preview, error) {
	in := call.Input
	if !call.Knows("kind", "name", "namespace", "images") {
		return sdk.Preview{Summary: "would set images that are not known yet"}, nil
	}
	in.Namespace = w.In(in.Namespace)
	lacking, err := w.Lacking(ctx, in.right("get", "", "read"), in.right("patch", "", "change"))
	if err != nil || len(lacking) > 0 {
		return sdk.Preview{Summary: fmt.Sprintf("would set images of the %s", in.Target), Blockers: lacking}, err
	}
	found, err := w.read(ctx, in.Target)
	if err != nil {
		return sdk.Preview{}, err
	}
	had, err := found.had(in.Images)
	if err != nil {
		return sdk.Preview{}, err
	}
	if maps.Equal(had, in.Images) {
		return sdk.Preview{Summary: fmt.Sprintf("nothing to do: the %s has these images", in.Target)}, nil
	}
	// What admission would refuse, it refuses now.
	if err := w.patch(ctx, found, found.imagePatch(in.Images), []string{metav1.DryRunAll}); err != nil {
		return sdk.Preview{}, err
	}
	diff := "--- live\n+++ planned\n"
	for _, name := range slices.Sorted(maps.Keys(in.Images)) {
		if had[name] != in.Images[name] {
			diff += fmt.Sprintf("@@ container %s @@\n-image: %s\n+image: %s\n", name, had[name], in.Images[name])
		}
	}
	return sdk.Preview{
		Summary: fmt.Sprintf("would set images of the %s, which replaces %d pods", in.Target, found.replicas-found.untouched),
		Changes: []sdk.Delta{{Target: in.String(), Kind: in.Kind, Op: "update", Diff: diff}},
	}, nil
}

func (w workloads) undoImage(ctx context.Context, call *sdk.Call[ImageInput]) error {
	was, saved, err := sdk.LoadBefore[imagesBefore](call)
	if err != nil || !saved {
		return err
	}
	return cluster.Again(func() error { return w.restoreImages(ctx, call.Input, was) })
}

func (w workloads) restoreImages(ctx context.Context, in ImageInput, was imagesBefore) error {
	found, err := w.read(ctx, in.Target)
	if err != nil {
		return err
	}
	if found.meta.UID != was.UID {
		return sdk.Errorf(sdk.Conflict, "the %s is not the one that was changed, but a new one of that name", found)
	}
	now := found.images()
	back := map[string]string{}
	for name, image := range was.Images {
		switch now[name] {
		case image: // taken back already, or never changed
		case in.Images[name]:
			back[name] = image
		default:
			who := cluster.Somebody(found.meta.ManagedFields, "f:spec", "f:template", "f:spec", "f:containers", `k:{"name":"`+name+`"}`, "f:image")
			return sdk.Errorf(sdk.Conflict, "%s set the image of %s in the %s to %s meanwhile", who, name, found, now[name])
		}
	}
	if len(back) == 0 {
		return nil
	}
	patch := found.imagePatch(back)
	// What comes between the look and the change is looked at again.
	patch["metadata"] = map[string]any{"resourceVersion": found.meta.ResourceVersion}
	return w.patch(ctx, found, patch, nil)
}

func (w workloads) observeImage(ctx context.Context, call *sdk.Call[ImageInput]) (sdk.Observed[ImageOutput], error) {
	var seen sdk.Observed[ImageOutput]
	was, saved, err := sdk.LoadBefore[imagesBefore](call)
	if err != nil {
		return seen, err
	}
	found, err := w.read(ctx, call.Input.Target)
	if err != nil {
		return seen, err
	}
	now, err := found.had(call.Input.Images)
	if err != nil {
		return seen, err
	}
	want := call.Input.Images
	if call.Undo {
		want = was.Images
	}
	if !saved || !maps.Equal(now, want) {
		return sdk.Observed[ImageOutput]{State: sdk.NotDone, Detail: fmt.Sprintf("The images are %v.", now)}, nil
	}
	return sdk.Observed[ImageOutput]{
		State: sdk.Done, Detail: fmt.Sprintf("The images are %v.", now),
		Outputs: ImageOutput{
			Images: found.images(), Before: was.Images, Changed: !maps.Equal(was.Images, want), Generation: found.meta.Generation,
		},
	}, nil
}
