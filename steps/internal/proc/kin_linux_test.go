package proc_test

import (
	"os"
	"os/exec"
	"slices"
	"testing"

	"github.com/gatebook/gatebook/steps/internal/proc"
)

func TestAProcessCarriesItsKey(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		environ []string
		asked   string
		carries bool
	}{
		"its own":          {[]string{"A=1", "GATEBOOK_KEY=run-one-do", "B=2"}, "run-one-do", true},
		"another's":        {[]string{"GATEBOOK_KEY=run-one-do"}, "run-one-undo", false},
		"a longer one":     {[]string{"GATEBOOK_KEY=run-one-do"}, "run-one-d", false},
		"another variable": {[]string{"MY_GATEBOOK_KEY=run-one-do"}, "run-one-do", false},
		"none":             {[]string{"A=1"}, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sleeper := exec.CommandContext(t.Context(), "sleep", "600")
			sleeper.Env = test.environ
			if err := sleeper.Start(); err != nil { // which returns when it has its environment
				t.Fatal(err)
			}
			got := proc.Carries(sleeper.Process.Pid, proc.KeyVariable, func(key []byte) bool { return string(key) == test.asked })
			if got != test.carries {
				t.Errorf("it carries it: %t, want %t", got, test.carries)
			}
			_ = sleeper.Process.Kill()
			_ = sleeper.Wait()
		})
	}
}

func TestDescendants(t *testing.T) {
	t.Parallel()
	all := []proc.Process{
		{PID: 1},
		{PID: 30, Parent: 20},
		{PID: 10, Parent: 1},
		{PID: 20, Parent: 10},
		{PID: 11, Parent: 1},
		{PID: 21, Parent: 11},
		{PID: 22, Parent: 10},
	}
	for name, test := range map[string]struct{ roots, want []int }{
		"of nobody":                {nil, nil},
		"of one":                   {[]int{10}, []int{20, 22, 30}},
		"of one without":           {[]int{21}, nil},
		"of two, one below":        {[]int{10, 20}, []int{22, 30}},
		"of one that is not there": {[]int{99}, nil},
	} {
		var roots []proc.Process
		for _, pid := range test.roots {
			roots = append(roots, proc.Process{PID: pid})
		}
		var got []int
		for _, p := range proc.Descendants(all, roots) {
			got = append(got, p.PID)
		}
		slices.Sort(got)
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
}

func TestAProcessHasAParent(t *testing.T) {
	t.Parallel()
	p, err := proc.Read(os.Getpid())
	if err != nil || p.Parent != os.Getppid() {
		t.Errorf("its parent is %d, %v; want %d", p.Parent, err, os.Getppid())
	}
}
