package diagtest_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/diag/diagtest"
	"github.com/gatebook/gatebook/engine/source"
)

func TestExpected(t *testing.T) {
	t.Parallel()
	file := source.NewFile("f.yaml", []byte(
		"a: 1 # ERROR GB0201: unknown key\n"+
			"b: 2 # WARNING GB0401: unused   # ERROR@+2 GB0203: wrong type\n"+
			"# an ERROR in prose\n"))
	want := []string{
		"   1: error GB0201: unknown key",
		"   2: warning GB0401: unused",
		"   4: error GB0203: wrong type",
	}
	if diff := cmp.Diff(want, diagtest.Expected(file)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
