package graph_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/report/graph"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// row is a graph of so many steps, no two neighbours alike, of which each waits for the one
// before it and for one long before.
func row(steps int) graph.Graph {
	var g graph.Graph
	for i := range steps {
		g.Nodes = append(g.Nodes, graph.Node{
			ID: fmt.Sprint("step_", i), Title: fmt.Sprint("What the step with the number ", i, " does, which is much"),
			Action: []string{"exec", "k8s.drain", "http.check"}[i%3], Effect: []sdk.Effect{sdk.Change, sdk.Destroy, sdk.Read}[i%3], Gates: i % 2,
		})
		for _, from := range []int{i - 1, i / 2} {
			if from >= 0 && from < i && (from == i-1 || from < i/2+1 && from != i-1) {
				g.Edges = append(g.Edges, graph.Edge{From: fmt.Sprint("step_", from), To: fmt.Sprint("step_", i), Reason: check.InOrder})
			}
		}
	}
	return g
}

// thicket is a graph of so many steps that differ and wait for many others, by chance.
func thicket(steps int) graph.Graph {
	g := row(steps)
	by := rand.New(rand.NewPCG(1, 2))
	g.Edges = nil
	for i := range steps {
		g.Nodes[i].Gates, g.Nodes[i].Finally = i, i >= steps-steps/10
		for from := range i {
			if g.Nodes[from].Finally == g.Nodes[i].Finally && by.IntN(10) == 0 {
				g.Edges = append(g.Edges, graph.Edge{From: fmt.Sprint("step_", from), To: fmt.Sprint("step_", i), Reason: check.Needed})
			}
		}
	}
	return g
}

// beds is a graph of steps that all differ, of which each of one half waits for a few of the other.
func beds(steps int) graph.Graph {
	g := row(steps)
	g.Edges = nil
	half := steps / 2
	for i := range half {
		g.Nodes[i].Gates, g.Nodes[half+i].Gates = i, steps+i
		for j := range 5 {
			g.Edges = append(g.Edges, graph.Edge{From: fmt.Sprint("step_", (i+j*j)%half), To: fmt.Sprint("step_", half+i), Reason: check.Referenced})
		}
	}
	return g
}

// However many steps there are, Mermaid takes its source as it comes, and few boxes are drawn;
// a dozen are drawn each for itself. Graphviz names each of them.
func TestSourcesOfPicturesFold(t *testing.T) {
	t.Parallel()
	shapes := map[string]func(steps int) graph.Graph{
		"row": row, "thicket": thicket, "beds": beds,
		"fleet": func(steps int) graph.Graph { return fleet(steps / 2) },
	}
	for name, shape := range shapes {
		for _, steps := range []int{12, 300, 1000} {
			t.Run(fmt.Sprint(name, steps), func(t *testing.T) {
				t.Parallel()
				g := shape(steps)
				var mermaid, dot bytes.Buffer
				if err := graph.Mermaid(&mermaid, g); err != nil {
					t.Fatal(err)
				}
				if err := graph.DOT(&dot, g); err != nil {
					t.Fatal(err)
				}
				boxes := len(regexp.MustCompile(`(?m)^ +s\d+[\[{]`).FindAll(mermaid.Bytes(), -1))
				edges := len(regexp.MustCompile(`(?m)^ +s\d+ (-->|-\.->|==>) `).FindAll(mermaid.Bytes(), -1))
				if size := utf8.RuneCount(mermaid.Bytes()); size > 50_000 || edges > 500 || boxes > 60 {
					t.Errorf("%d characters, %d edges, %d boxes", size, edges, boxes)
				}
				if steps == 12 && name != "fleet" && boxes != 12 {
					t.Errorf("%d boxes", boxes)
				}
				words := map[string]bool{}
				for _, word := range regexp.MustCompile(`\w+`).FindAllString(strings.ReplaceAll(dot.String(), `\n`, " "), -1) {
					words[word] = true
				}
				for _, n := range g.Nodes {
					if !words[n.ID] {
						t.Errorf("Graphviz hears nothing of %s", n.ID)
					}
				}
				if lines := strings.Count(dot.String(), " -> "); lines > 500 {
					t.Errorf("Graphviz draws %d lines", lines)
				}
			})
		}
	}
}
