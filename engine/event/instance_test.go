package event_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/event"
)

func TestAnIDIsTakenApart(t *testing.T) {
	t.Parallel()
	tests := []struct{ id, of, key, within, step, template string }{
		{id: `drain`, step: `drain`, template: `drain`},
		{id: `drain["n1"]`, of: `drain`, key: `n1`, step: `drain["n1"]`, template: `drain`},
		{id: `web.drain`, within: `web`, step: `drain`, template: `web.drain`},
		{id: `web["a"].drain`, within: `web["a"]`, step: `drain`, template: `web.drain`},
		{id: `web["a"].drain["n1"]`, of: `web["a"].drain`, key: `n1`, within: `web["a"]`, step: `drain["n1"]`, template: `web.drain`},
		{id: `web["a.b[\"c\"].d"]`, of: `web`, key: `a.b["c"].d`, step: `web["a.b[\"c\"].d"]`, template: `web`},
		{id: `web["a"`, step: `web["a"`, template: `web["a"`},
		{id: `web["a"]x`, step: `web["a"]x`, template: `web["a"]x`},
	}
	for _, test := range tests {
		of, key, _ := event.SplitInstance(test.id)
		within, step, _ := event.SplitInside(test.id)
		if of != test.of || key != test.key || within != test.within || step != test.step || event.Template(test.id) != test.template {
			t.Errorf("%s: instance %q of %q, step %q within %q, as %q", test.id, key, of, step, within, event.Template(test.id))
		}
	}
}

func TestAnIDIsTakenApartAsItWasPutTogether(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[a-z][a-z0-9_]{0,5}`)
		within := event.InstanceID(name.Draw(t, "step"), rapid.String().Draw(t, "key"))
		own, key := name.Draw(t, "inside"), rapid.String().Draw(t, "key inside")
		id := event.InstanceID(event.InsideID(within, own), key)
		if of, got, ok := event.SplitInstance(id); !ok || got != key || of != event.InsideID(within, own) {
			t.Errorf("%s is instance %q of %s", id, got, of)
		}
		if got, step, ok := event.SplitInside(event.InsideID(within, own)); !ok || got != within || step != own {
			t.Errorf("%s is %s within %s", event.InsideID(within, own), step, got)
		}
	})
}
