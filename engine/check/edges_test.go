package check_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/source"
)

// edgesOf lists the edges of a runbook as "b<-a order", in the order of the steps.
func edgesOf(checked *check.Runbook) []string {
	var edges []string
	for _, step := range checked.Steps {
		for _, edge := range step.Needs {
			edges = append(edges, fmt.Sprintf("%s<-%s %s", step.ID(), checked.Steps[edge.Step].ID(), edge.Reason))
		}
	}
	return edges
}

func TestEdges(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, steps string
		want        []string
	}{
		{
			name:  "a step without needs waits for the one before it",
			steps: "steps: [{id: a, uses: send}, {id: b, uses: send}, {id: c, uses: send}]",
			want:  []string{"b<-a order", "c<-b order"},
		},
		{
			name:  "empty needs make a root",
			steps: "steps: [{id: a, uses: send}, {id: b, uses: send, needs: []}]",
		},
		{
			name:  "needs replace the default",
			steps: "steps: [{id: a, uses: send}, {id: b, uses: send}, {id: c, uses: send, needs: [a]}]",
			want:  []string{"b<-a order", "c<-a needs"},
		},
		{
			name:  "needs may name a later step",
			steps: "steps: [{id: a, uses: send, needs: [b]}, {id: b, uses: send, needs: []}]",
			want:  []string{"a<-b needs"},
		},
		{
			name: "each kind of reference adds an edge",
			steps: `steps:
- {id: a, uses: send}
- {id: b, uses: send, needs: [], with: {text: "${{ steps.a.status }}"}}
- {id: c, uses: send, needs: [], when: steps.a.status == ""}
- {id: d, uses: send, needs: [], gate: {expr: steps.a.status == ""}}
- {id: e, uses: send, needs: [], verify: [{expr: steps.a.status == ""}]}
- {id: f, uses: send, needs: [], retry: {attempts: 2, if: steps.a.status == ""}}
- {id: g, uses: poke, needs: [], rollback: {uses: poke, with: {text: "${{ steps.a.status }}"}}}
- {id: h, uses: send, needs: [], gate: {expr: observed.replicas > 0, observe: {uses: look, with: {url: "${{ steps.a.status }}"}}}}`,
			want: []string{
				"b<-a reference", "c<-a reference", "d<-a reference", "e<-a reference", "f<-a reference",
				"g<-a reference", "h<-a reference",
			},
		},
		{
			name: "one edge for each pair, with the reason that says most",
			steps: `steps:
- {id: a, uses: send}
- {id: b, uses: send, with: {text: "${{ steps.a.status }} ${{ steps.a.status }}"}}
- {id: c, uses: send, needs: [b, a], when: steps.b.status != steps.a.status}`,
			want: []string{"b<-a reference", "c<-b needs", "c<-a needs"},
		},
		{
			name: "verify and rollback of a step may look at the step itself",
			steps: `steps:
- {id: a, uses: poke, verify: {expr: steps.a.status != ""}, rollback: {uses: poke, with: {text: "${{ steps.a.status }}"}}}`,
		},
		{
			name: "finally waits for no step by itself, and keeps its own order",
			steps: `steps: [{id: a, uses: send}]
finally: [{id: x, uses: send, with: {text: "${{ steps.a.status }}"}}, {id: y, uses: send}]`,
			want: []string{"y<-x order"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, edgesOf(mustLoad(t, head+test.steps))); diff != "" {
				t.Errorf("edges (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEachStepComesAfterWhatItNeedsAndFinallyLast(t *testing.T) {
	t.Parallel()
	checked := mustLoad(t, head+`steps:
- {id: a, uses: send, needs: [c]}
- {id: b, uses: send, needs: []}
- {id: c, uses: send}
finally:
- {id: x, uses: send, needs: [y]}
- {id: y, uses: send, needs: []}`)
	var order []string
	for _, i := range checked.Order {
		order = append(order, checked.Steps[i].ID())
	}
	if got, want := strings.Join(order, " "), "b c a y x"; got != want {
		t.Errorf("order is %s, want %s", got, want)
	}
}

func TestFindingsSayWhy(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{
			name: "a cycle by needs and by order",
			text: "steps: [{id: a, uses: send, needs: [c]}, {id: b, uses: send}, {id: c, uses: send}]",
			want: `4:37 GB0403 Each step waits for the next: a -> c -> b -> a.
	4:37 a needs c
	4:68 c stands after b and has no needs
	4:47 b stands after a and has no needs`,
		},
		{
			name: "a cycle by a reference in a block scalar",
			text: `steps:
  - id: a
    uses: send
    gate:
      expr: |
        1 > 0 &&
        steps.b.status == "done"
  - {id: b, uses: send}`,
			want: `10:9 GB0403 Each step waits for the next: a -> b -> a.
	10:9 a uses b
	11:10 b stands after a and has no needs`,
		},
		{
			name: "a long cycle",
			text: "steps:\n- {id: s0, uses: send, needs: [s19]}\n" + func() string {
				var b strings.Builder
				for i := 1; i < 20; i++ {
					fmt.Fprintf(&b, "- {id: s%d, uses: send, needs: [s%d]}\n", i, i-1)
				}
				return b.String()
			}(),
			want: `5:32 GB0403 Each step waits for the next: s0 -> s19 -> s18 -> s17 -> s16 -> s15 -> s14 -> s13 -> s12 -> s11 -> s10 -> (9 more) -> s0.` +
				"\n\t5:32 s0 needs s19" + func() string {
				var b strings.Builder
				for i := 19; i > 8; i-- {
					fmt.Fprintf(&b, "\n\t%d:%d s%d needs s%d", i+5, 31+len(fmt.Sprint(i)), i, i-1)
				}
				return b.String()
			}(),
		},
		{
			name: "a number where a span of time should be",
			text: "steps: [{id: a, uses: look, with: {url: x, for: 5}}]",
			want: `4:49 GB0504 The action look says: for must be a string, got an integer. write 5s for seconds, or 5m for minutes`,
		},
		{
			name: "a regular expression that is none",
			text: `steps: [{id: a, uses: look, with: {url: x, count: 1}, gate: {expr: "steps.b.status.matches('(x')"}}, {id: b, uses: look, needs: [], with: {url: "${{ 'a' matches '[z-a' }}"}}]`,
			want: `4:92 GB0310 The regular expression cannot be read: missing closing ) in (x.
4:162 GB0310 The regular expression cannot be read: invalid character class range in z-a.`,
		},
		{
			name: "did you mean",
			text: `steps:
- {id: before, uses: loock, with: {}}
- {id: after, uses: look, needs: [befor], with: {urll: x, url: y, mode: fst}}`,
			want: `5:22 GB0501 There is no action "loock". did you mean "look"?
6:35 GB0401 There is no step "befor". did you mean "before"?
6:50 GB0503 The action look says: urll is not a known field; known are url, count, mode, for, token, headers, env, argv, nodes, ratio and strict. did you mean "url"?
6:73 GB0504 The action look says: mode must be fast or thorough, got fst. did you mean "fast"?`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, found := load(source.NewFile("test.yaml", []byte(head+test.text)), testActions(t))
			var lines []string
			for _, d := range found.Sorted() {
				at := d.Range.From()
				line := fmt.Sprintf("%d:%d %s %s %s", at.Line, at.Column, d.Rule.Code, d.Detail, d.Hint)
				lines = append(lines, strings.TrimRight(line, " "))
				for _, r := range d.Related {
					lines = append(lines, fmt.Sprintf("\t%d:%d %s", r.Range.From().Line, r.Range.From().Column, r.Message))
				}
			}
			if diff := cmp.Diff(test.want, strings.Join(lines, "\n")); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSecretsAreInNoFinding(t *testing.T) {
	t.Parallel()
	const secret = "hunter2hunter2"
	_, found := load(source.NewFile("test.yaml", []byte(head+`
inputs:
  token: {type: string, secret: true, default: `+secret+`}
  key: {type: string, secret: true, pattern: "^x", default: `+secret+`}
steps:
  - {id: look, uses: look, with: {url: 5, token: [`+secret+`], headers: `+secret+`}}
`)), testActions(t))
	if len(found) < 4 {
		t.Fatalf("found %d faults, want at least 4", len(found))
	}
	if slices.ContainsFunc(found, func(d diag.Diagnostic) bool { return strings.Contains(d.Detail+d.Hint, secret) }) {
		t.Errorf("a finding shows the secret: %v", found)
	}
}
