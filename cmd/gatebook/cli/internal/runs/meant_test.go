package runs

import (
	"slices"
	"testing"

	"github.com/gatebook/gatebook/engine/event"
)

// What shells leave of an id, and what people write in its place, means the same.
func TestMeant(t *testing.T) {
	t.Parallel()
	id := func(key string) string { return event.InstanceID("drain", key) }
	for typed, want := range map[string]string{
		"drain": "drain", `drain["n-3"]`: id("n-3"), "drain[n-3]": id("n-3"), "drain['n-3']": id("n-3"), "drain[7]": id("7"), `drain[it's]`: id("it's"),
		`drain["a\"b"]`: id(`a"b`), `drain["a b"]`: id("a b"), "drain[a/b]": id("a/b"), "drain[x[0]]": id("x[0]"),
	} {
		if got := meant(typed); !slices.Contains(got, want) {
			t.Errorf("%s may mean %q, and not %q", typed, got, want)
		}
	}
	if got := meant(id("x")); got[0] != id("x") {
		t.Errorf("an id means %q before itself", got[0])
	}
}
