package look_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/catalog"
	"github.com/gatebook/gatebook/engine/check/checktest"
	"github.com/gatebook/gatebook/engine/input"
	"github.com/gatebook/gatebook/engine/look"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/plugins/sdk"
)

type peekInput struct {
	At    string `json:"at" required:"true" doc:"What to look at."`
	Token string `json:"token" secret:"true" doc:"What lets one in."`
}

type peekOutput struct {
	Is    string `json:"is" required:"true" doc:"What is there."`
	Count int    `json:"count" required:"true" doc:"How long its name is."`
	Key   string `json:"key" secret:"true" doc:"A key."`
}

// world is what actions act on, and what of it was read.
type world struct {
	t    testing.TB
	peek func(ctx context.Context, call *sdk.Call[peekInput]) (peekOutput, error)

	mu          sync.Mutex
	read        []string // at
	atOnce, max int
}

// look is what its actions that read do.
func (w *world) look(ctx context.Context, call *sdk.Call[peekInput]) (peekOutput, error) {
	w.mu.Lock()
	w.read = append(w.read, call.Input.At)
	w.atOnce++
	w.max = max(w.max, w.atOnce)
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		w.atOnce--
		w.mu.Unlock()
	}()
	if w.peek != nil {
		return w.peek(ctx, call)
	}
	if call.Input.At == "nowhere" {
		return peekOutput{}, sdk.Errorf(sdk.Transient, "there is nothing, says %s", call.Input.Token)
	}
	return peekOutput{Is: call.Input.At, Count: len(call.Input.At), Key: "k3y-of-" + call.Input.At}, nil
}

// catalogue has an action that a plan may apply, and some that it may not.
func (w *world) catalogue() *catalog.Catalog {
	w.t.Helper()
	var handlers []sdk.Handler
	for _, made := range []struct {
		name   string
		effect sdk.Effect
		inPlan bool
	}{{"peek", sdk.Read, true}, {"spy", sdk.Read, false}, {"poke", sdk.Change, false}} {
		action := sdk.Action[peekInput, peekOutput]{
			Name: made.name, Summary: "Do something", Description: "It does.", Effect: made.effect, InPlan: made.inPlan, Apply: w.look,
		}
		if made.effect == sdk.Change {
			action.NothingToUndo = "it is small"
		}
		handler, err := action.Handler()
		if err != nil {
			w.t.Fatal(err)
		}
		handlers = append(handlers, handler)
	}
	catalogue, err := catalog.New(handlers...)
	if err != nil {
		w.t.Fatal(err)
	}
	return catalogue
}

// plan plans steps.
func (w *world) plan(stepsText string) *plan.Plan {
	w.t.Helper()
	text := checktest.Head +
		"inputs: {limit: {type: integer, default: 3}, token: {type: string, secret: true}}\n" +
		stepsText
	checked := checktest.Load(w.t, w.catalogue(), "test.yaml", text)
	inputs, _, found := input.Values(checked, []input.Given{{Name: "token", Text: "hunter2-secret", By: input.ByFlag, Origin: "-i token", SecretSource: "env:TOKEN"}})
	checktest.NoErrors(w.t, found)
	made, _, err := plan.Make(checked, plan.Options{Inputs: inputs})
	if err != nil {
		w.t.Fatal(err)
	}
	return made
}

// night is when it is looked.
func night() time.Time { return time.Date(2026, 5, 5, 2, 0, 0, 0, time.UTC) }

// said is what a plan says of now, a line for each step of which it says anything.
func said(p *plan.Plan) string {
	var b strings.Builder
	for _, s := range p.Steps {
		var parts []string
		if s.When != nil && s.When.Now != nil {
			parts = append(parts, "when "+s.When.Now.Truth)
		}
		for _, c := range s.Gate {
			parts = append(parts, "gate "+judged(c))
		}
		switch {
		case s.Seen != nil && s.Seen.Outputs != nil:
			is, _ := s.Seen.Outputs.Get("is")
			parts = append(parts, "reads "+is.String())
		case s.Seen != nil && s.Seen.Cut:
			parts = append(parts, "cut off: "+s.Seen.Error)
		case s.Seen != nil:
			parts = append(parts, "fails: "+s.Seen.Error)
		}
		for _, c := range s.Verify {
			if c.Now != nil {
				parts = append(parts, "verify "+judged(c))
			}
		}
		if s.Unlooked != "" {
			parts = append(parts, s.Unlooked)
		}
		if len(parts) > 0 {
			fmt.Fprintf(&b, "%s: %s\n", s.ID, strings.Join(parts, ", "))
		}
	}
	return b.String()
}

func judged(c *plan.Condition) string {
	if c.Now == nil {
		return "-"
	}
	text := c.Now.Truth
	if c.Now.Detail != "" {
		text += " (" + c.Now.Detail + ")"
	}
	if c.Now.Explain != nil {
		text += " as " + c.Now.Explain.Children[0].Text + " is " + c.Now.Explain.Children[0].Value
	}
	return text
}

func TestWhatIsSoNow(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		steps, want string
		read        int // how often anything was
	}{
		"a step reads, and gates are judged by it": {`steps:
- {id: a, uses: peek, with: {at: web}}
- {id: b, uses: poke, with: {at: x}, gate: [{expr: steps.a.outputs.count == inputs.limit}, {expr: steps.a.outputs.count > inputs.limit}, {expr: 'steps.a.status == "succeeded"'}]}
`, "a: reads web\nb: gate true, gate false as steps.a.outputs.count is 3, gate true\n", 1},
		"what is observed": {`steps:
- {id: b, uses: poke, with: {at: x}, gate: [{expr: observed.count == 2, observe: {uses: peek, with: {at: db}}}, {expr: observed.count > 2, observe: {uses: peek, with: {at: db}}, within: 5m}]}
`, "b: gate true, gate false as observed.count is 2\n", 1},
		"what is observed with what another step read": {`steps:
- {id: a, uses: peek, with: {at: web}}
- {id: b, uses: poke, with: {at: x}, gate: {expr: observed.count == 6, observe: {uses: peek, with: {at: "${{ steps.a.outputs.is }}-${{ steps.a.outputs.count }}x"}}}}
`, "a: reads web\nb: gate true\n", 2},
		"what cannot be seen": {`steps:
- {id: a, uses: peek, with: {at: nowhere, token: "${{ inputs.token }}"}}
- {id: b, uses: poke, needs: [], with: {at: x}, gate: {expr: observed.count == 2, observe: {uses: peek, with: {at: nowhere}}}}
- {id: c, uses: peek, needs: [a], with: {at: db}}
- {id: d, uses: peek, needs: [b], with: {at: db}}
- {id: e, uses: peek, needs: [], onFailure: continue, with: {at: nowhere, token: "${{ inputs.token }}"}}
- {id: f, uses: peek, needs: [e], with: {at: web}, gate: {expr: steps.e.outputs.count == 0}}
- {id: g, uses: peek, needs: [e], with: {at: web}}
`, `a: fails: there is nothing, says (secret)
b: gate failed (there is nothing, says )
c: nobody can tell whether a run that begins now would come here: the look at a failed
d: nobody can tell whether a run that begins now would come here: the gate of b cannot be judged
e: fails: there is nothing, says (secret)
f: gate -
g: reads web
`, 3},
		"what a plan may not apply": {`steps:
- {id: a, uses: spy, with: {at: web}}
- {id: b, uses: poke, with: {at: x}, gate: [{expr: steps.a.outputs.count == 3}, {expr: observed.count == 3, observe: {uses: spy, with: {at: web}}}]}
`, "b: gate -, gate -\n", 0},
		"behind a change nothing is looked at": {`steps:
- {id: a, uses: poke, with: {at: x}}
- {id: b, uses: peek, with: {at: web}}
- {id: c, uses: peek, needs: [b], with: {at: db}, gate: {expr: 'now.getHours() < 5'}}
- {id: d, uses: peek, needs: [], with: {at: other}}
`, "c: gate -\nd: reads other\n", 1},
		"a step that is skipped now changes nothing": {`steps:
- {id: a, uses: peek, with: {at: web}}
- {id: b, uses: poke, when: steps.a.outputs.count > 3, with: {at: x}}
- {id: c, uses: peek, with: {at: db}, gate: {expr: 'steps.b.status == "skipped"'}}
- {id: d, uses: poke, when: inputs.limit > 3, with: {at: x}}
- {id: e, uses: peek, with: {at: cache}}
`, "a: reads web\nb: when false\nc: gate true, reads db\ne: reads cache\n", 3},
		"nothing is read behind a closed gate, nor where it may be skipped": {`steps:
- {id: a, uses: peek, with: {at: web}, gate: {expr: 'now.getHours() < 5'}}
- {id: b, uses: peek, with: {at: db}, gate: {expr: 'now.getHours() > 5'}}
- {id: c, uses: peek, with: {at: cache}, gate: {expr: steps.b.outputs.count == 2}}
- {id: s, uses: spy, needs: [], with: {at: x}}
- {id: d, uses: peek, with: {at: disk}, when: steps.s.outputs.count == 1, gate: {expr: steps.a.outputs.count == 3}}
- {id: e, uses: poke, needs: [c, a], with: {at: x}}
- {id: f, uses: peek, needs: [e], with: {at: disk}}
- {id: g, uses: poke, needs: [], with: {at: x}, gate: {expr: inputs.limit > 3}}
- {id: h, uses: peek, needs: [g], with: {at: disk}}
- {id: i, uses: peek, needs: [], when: 'now.getHours() > 5', with: {at: disk}, gate: {expr: inputs.limit > 3}}
- {id: j, uses: peek, needs: [i], with: {at: db}}
`, `a: gate true, reads web
b: gate false as now.getHours() is 2
c: gate -, a run that begins now would not come here: the gate of b is closed
d: gate -
f: a run that begins now would not come here: the gate of b is closed
g: gate -
h: a run that begins now would not come here: the gate of g is closed
i: when false, gate -
j: reads db
`, 2},
		"what is known before is not judged again": {`steps:
- {id: a, uses: peek, with: {at: web}, gate: {expr: inputs.limit == 3}}
`, "a: gate -, reads web\n", 1},
		"whether a step counts as done, its verify says": {`steps:
- {id: a, uses: peek, with: {at: web}, verify: {expr: steps.a.outputs.count == 4}}
- {id: b, uses: poke, with: {at: x}, gate: [{expr: 'steps.a.status == "succeeded"'}, {expr: steps.a.outputs.count == 3}]}
`, "a: reads web, verify false as steps.a.outputs.count is 3\nb: gate -, gate -, a run that begins now would not come here: the verify of a is false\n", 1},
		"a verify that is true now decides no more": {`steps:
- {id: a, uses: peek, with: {at: web}, verify: [{expr: steps.a.outputs.count == 3}, {expr: observed.is == "db", observe: {uses: peek, with: {at: db}}}]}
- {id: b, uses: poke, with: {at: x}, gate: [{expr: 'steps.a.status == "succeeded"'}, {expr: steps.a.outputs.count == 3}]}
`, "a: reads web, verify true, verify true\nb: gate -, gate true\n", 2},
		"a verify that is waited for": {`steps:
- {id: a, uses: peek, with: {at: web}, verify: {expr: steps.a.outputs.count == 4, within: 1m}}
- {id: b, uses: poke, with: {at: x}, gate: {expr: steps.a.outputs.count == 3}}
`, "a: reads web, verify false as steps.a.outputs.count is 3\nb: gate true\n", 1},
		"a verify behind a step that fails, or changes": {`steps:
- {id: a, uses: peek, with: {at: nowhere}, verify: {expr: steps.a.outputs.count == 4}}
- {id: b, uses: poke, with: {at: x}, verify: {expr: now.getHours() > 5}}
`, "a: fails: there is nothing, says \n", 1},
		"how a run comes to finally nobody can tell": {`steps:
- {id: a, uses: peek, with: {at: web}}
finally:
- {id: z, uses: peek, with: {at: db}}
`, "a: reads web\n", 1},
		"what cannot be computed now": {`steps:
- {id: a, uses: peek, with: {at: web}}
- {id: b, uses: peek, with: {at: '${{ ["x"][steps.a.outputs.count] }}'}}
`, "a: reads web\nb: fails: what to look at cannot be computed: …", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &world{t: t}
			made := w.plan(test.steps)
			before := said(made)
			looked := look.Now(t.Context(), made, look.Options{At: night(), AtOnce: 2})
			got := said(looked)
			if beginning, cut := strings.CutSuffix(test.want, "…"); cut && strings.HasPrefix(got, beginning) {
				got = test.want
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if len(w.read) != test.read {
				t.Errorf("read %v, want %d", w.read, test.read)
			}
			if said(made) != before {
				t.Error("the plan itself has changed")
			}
			if again, err := plan.New(*looked); err != nil || again.Digest != made.Digest {
				t.Errorf("the digest depends on what is so now: %v", err)
			}
			if wants := test.read > 0 || strings.Contains(test.want, "gate true"); (looked.LookedAt != nil) != wants {
				t.Errorf("looked at %v", looked.LookedAt)
			}
		})
	}
}

// No secret is in what is seen, whoever says it, and in which order.
func TestWhatIsSeenShowsNoSecret(t *testing.T) {
	t.Parallel()
	w := &world{t: t}
	w.peek = func(_ context.Context, call *sdk.Call[peekInput]) (peekOutput, error) {
		if call.Input.At == "second" {
			return peekOutput{Is: "no secret", Key: "k3y-that-comes-later"}, nil
		}
		return peekOutput{Is: "k3y-that-comes-later and " + call.Input.Token}, nil
	}
	made := w.plan(`steps:
- {id: a, uses: peek, with: {at: first, token: "${{ inputs.token }}"}}
- {id: v, uses: peek, needs: [], with: {at: fourth, token: "${{ inputs.token }}"}, verify: [{expr: 'steps.v.outputs.is == "x"'}, {expr: observed.is == "x", observe: {uses: peek, with: {at: fifth}}}]}
- {id: b, uses: peek, needs: [a], with: {at: second}, gate: {expr: 'steps.a.outputs.is != "" && inputs.token != "" && now.getHours() < 5'}}
- {id: c, uses: poke, with: {at: x}, gate: [{expr: 'steps.a.outputs.is == "x"'}, {expr: 'steps.b.outputs.key == "x"'}, {expr: observed.is == "x", observe: {uses: peek, with: {at: third}}}]}
`)
	looked := look.Now(t.Context(), made, look.Options{At: night(), AtOnce: 1})
	text, err := json.Marshal(looked)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"k3y-that", "hunter2"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("%s is shown: %s", secret, text)
		}
	}
	if v, _ := looked.Step("v"); v.Verify[0].Now == nil || v.Verify[0].Now.Explain == nil {
		t.Error("no verify was judged")
	}
	if !strings.Contains(string(text), `"truth":"false","explain"`) {
		t.Errorf("nothing was judged: %s", text)
	}
}

// A person waits for a look, and no action keeps them, not even one that does not end.
func TestALookEnds(t *testing.T) {
	t.Parallel()
	heeds := func(ctx context.Context, _ *sdk.Call[peekInput]) (peekOutput, error) {
		<-ctx.Done()
		return peekOutput{}, ctx.Err()
	}
	for name, test := range map[string]struct {
		peek func(ctx context.Context, call *sdk.Call[peekInput]) (peekOutput, error)
		step string
		took time.Duration
		want string
	}{
		"by itself":          {heeds, "with: {at: web}", 10 * time.Second, "a: cut off: it had not ended after 10s\n"},
		"by its step's time": {heeds, "timeout: 1m, with: {at: web}", time.Minute, "a: fails: it had not ended after 1m0s\n"},
		"where the action does not": {
			nil, "with: {at: web}", 12 * time.Second, "a: cut off: it had not ended after 10s; it did not end when it was asked to\n",
		},
		"of an action that would keep something": {
			func(ctx context.Context, call *sdk.Call[peekInput]) (peekOutput, error) {
				return peekOutput{}, call.SaveBefore(ctx, 1)
			}, "with: {at: web}", 0, "a: fails: the state before the change cannot be kept: a plan keeps nothing for an action, which is only to look\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w, stuck := &world{t: t, peek: test.peek}, make(chan struct{})
				defer close(stuck)
				if w.peek == nil {
					w.peek = func(context.Context, *sdk.Call[peekInput]) (peekOutput, error) {
						<-stuck
						return peekOutput{}, nil
					}
				}
				made, start := w.plan("steps:\n- {id: a, uses: peek, "+test.step+"}\n"), time.Now()
				got := said(look.Now(t.Context(), made, look.Options{At: night()}))
				if took := time.Since(start); took != test.took || got != test.want {
					t.Errorf("after %s: %s", took, got)
				}
			})
		})
	}
}
