package guardian

import (
	"slices"
	"testing"

	"github.com/gatebook/gatebook/steps/internal/proc"
)

func TestTheTableHasWhatIsWatched(t *testing.T) {
	t.Parallel()
	g := New("")
	group := func(leader int) proc.Group { return proc.Group{Leader: leader, Start: uint64(10 * leader), Session: 5} }
	first, second := g.Watch(group(11), "first"), g.Watch(group(12), "second")
	g.Leave(first)
	third := g.Watch(group(13), "third")
	if got, want := read(g.table), []record{{group(13), digestOf("third")}, {group(12), digestOf("second")}}; !slices.Equal(got, want) {
		t.Errorf("the table has %v, want %v", got, want)
	}
	g.Leave(third)
	g.Leave(second)
	if got := read(g.table); got != nil || g.records != 2 {
		t.Errorf("the table has %v in %d records, want nothing in 2", got, g.records)
	}
}

func TestNoGuardianGuardsNothing(t *testing.T) {
	t.Parallel()
	var g *Guardian
	g.Leave(g.Watch(proc.Group{Leader: 11, Start: 1}, ""))
	if err := g.Start(); err != nil {
		t.Error(err)
	}
}

func TestAGuardianThatCannotBeStartedIsAnError(t *testing.T) {
	t.Parallel()
	g := New("/nonexistent", "none")
	g.Watch(proc.Group{Leader: 11, Start: 1}, "")
	if err := g.Start(); err == nil {
		t.Error("it was started")
	}
}
