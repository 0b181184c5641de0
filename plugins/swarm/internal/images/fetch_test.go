package images

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// A task tells how far its node has come: past preparing, the image is there.
func TestHowFarANodeHasCome(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		state swarm.TaskState
		err   string
		down  bool
		want  outcome
		says  string
	}{
		{swarm.TaskStateNew, "", false, waits, "new"},
		{swarm.TaskStatePending, "no suitable node (unsupported platform on 1 node)", false, waits, "no suitable node (unsupported platform on 1 node)"},
		{swarm.TaskStatePreparing, "", false, waits, "preparing"},
		{swarm.TaskStatePreparing, "", true, lost, "down"},
		{swarm.TaskStateReady, "", false, pulled, "has it"},
		{swarm.TaskStateStarting, "", true, pulled, "has it"},
		{swarm.TaskStateFailed, "starting container failed: no such file", false, pulled, "has it"},
		{swarm.TaskStateFailed, "starting container failed: no such file", true, pulled, "has it"},
		{swarm.TaskStateComplete, "", false, pulled, "has it"},
		{swarm.TaskStateRejected, "No such  image:\nweb:9", false, refused, "No such image: web:9"},
		{swarm.TaskStateOrphaned, "", false, lost, "its node was not heard of"},
	} {
		if got, says := judge(swarm.Task{Status: swarm.TaskStatus{State: test.state, Err: test.err}}, test.down); got != test.want || says != test.says {
			t.Errorf("%s %q, down: %t: got %d %q, want %d %q", test.state, test.err, test.down, got, says, test.want, test.says)
		}
	}
}

// Nodes with which the same is are named together, and the registry has the last word on why.
func TestWhatIsSaidOfNodes(t *testing.T) {
	t.Parallel()
	nodes := []onNode{{"n1", pulled, "has it"}, {"n2", refused, "No such image: web:9"}, {"n3", refused, "No such image: web:9"}, {"n4", lost, "down"}}
	const want = "1 of 4 nodes have it; n2, n3: No such image: web:9; n4: down"
	if said := words(nodes); said != want {
		t.Errorf("got %q, want %q", said, want)
	}
	denied := sdk.Errorf(sdk.Denied, "ask the registry for the image web:9: unauthorized")
	for name, test := range map[string]struct {
		unresolved error
		class      sdk.Class
	}{
		"it has it":        {nil, sdk.Transient},
		"it lets nobody":   {denied, sdk.Denied},
		"it says no class": {errors.New("no"), sdk.Permanent},
	} {
		p := &pulling{image: wanted{unresolved: test.unresolved}}
		if err := p.verdict(nodes); sdk.AsError(err).Class != test.class || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got a %s error: %v", name, sdk.AsError(err).Class, err)
		}
	}
	if err := (&pulling{}).verdict(nodes[:1]); err != nil {
		t.Errorf("where all have it: %v", err)
	}
}

// The helper of a step is called by its image and its key, in as many letters as there may be.
func TestWhatTheHelperIsCalled(t *testing.T) {
	t.Parallel()
	name1, name2 := name("registry.example.com:5000/shop/Web_App:2.1.0", "a"), name("registry.example.com:5000/shop/Web_App:2.1.0", "b")
	if name1 == name2 {
		t.Errorf("two steps have one helper: %s", name1)
	}
	valid := regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)
	for _, image := range []string{"web", "shop/web:2.1.0", "web@sha256:" + strings.Repeat("a", 64), strings.Repeat("x", 100), "a/_:.", "web-:-"} {
		if is := name(image, "key"); !valid.MatchString(is) {
			t.Errorf("%s: %q", image, is)
		}
	}
	if got, want := name("shop/web:2.1.0", "a"), "gatebook-prefetch-web-2-1-0-ca978112"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
