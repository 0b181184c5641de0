package layout_test

import (
	"slices"
	"testing"

	"github.com/gatebook/gatebook/engine/report/layout"
)

func TestNamesAreCounted(t *testing.T) {
	t.Parallel()
	got := layout.Counted([]string{"./migrate.sh", "echo\nhi", "./migrate.sh", "./migrate.sh"}, layout.Line)
	if want := []string{"./migrate.sh (3 times)", "echo hi"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// What a sentence does not name is not among what is listed.
func TestListedIsWhatIsNamed(t *testing.T) {
	t.Parallel()
	for of, want := range map[int]int{1: 1, 6: 6, 7: 5, 20: 5} {
		named := 0
		for place := range of {
			if layout.IsListed(place, of) {
				named++
			}
		}
		if named != want {
			t.Errorf("of %d, %d are listed, not %d", of, named, want)
		}
	}
}
