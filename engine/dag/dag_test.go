package dag_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/dag"
)

func TestOrderPutsNeedsFirstAndKeepsFileOrderOtherwise(t *testing.T) {
	t.Parallel()
	// 3 is needed by 0; the rest is free.
	order, ok := dag.New([][]int{{3}, {}, {1}, {}}).Order()
	if want := []int{1, 2, 3, 0}; !ok || !slices.Equal(order, want) {
		t.Errorf("order = %v, %v, want %v", order, ok, want)
	}
}

func TestCycleIsAPathFromItsSmallestNode(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		needs [][]int
		want  []int
	}{
		"none":       {[][]int{{}, {0}, {0, 1}}, nil},
		"itself":     {[][]int{{}, {1}}, []int{1}},
		"two":        {[][]int{{1}, {0}}, []int{0, 1}},
		"behind":     {[][]int{{2}, {0}, {3}, {4}, {2}}, []int{2, 3, 4}},
		"rotated":    {[][]int{{3}, {}, {1}, {2, 4}, {0}}, []int{0, 3, 4}},
		"no nodes":   {nil, nil},
		"twice same": {[][]int{{}, {0, 0}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, dag.New(c.needs).Cycle()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCriticalPath(t *testing.T) {
	t.Parallel()
	g := dag.New([][]int{{}, {0}, {0}, {1, 2}, {}})
	cost := []time.Duration{1, 5, 2, 1, 6}
	path, total := g.CriticalPath(cost)
	if want := []int{0, 1, 3}; !slices.Equal(path, want) || total != 7 {
		t.Errorf("path = %v (%d), want %v (7)", path, total, want)
	}
}

func graphs(acyclic bool) *rapid.Generator[[][]int] {
	return rapid.Custom(func(t *rapid.T) [][]int {
		n := rapid.IntRange(1, 12).Draw(t, "nodes")
		needs := make([][]int, n)
		for i := range needs {
			limit := n - 1
			if acyclic {
				limit = i - 1
			}
			if limit >= 0 {
				needs[i] = rapid.SliceOfN(rapid.IntRange(0, limit), 0, 4).Draw(t, "needs")
			}
		}
		return needs
	})
}

func TestOrderAndCycleAgree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		needs := graphs(rapid.Bool().Draw(t, "acyclic")).Draw(t, "graph")
		g := dag.New(needs)
		order, ok := g.Order()
		cycle := g.Cycle()
		if ok != (cycle == nil) {
			t.Fatalf("order says acyclic=%v, cycle says %v", ok, cycle)
		}
		for i, node := range order {
			for _, need := range needs[node] {
				if at := slices.Index(order, need); at < 0 || at > i {
					t.Fatalf("%d comes before %d, which it needs, in %v", node, need, order)
				}
			}
		}
		for i, node := range cycle {
			if next := cycle[(i+1)%len(cycle)]; !slices.Contains(needs[node], next) {
				t.Fatalf("%v is no cycle: %d does not need %d", cycle, node, next)
			}
		}
	})
}

func TestCriticalPathIsAWayAndNoWayIsLonger(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		needs := graphs(true).Draw(t, "graph")
		cost := make([]time.Duration, len(needs))
		for i := range cost {
			cost[i] = time.Duration(rapid.IntRange(0, 9).Draw(t, "cost"))
		}
		g := dag.New(needs)
		path, total := g.CriticalPath(cost)
		var sum time.Duration
		for i, node := range path {
			sum += cost[node]
			if i > 0 && !slices.Contains(needs[node], path[i-1]) {
				t.Fatalf("%v is no way through the graph", path)
			}
		}
		if sum != total {
			t.Fatalf("the path takes %d, not %d", sum, total)
		}
		for node := range needs {
			if alone := cost[node]; alone > total {
				t.Fatalf("node %d alone takes %d, longer than %d", node, alone, total)
			}
		}
	})
}

func TestAncestors(t *testing.T) {
	t.Parallel()
	g := dag.New([][]int{{}, {0}, {}, {1, 2}, {3}})
	if got, want := g.Ancestors(3), []bool{true, true, true, false, false}; !slices.Equal(got, want) {
		t.Errorf("ancestors = %v, want %v", got, want)
	}
}

func BenchmarkOrderOfLayers(b *testing.B) {
	const layers, width = 100, 100
	needs := make([][]int, layers*width)
	for i := width; i < len(needs); i++ {
		layer := i / width
		for j := range 3 {
			needs[i] = append(needs[i], (layer-1)*width+(i+j)%width)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		dag.New(needs).Order()
	}
}
