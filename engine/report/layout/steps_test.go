package layout_test

import (
	"fmt"
	"testing"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/layout"
)

func TestSteps(t *testing.T) {
	t.Parallel()
	instances := func(step string, n int) []string {
		var ids []string
		for i := range n {
			ids = append(ids, event.InstanceID(step, fmt.Sprintf("n%d", i+1)))
		}
		return ids
	}
	explained := func(ids []string) []string {
		for i := range ids {
			ids[i] += " (it is gone)"
		}
		return ids
	}
	of := func(lists ...[]string) []string {
		var ids []string
		for _, list := range lists {
			ids = append(ids, list...)
		}
		return ids
	}
	for want, ids := range map[string][]string{
		"":                               nil,
		"a":                              {"a"},
		"a and b":                        {"a", "b"},
		"a, b, c, d, e and f":            {"a", "b", "c", "d", "e", "f"},
		"a, b, c, d, e and 2 more steps": {"a", "b", "c", "d", "e", "f", "g"},
		`drain["n1"], drain["n2"] and drain["n3"]`:                                              instances("drain", 3),
		`drain["n1"], drain["n2"] and 38 more of drain`:                                         instances("drain", 40),
		`a, drain["n1"], drain["n2"], 38 more of drain and b`:                                   of([]string{"a"}, instances("drain", 40), []string{"b"}),
		`drain["n1"], drain["n2"], 38 more of drain, roll["n1"], roll["n2"] and 3 more of roll`: of(instances("drain", 40), instances("roll", 5)),
		`a, b, drain["n1"], drain["n2"], 38 more of drain and 6 more steps`:                     of([]string{"a", "b"}, instances("drain", 40), instances("roll", 5), []string{"c"}),
		`drain["n1"] (it is gone), drain["n2"] (it is gone) and 5 more of drain`:                explained(instances("drain", 7)),
	} {
		if got := layout.Steps(ids); got != want {
			t.Errorf("%d ids\n got %s\nwant %s", len(ids), got, want)
		}
	}
}
