package serve

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// What it does for a host is tested there, by real processes; here is what it does for
// a person who starts it by hand.
func TestAPersonIsToldWhatItIs(t *testing.T) {
	t.Parallel()
	d := sdk.PluginDescription{
		Name: "shop", Version: "1.2.0", Summary: "A shop", Connection: &schema.Schema{Type: schema.TypeObject},
		Actions: []sdk.Description{{Name: "order"}},
	}
	var out, errs bytes.Buffer
	if code := introduce(d, nil, &out, &errs); code != 2 || out.Len() > 0 ||
		!strings.Contains(errs.String(), "This is shop 1.2.0, a plugin of gatebook with 1 actions: A shop.") {
		t.Errorf("got %d, %q, %q", code, out.String(), errs.String())
	}
	var described sdk.PluginDescription
	if code := introduce(d, []string{"-describe"}, &out, &errs); code != 0 {
		t.Errorf("got %d, %s", code, errs.String())
	}
	if err := json.Unmarshal(out.Bytes(), &described); err != nil || described.Actions[0].Name != "order" {
		t.Errorf("got %s, %v", out.String(), err)
	}
}
