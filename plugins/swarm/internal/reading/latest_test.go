package reading

import (
	"slices"
	"testing"

	"github.com/gatebook/gatebook/plugins/swarm/internal/printed"
)

// Of what a task prints, the last lines are kept.
func TestTheLatestLinesAreKept(t *testing.T) {
	t.Parallel()
	l := latest{lines: 2, bytes: 5}
	for _, step := range []struct {
		add  string
		want []string
	}{
		{"a", []string{"a"}},
		{"b", []string{"a", "b"}},
		{"c", []string{"b", "c"}},
		{"defgh", []string{"defgh"}},
		{"ij", []string{"ij"}},
		{"klmnopq", []string{printed.CutMark + "mnopq"}},
	} {
		if l.add([]byte(step.add)); !slices.Equal(l.kept(), step.want) {
			t.Errorf("with %q, got %q, want %q", step.add, l.kept(), step.want)
		}
	}
	if none := (&latest{bytes: 5}); len(none.kept()) != 0 {
		t.Error("without room, something is kept")
	}
}
