package proc_test

import (
	"slices"
	"testing"

	"github.com/gatebook/gatebook/steps/internal/proc"
)

func TestWhatIsLeftOfAGroup(t *testing.T) {
	t.Parallel()
	group := proc.Group{Leader: 70, Start: 1000, Session: 50}
	leader := proc.Process{PID: 70, Start: 1000, Group: 70, Session: 50, Runs: true}
	child := proc.Process{PID: 71, Start: 1000, Group: 70, Session: 50, Runs: true}
	changed := func(p proc.Process, change func(*proc.Process)) proc.Process {
		change(&p)
		return p
	}
	for name, test := range map[string]struct {
		all  []proc.Process
		left []int
	}{
		"all of it":                 {[]proc.Process{leader, child}, []int{70, 71}},
		"a child without a leader":  {[]proc.Process{child}, []int{71}},
		"a child of one that ended": {[]proc.Process{changed(leader, func(p *proc.Process) { p.Runs = false }), child}, []int{71}},
		"an ended child":            {[]proc.Process{changed(child, func(p *proc.Process) { p.Runs = false })}, nil},
		"another group":             {[]proc.Process{changed(child, func(p *proc.Process) { p.Group = 60 })}, nil},
		"a number used again":       {[]proc.Process{child, changed(leader, func(p *proc.Process) { p.Start = 2000 })}, nil},
		"another session's group":   {[]proc.Process{changed(child, func(p *proc.Process) { p.Session = 51 })}, nil},
		"older than the leader":     {[]proc.Process{changed(child, func(p *proc.Process) { p.Start = 999 })}, nil},
	} {
		var left []int
		for _, p := range group.Left(test.all) {
			left = append(left, p.PID)
		}
		if !slices.Equal(left, test.left) {
			t.Errorf("%s: %v are left, want %v", name, left, test.left)
		}
	}
	if left := (proc.Group{Leader: 70, Session: 50}).Left([]proc.Process{child}); left != nil {
		t.Errorf("%v are left of a group of which nothing is known", left)
	}
}
