package look_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/look"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// misfit is an action whose program does not keep to its own schema.
type misfit struct{ sdk.Handler }

func (misfit) Apply(context.Context, sdk.Request, sdk.Host) (json.RawMessage, error) {
	return json.RawMessage(`{"is": 7, "extra": 1}`), nil
}

// What a run would refuse is not read in a plan either, and makes no gate true.
func TestOutputsThatBreakTheirSchemaAreNotRead(t *testing.T) {
	t.Parallel()
	w := &world{t: t}
	made := w.plan("steps:\n- {id: a, uses: peek, with: {at: web}}\n- {id: b, uses: poke, gate: {expr: steps.a.outputs.is != ''}, with: {at: x}}\n")
	made.Steps[0].Handler = misfit{made.Steps[0].Handler}
	p := look.Now(t.Context(), made, look.Options{At: night()})
	a, _ := p.Step("a")
	if a.Seen == nil || a.Seen.Outputs != nil || !strings.HasPrefix(a.Seen.Error, "the outputs of peek break their schema, which is a fault of its program: ") {
		t.Errorf("a is seen as %+v", a.Seen)
	}
	if b, _ := p.Step("b"); b.Gate[0].Now != nil || b.Unlooked == "" {
		t.Errorf("the gate of b is %+v, unlooked %q", b.Gate[0].Now, b.Unlooked)
	}
}
