package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// foretold is a random runbook, and the random world in which it is run. What its actions
// are given is kept, as they were given it.
type foretold struct {
	text  string
	fates map[string]*fate // by the name that an action is given
	// changes tells which of these change something.
	changes map[string]bool

	mu    sync.Mutex
	given map[string][]json.RawMessage // the parameters, by the same name; those of an undo with a "-" before it
}

// fate is what becomes of a step.
type fate struct {
	fails   sdk.Class // for good; empty: it does not
	tries   int       // so many attempts fail before
	after   string    // the step that makes it another
	outputs fateOutput
}

type fateInput struct {
	Name  string          `json:"name" required:"true" doc:"Whose fate it is."`
	Value json.RawMessage `json:"value" doc:"Anything."`
	Token string          `json:"token" secret:"true" doc:"Anything secret."`
}

type fateOutput struct {
	N    int    `json:"n" doc:"A number."`
	OK   bool   `json:"ok" doc:"Whether all is well."`
	Said string `json:"said" doc:"A text."`
	List []int  `json:"list" doc:"Numbers."`
}

// foretoldHead declares what expressions of a drawn runbook use. The inputs that are drawn
// come in between.
const foretoldHead = header + `onFailure: %s
inputs:
  a: {type: boolean, default: %t}
  b: {type: boolean, default: %t}
  n: {type: integer, default: %d}
  l: {type: array, items: {type: integer}, default: [%s]}
  token: {type: string, secret: true}
vars: {v: "${{ inputs.n + 1 }}", w: {x: "${{ inputs.l }}", y: [1, "${{ inputs.a }}"]}}
steps:
`

// drawForetold draws a runbook of a few steps with every part that an expression can be in.
func drawForetold(t *rapid.T) *foretold {
	f := &foretold{fates: map[string]*fate{}, changes: map[string]bool{}, given: map[string][]json.RawMessage{}}
	policy := rapid.SampledFrom([]string{"rollback", "rollback", "stop", "pause"}).Draw(t, "onFailure")
	var b strings.Builder
	fmt.Fprintf(&b, foretoldHead, policy, rapid.Bool().Draw(t, "a"), rapid.Bool().Draw(t, "b"), rapid.IntRange(-1, 2).Draw(t, "n"),
		rapid.SampledFrom([]string{"", "1", "0, 2"}).Draw(t, "l"))
	d := drawer{T: t, world: f}
	steps := rapid.IntRange(1, 7).Draw(t, "steps")
	for i := range steps {
		b.WriteString(d.step(fmt.Sprintf("s%d", i), i))
	}
	if last := rapid.IntRange(0, 2).Draw(t, "finally"); last > 0 {
		b.WriteString("finally:\n")
		for i := range last {
			d.closing = true
			b.WriteString(d.step(fmt.Sprintf("f%d", i), i))
		}
	}
	fmt.Fprintf(&b, "outputs: {o: %s, p: %s}\n", d.tree("o"), d.tree("p"))
	f.text = b.String()
	return f
}

// drawer draws the steps of a runbook, whose expressions use those that were drawn before.
type drawer struct {
	*rapid.T
	world   *foretold
	before  []string // steps that were drawn before
	refs    []string // those whose results can be referred to as those of one
	many    []string // those that were done for many
	each    bool     // it is at a step that is done for many
	closing bool     // it is at those of `finally`
}

func (d *drawer) often(what string, one, of int) bool {
	return rapid.IntRange(1, of).Draw(d.T, what) <= one
}

func (d *drawer) step(id string, place int) string {
	uses := rapid.SampledFrom([]string{"fate.change", "fate.change", "fate.read", "fate.read", "fate.ask"}).Draw(d.T, "uses")
	if uses == "fate.ask" && !d.often("asks", 1, 4) {
		uses = "fate.change"
	}
	changes := uses == "fate.change"
	if changes && d.often("no way back", 1, 3) {
		uses = "fate.once"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "  - id: %s\n    uses: %s\n%s", id, uses, d.loop(id))
	defer func() { d.each = false }()
	fmt.Fprintf(&b, "    with: %s\n", d.with(id, !changes))
	if place > 0 {
		d.world.fates[id].after = d.before[len(d.before)-1]
	}
	if d.often("needs", 1, 3) {
		d.world.fates[id].after = ""
		var needs []string
		for _, need := range d.before[len(d.before)-place:] {
			if d.often("need", 1, 3) {
				needs = append(needs, need)
				d.world.fates[id].after = need // of what changes nothing, it is what it was
			}
		}
		fmt.Fprintf(&b, "    needs: [%s]\n", strings.Join(needs, ", "))
	}
	if d.often("when", 1, 3) {
		fmt.Fprintf(&b, "    when: %s\n", quoted(d.condition(2)))
	}
	if d.often("gate", 1, 2) {
		fmt.Fprintf(&b, "    gate: [%s]\n", d.looks(id, "gate"))
	}
	d.before = append(d.before, id)
	others := d.refs
	d.refs = append(slices.Clone(d.refs), id) // whose results its verify and its compensation may use
	if d.each {
		defer func() { d.refs, d.many = others, append(d.many, id) }()
	}
	if d.often("verify", 1, 3) {
		fmt.Fprintf(&b, "    verify: [%s]\n", d.looks(id, "verify"))
	}
	if d.often("retry", 1, 3) {
		b.WriteString("    retry: {attempts: 2, delay: 1s}\n")
	}
	if policies := []string{"rollback", "stop", "pause", "continue"}; d.often("policy", 1, 3) && !d.closing {
		fmt.Fprintf(&b, "    onFailure: %s\n", rapid.SampledFrom(policies).Draw(d.T, "policy"))
	}
	if changes && d.often("rollback", 1, 3) {
		fmt.Fprintf(&b, "    rollback: {uses: fate.change, with: %s}\n", d.with("back-"+id, false))
	} else if changes && d.often("stays", 1, 3) {
		b.WriteString("    rollback: {none: it stays}\n")
	}
	return b.String()
}

// loop draws what a step is done for, some of which is known before the run.
func (d *drawer) loop(id string) string {
	if !d.often("for many", 1, 4) {
		return ""
	}
	over := []string{"${{ inputs.l }}", "${{ vars.w.x }}", "[x, yy, z]", "{p: 1, q: 2}"}
	for _, of := range d.refs {
		over = append(over, "${{ uniq(steps."+of+".outputs.list) }}")
	}
	text := "    foreach: " + rapid.SampledFrom(over).Draw(d.T, "foreach") + "\n"
	if d.often("batch", 1, 2) {
		text += fmt.Sprintf("    batch: {sizes: [%s], maxParallel: %d, maxFailures: %s, pause: %s", rapid.SampledFrom([]string{"1", "2", "1, 50%"}).Draw(d.T, "sizes"),
			rapid.IntRange(1, 3).Draw(d.T, "at once"), rapid.SampledFrom([]string{"0", "1", "50%"}).Draw(d.T, "may fail"), rapid.SampledFrom([]string{"0s", "2s"}).Draw(d.T, "pause"))
		if d.often("between", 1, 2) {
			text += ", between: [{expr: " + quoted(d.condition(1)+" || size(steps."+id+".outputs.list) >= 0") + "}]"
		}
		text += "}\n"
	}
	d.each = true
	return text
}

// with draws the parameters of an action, and what becomes of it. What is read is the same each
// time, but for what a step changes that the reader waits for.
func (d *drawer) with(name string, reads bool) string {
	drawn := &fate{
		fails: rapid.SampledFrom([]sdk.Class{"", "", "", "", "", "", "", "", sdk.Permanent, sdk.Transient}).Draw(d.T, "fails"),
		tries: max(0, rapid.IntRange(-3, 2).Draw(d.T, "tries")),
		outputs: fateOutput{
			N: rapid.IntRange(-1, 2).Draw(d.T, "said n"), OK: rapid.Bool().Draw(d.T, "said ok"),
			Said: rapid.SampledFrom([]string{"", "x"}).Draw(d.T, "said"), List: rapid.SliceOfN(rapid.IntRange(0, 2), 0, 2).Draw(d.T, "said list"),
		},
	}
	if reads {
		drawn.tries = 0
	}
	d.world.fates[name], d.world.changes[name] = drawn, !reads
	of := name
	if d.each {
		of = `"` + name + `/${{ each.key }}"`
	}
	return fmt.Sprintf(`{name: %s, value: %s, token: "${{ inputs.token }}"}`, of, d.tree(name))
}

// looks draws the conditions of a gate or a verify, some over an observation.
func (d *drawer) looks(id, part string) string {
	var all []string
	for i := range rapid.IntRange(1, 2).Draw(d.T, part) {
		text := d.condition(2)
		if d.often("likely", 1, 2) {
			text = "inputs.n < 5 || " + text
		}
		more := ""
		if d.often("observes", 1, 3) {
			name := fmt.Sprintf("%s-%s%d", part, id, i)
			more = ", observe: {uses: fate.read, with: " + d.with(name, true) + "}"
			text = rapid.SampledFrom([]string{"observed.ok || %s", "observed.n > 0 && %s", "%s"}).Draw(d.T, "observed")
			text = strings.Replace(text, "%s", "("+d.condition(1)+")", 1)
		}
		if d.often("waits", 1, 4) {
			more += ", within: 10s, every: 4s"
		}
		all = append(all, fmt.Sprintf("{expr: %s%s}", quoted(text), more))
	}
	return strings.Join(all, ", ")
}

// condition draws a CEL condition, of parts that are known before the run and others.
func (d *drawer) condition(depth int) string {
	if depth == 0 || d.often("leaf", 1, 4) {
		return d.leaf()
	}
	left, right := d.condition(depth-1), d.condition(depth-1)
	switch rapid.IntRange(0, 3).Draw(d.T, "operator") {
	case 0:
		return "(" + left + " && " + right + ")"
	case 1:
		return "(" + left + " || " + right + ")"
	case 2:
		return "!(" + left + ")"
	default:
		return "(" + left + " ? " + right + " : " + d.condition(depth-1) + ")"
	}
}

func (d *drawer) leaf() string {
	leaves := []string{
		"inputs.a", "inputs.b", "inputs.n > 0", "vars.v > 1", "inputs.n in inputs.l", "vars.w.x == [1]", "inputs.l.all(x, x < 2)",
		"inputs.token.startsWith('h')", "run.runbook == 'test'", "run.actor == 'alice'", "now > timestamp('1999-01-01T00:00:00Z')",
	}
	if d.each {
		leaves = append(leaves, "each.index > 0", "each.key == '1'", "size(each.key) < 2")
	}
	for _, id := range d.many {
		leaves = append(leaves, "size(steps."+id+".outputs.list) > 0", "steps."+id+".outputs.list.all(x, x.ok)", "steps."+id+".status == 'succeeded'")
	}
	if len(d.refs) > 0 {
		of := []string{
			"~.outputs.ok", "~.outputs.n > inputs.n", "~.outputs.list.exists(x, x > inputs.n)", "~.status == 'succeeded'", "~.status == 'skipped'",
			"has(~.outputs) && ~.outputs.said == 'x'", "has(~.error)", "inputs.n in ~.outputs.list", "[~.outputs.n, inputs.n] == [1, 1]",
		}
		step := "steps." + rapid.SampledFrom(d.refs).Draw(d.T, "of")
		for _, leaf := range of {
			leaves = append(leaves, strings.ReplaceAll(leaf, "~", step))
		}
	}
	return rapid.SampledFrom(leaves).Draw(d.T, "leaf")
}

// tree draws a value of which some parts may be known before the run and others not.
func (d *drawer) tree(name string) string {
	return fmt.Sprintf(`{k: %s, l: [%s, %s], m: {of: %s}}`, d.value(), d.value(), d.value(), name)
}

func (d *drawer) value() string {
	values := []string{
		"1", `"${{ inputs.n }}"`, `"${{ inputs.n + vars.v }}"`, `"n is ${{ inputs.n }}"`, `"${{ vars.w }}"`, `"${{ inputs.l }}"`,
		`"${{ run.runbook }}"`, `"${{ run.id }}"`, `"${{ inputs.a ? 'on' : 'off' }}"`, `{deep: ["${{ inputs.b }}"]}`,
	}
	if d.each {
		values = append(values, `"${{ each.value }}"`, `"${{ each.key }} is ${{ each.index }}"`)
	}
	for _, id := range d.many {
		values = append(values, `"${{ steps.`+id+`.outputs.list }}"`, `"${{ steps.`+id+`.status }}"`)
	}
	if len(d.refs) > 0 {
		of := []string{
			`"${{ ~.outputs.n }}"`, `"${{ ~.status }}"`, `"${{ ~.outputs }}"`, `"it was ${{ ~.status }}"`, `"${{ inputs.a ? 1 : ~.outputs.n }}"`,
			`{deep: ["${{ ~.outputs.said }}", "${{ inputs.b }}"]}`, `"${{ ~.status == 'skipped' ? 0 : ~.outputs.n }}"`,
		}
		step := "steps." + rapid.SampledFrom(d.refs).Draw(d.T, "of")
		for _, v := range of {
			values = append(values, strings.ReplaceAll(v, "~", step))
		}
	}
	return rapid.SampledFrom(values).Draw(d.T, "value")
}

// quoted is a text as a scalar of YAML.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// handlers are the actions of the world.
func (f *foretold) handlers() []sdk.Handler {
	tried, changed := map[string]int{}, map[string]bool{}
	do := func(_ context.Context, call *sdk.Call[fateInput]) (fateOutput, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		of, _, _ := strings.Cut(call.Input.Name, "/") // its instances share a fate
		fate := f.fates[of]
		if tried[call.Input.Name]++; tried[call.Input.Name] <= fate.tries {
			return fateOutput{}, sdk.Errorf(sdk.Transient, "not yet")
		}
		if fate.fails != "" {
			return fateOutput{}, sdk.Errorf(fate.fails, "it is broken")
		}
		outputs := fate.outputs
		if changed[fate.after] {
			outputs.N, outputs.OK = outputs.N+1, !outputs.OK
		}
		changed[of] = f.changes[of]
		return outputs, nil
	}
	undo := func(context.Context, *sdk.Call[fateInput]) error { return nil }
	ask := func(context.Context, *sdk.Call[fateInput]) (sdk.Question, error) {
		return sdk.Question{Message: "Yes?"}, nil
	}
	answer := func(context.Context, *sdk.Call[fateInput], sdk.Answer) (fateOutput, error) { return fateOutput{}, nil }
	var handlers []sdk.Handler
	for _, a := range []sdk.Action[fateInput, fateOutput]{
		{Name: "fate.read", Summary: "look", Effect: sdk.Read, Apply: do, InPlan: true},
		{Name: "fate.change", Summary: "change", Effect: sdk.Change, Apply: do, Undo: undo},
		{Name: "fate.once", Summary: "change for good", Effect: sdk.Change, Apply: do},
		{Name: "fate.ask", Summary: "ask", Effect: sdk.Read, Ask: ask, Answer: answer},
	} {
		h, err := a.Handler()
		if err != nil {
			panic(err)
		}
		handlers = append(handlers, kept{h, f})
	}
	return handlers
}

// kept keeps what an action is given.
type kept struct {
	sdk.Handler
	world *foretold
}

func (k kept) Apply(ctx context.Context, request sdk.Request, host sdk.Host) (json.RawMessage, error) {
	if !request.InPlan {
		k.world.keep("", request.Params)
	}
	return k.Handler.Apply(ctx, request, host)
}

func (k kept) Undo(ctx context.Context, request sdk.Request, host sdk.Host) error {
	k.world.keep("-", request.Params)
	return k.Handler.Undo(ctx, request, host)
}

func (k kept) Ask(ctx context.Context, request sdk.Request) (sdk.Question, error) {
	k.world.keep("", request.Params)
	return k.Handler.Ask(ctx, request)
}

func (f *foretold) keep(undo string, params json.RawMessage) {
	var of fateInput
	if err := json.Unmarshal(params, &of); err != nil {
		panic(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.given[undo+of.Name] = append(f.given[undo+of.Name], params)
}
