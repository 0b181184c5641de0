package images

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/engine"
	"github.com/gatebook/gatebook/plugins/swarm/internal/registry"
)

const (
	// keyLabel holds, on the helper of a step, the idempotency key of that.
	keyLabel = "gatebook.dev/key"
	// noProgram is the command of the helper: it is in no image, so that nothing runs.
	noProgram = "/gatebook-runs-nothing-of-this-image"
	// cleanUp is how long removing the helper may take where the step was cancelled.
	cleanUp = 10 * time.Second
	// longestImage is what of an image's name stands in that of the helper, which may have 63 characters.
	longestImage = 30
	// forgotten is how old a helper is of which nobody will make another attempt.
	forgotten = 24 * time.Hour
)

// spec is the helper: the service that has nodes pull an image. It is no job: an engine leaves the containers
// of a job on its nodes when that is removed, and those of a service not.
func spec(in PrefetchInput, image wanted, at swarm.Placement, key string) swarm.ServiceSpec {
	atOnce := time.Second
	return swarm.ServiceSpec{
		Annotations: swarm.Annotations{Name: name(in.Image, key), Labels: map[string]string{keyLabel: key}},
		TaskTemplate: swarm.TaskSpec{
			ContainerSpec: &swarm.ContainerSpec{
				Image: image.Image, Command: []string{noProgram}, StopGracePeriod: &atOnce,
				Healthcheck: &container.HealthConfig{Test: []string{"NONE"}},
			},
			RestartPolicy: &swarm.RestartPolicy{Condition: swarm.RestartPolicyConditionNone}, Placement: &at, LogDriver: &swarm.Driver{Name: "none"},
		},
		Mode: swarm.ServiceMode{Global: &swarm.GlobalService{}},
	}
}

// namePrefix is how the names of helpers begin.
const namePrefix = "gatebook-prefetch-"

// name is that of the helper: "gatebook-prefetch-web-2-1-0-5f0c1e7a".
func name(image, key string) string {
	short := regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(path.Base(registry.Unpinned(image))), "-")
	short = strings.Trim(short[:min(len(short), longestImage)], "-")
	return fmt.Sprintf(namePrefix+"%s-%x", short, sha256.Sum256([]byte(key)))[:len(namePrefix+"-")+len(short)+8]
}

// create makes the helper.
func (i images) create(ctx context.Context, of swarm.ServiceSpec, credentials string) (id string, err error) {
	ctx, cancel := i.Single(ctx)
	defer cancel()
	made, err := i.Docker.ServiceCreate(ctx, client.ServiceCreateOptions{Spec: of, EncodedRegistryAuth: credentials})
	return made.ID, i.Fault(ctx, err, "make the service %s, which has nodes pull the image", of.Name)
}

// left are the helpers of the step with a key: one, where an attempt was cut off; and those that
// another step has left and forgotten.
func (i images) left(ctx context.Context, key string) ([]swarm.Service, error) {
	ctx, cancel := i.Single(ctx)
	defer cancel()
	found, err := i.Docker.ServiceList(ctx, client.ServiceListOptions{Filters: make(client.Filters).Add("label", keyLabel).Add("name", namePrefix)})
	mine := slices.DeleteFunc(found.Items, func(helper swarm.Service) bool {
		return helper.Spec.Labels[keyLabel] != key && time.Since(helper.CreatedAt) < forgotten
	})
	return mine, i.Fault(ctx, err, "look for what an earlier attempt of this step has left")
}

// clear removes the helpers of the step with a key.
func (i images) clear(ctx context.Context, key string) error {
	left, err := i.left(ctx, key)
	if err != nil {
		return err
	}
	for _, helper := range left {
		if err := i.remove(ctx, helper.ID, helper.Spec.Name); err != nil {
			return err
		}
	}
	return nil
}

// remove removes a helper; that it is gone already is as good.
func (i images) remove(ctx context.Context, id, name string) error {
	ctx, cancel := i.Single(ctx)
	defer cancel()
	_, err := i.Docker.ServiceRemove(ctx, id, client.ServiceRemoveOptions{})
	if engine.IsGone(err) {
		return nil
	}
	return i.Fault(ctx, err, "remove the service %s, which had nodes pull the image", name)
}

// tidied removes a helper at the end of an attempt, however that ended, and adds to its error where
// that does not come to pass.
func (i images) tidied(ctx context.Context, id, name string, end error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUp)
	defer cancel()
	left := i.remove(ctx, id, name)
	switch {
	case left == nil:
		return end
	case end == nil:
		return left
	default:
		return sdk.Errorf(sdk.AsError(end).Class, "%w; %w: docker service rm %s does so", end, errors.New(left.Error()), name)
	}
}
