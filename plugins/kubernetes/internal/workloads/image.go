package workloads

import (
	"context"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/replacing"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/revision"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/setting"
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

func (w workloads) setImage() sdk.Action[ImageInput, ImageOutput] {
	return setting.Setting[ImageInput, ImageOutput, *workload, map[string]string]{
		Cluster: w.Cluster,
		Names:   []string{"kind", "name", "namespace"},
		Params:  []string{"images"},
		Verb:    "set images of",
		Name:    func(in ImageInput) string { return w.named(in.Target).String() },
		Rights:  func(in ImageInput) []cluster.Right { return w.named(in.Target).patchRights() },
		Get:     func(ctx context.Context, in ImageInput) (*workload, error) { return w.get(ctx, in.Target) },
		Value:   func(in ImageInput, live *workload) (map[string]string, error) { return live.imagesOf(in.Images) },
		Want:    func(in ImageInput, _ map[string]string) map[string]string { return in.Images },
		Put: func(ctx context.Context, live *workload, to map[string]string, dryRun []string) (*workload, error) {
			return w.patch(ctx, live, live.imagePatch(to), dryRun)
		},
		Fields: revision.ImageFields,
		State:  func(images map[string]string) string { return "has the images " + labels.FormatLabels(images) },
		Summary: func(_ ImageInput, c setting.Change[*workload, map[string]string]) string {
			text := fmt.Sprintf("would set images of the %s, which replaces %d pods", c.Live, c.Live.wanted())
			if c.Live.paused {
				text += " once its rollouts are resumed"
			}
			return text
		},
		Outputs: func(_ ImageInput, c setting.Change[*workload, map[string]string]) ImageOutput {
			return ImageOutput{Images: c.Live.images(), Before: c.Was, Changed: c.Changed(), Generation: c.Live.GetGeneration()}
		},
		Undone:  w.undoneImage,
		Foresee: w.foreseeImage,
	}.Action(sdk.Action[ImageInput, ImageOutput]{
		Name:    "set_image",
		Summary: "Set the images of a Deployment, StatefulSet or DaemonSet",
		Description: `Changes the images in the pod template, which begins a rollout; ` + "`rollout`" + ` waits for its end.

Undo sets the images that were there before. An image that somebody changed since is a *conflict* which names who did. A StatefulSet
whose pods come one after the other waits for ever for a pod that never got ready, also when its template was taken back. Undo
therefore deletes such a pod, where it is of the template that the step made. Where that is not allowed, its error has the command
for somebody who may.`,
		Examples: []schema.Example{{Title: "One container", With: map[string]any{
			"name": "web", "namespace": "shop", "images": map[string]any{"web": "registry.example.com/web:1.4.2"},
		}}},
	})
}

// undoneImage frees a StatefulSet that waits for a pod of the template that was taken back.
func (w workloads) undoneImage(ctx context.Context, call *sdk.Call[ImageInput], set map[string]string) error {
	is := func(of revision.Revision) bool { return of.Has(set) }
	return w.taken(call.Input.Target, is, func(seen string) { call.Progressf("%s", seen) }).Free(ctx)
}

// foreseeImage warns of what the undo of the change would not be allowed to do.
func (w workloads) foreseeImage(ctx context.Context, _ *sdk.Call[ImageInput], c setting.Change[*workload, map[string]string], plan *sdk.Preview) error {
	if !c.Changed() {
		return nil
	}
	warnings, err := replacing.Warnings(ctx, w.Cluster, c.Live.Object, "Undo of this step")
	plan.Warnings = append(plan.Warnings, warnings...)
	return err
}

// imagesOf returns the images of the containers that a step names.
func (w *workload) imagesOf(named map[string]string) (map[string]string, error) {
	images, found := w.images(), map[string]string{}
	for name := range named {
		image, known := images[name]
		if !known {
			return nil, sdk.FieldErrorf("images."+name, "the %s has no container of that name; it has %v", w, slices.Sorted(maps.Keys(images)))
		}
		found[name] = image
	}
	return found, nil
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
	return templatePatch(map[string]any{"spec": spec})
}
