// Package vault keeps what leads back from a change and may be secret, as the old value of a
// password: in the swarm itself, as a config, for those alone who could read it before, and not on
// gatebook's disk. It leaves out what is kept.
package vault

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/engine"
)

// Label is on each config of a vault, with what it leads back to: "service web".
const Label = "gatebook.dev/vault"

// old is how long something is kept at least. What a run takes back, it removes; of one that has
// succeeded it stays, and goes when somebody keeps something else by then. Nobody here knows which runs
// are not at their end, and one may wait for months to be approved, so that it is long.
const old = 365 * 24 * time.Hour

// Vault is that of a swarm.
type Vault struct{ *engine.Engine }

// name is that of the config: one for all attempts of a step, and each thing of it.
func name(key, of string) string {
	sum := sha256.Sum256([]byte(key + "\x00" + of))
	return "gatebook-" + hex.EncodeToString(sum[:12])
}

// Keep keeps what leads back to a thing as it was before a step. It may be asked again: what is there
// stays. What is too old goes; where it does not, that is only told.
func (v Vault) Keep(ctx context.Context, log *slog.Logger, key, of string, content any) error {
	text, err := json.Marshal(content)
	if err != nil {
		return sdk.Errorf(sdk.Permanent, "what leads back to the %s: %w", of, err)
	}
	single, cancel := v.Single(ctx)
	defer cancel()
	_, err = v.Docker.ConfigCreate(single, client.ConfigCreateOptions{Spec: swarm.ConfigSpec{
		Annotations: swarm.Annotations{Name: name(key, of), Labels: map[string]string{Label: of}}, Data: text,
	}})
	if err != nil && !errdefs.IsConflict(err) && !errdefs.IsAlreadyExists(err) {
		return v.Fault(single, err, "keep in the swarm what leads back to the %s", of)
	}
	if err := v.tidy(ctx); err != nil {
		log.Warn("what is kept in the swarm is not tidied: " + err.Error())
	}
	return nil
}

// Find reads what was kept, and says whether there is something.
func (v Vault) Find(ctx context.Context, key, of string, content any) (found bool, err error) {
	single, cancel := v.Single(ctx)
	defer cancel()
	kept, err := v.Docker.ConfigInspect(single, name(key, of), client.ConfigInspectOptions{})
	if engine.IsGone(err) {
		return false, nil
	}
	if err != nil {
		return false, v.Fault(single, err, "read in the swarm what leads back to the %s", of)
	}
	if err := json.Unmarshal(kept.Config.Spec.Data, content); err != nil {
		return false, sdk.Errorf(sdk.Permanent, "what leads back to the %s: %w", of, err)
	}
	return true, nil
}

// Drop removes what was kept, and has led back.
func (v Vault) Drop(ctx context.Context, key, of string) error {
	single, cancel := v.Single(ctx)
	defer cancel()
	return v.remove(single, name(key, of), of)
}

func (v Vault) remove(ctx context.Context, config, of string) error {
	_, err := v.Docker.ConfigRemove(ctx, config, client.ConfigRemoveOptions{})
	if engine.IsGone(err) {
		return nil
	}
	return v.Fault(ctx, err, "remove from the swarm what led back to the %s", of)
}

// tidy removes what nobody will ask for any more, as far as it can.
func (v Vault) tidy(ctx context.Context) error {
	single, cancel := v.Single(ctx)
	defer cancel()
	found, err := v.Docker.ConfigList(single, client.ConfigListOptions{Filters: make(client.Filters).Add("label", Label)})
	if err != nil {
		return v.Fault(single, err, "list what is kept in the swarm")
	}
	var failed []error
	for _, one := range found.Items {
		if time.Since(one.CreatedAt) < old {
			continue
		}
		if err := v.remove(single, one.ID, one.Spec.Labels[Label]); err != nil {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// Lost is the error where what was kept is not there, and would be needed: whoever knows what it was has to
// put the thing back.
func Lost(of string) error {
	return sdk.Errorf(sdk.Permanent, "what the %s was is not known any more: somebody has removed the config of the swarm with the label %s that held it, or has changed the %[1]s before that was kept", of, Label)
}
