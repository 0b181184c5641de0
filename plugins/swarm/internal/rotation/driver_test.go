package rotation

import (
	"testing"

	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// An engine of a test has no driver of secrets, so that this asks for the refusal alone.
func TestASecretOfADriverIsRefused(t *testing.T) {
	t.Parallel()
	r := rotating[SecretInput]{store: store{kind: "secret"}}
	err := r.known(t.Context(), asked{}, thing{name: "key", driver: &swarm.Driver{Name: "elsewhere"}})
	if fault := sdk.AsError(err); err == nil || fault.Class != sdk.Permanent || fault.Field != "target" {
		t.Errorf("it says %+v", fault)
	}
	if err := r.known(t.Context(), asked{}, thing{name: "key"}); err != nil {
		t.Errorf("of one without: %v", err)
	}
}
