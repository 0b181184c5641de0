package compare_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/check/checktest"
	"github.com/gatebook/gatebook/engine/compare"
	"github.com/gatebook/gatebook/engine/input"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/review"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/steps"
)

func version(t testing.TB, text string, given ...input.Given) compare.Version {
	t.Helper()
	handlers, err := steps.Builtin(steps.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.New(engine.Config{Handlers: handlers, State: t.TempDir(), Files: ofOurs})
	if err != nil {
		t.Fatal(err)
	}
	runbook, found := e.Check(source.NewFile("book.yaml", []byte(text)))
	if found.HasErrors() {
		t.Fatalf("%v\n%s", found, text)
	}
	planned, found, err := e.Sketch(runbook, given, "")
	if err != nil || planned == nil {
		t.Fatal(err, found)
	}
	shown := plan.Offline(planned.Plan)
	return compare.Version{Runbook: runbook.Checked, Plan: shown, Review: review.Of(shown, nil)}
}

// ofOurs brings what our own runbooks take in.
func ofOurs(_, name string) (file *source.File, real string, err error) {
	return checktest.Beside("../../runbooks/book.yaml", name)
}

const book = `apiVersion: gatebook/v1
kind: Runbook
metadata: {name: web, version: 1.0.0, lock: web}
objectives: {rto: 30m}
inputs:
  image: {type: string}
  token: {type: string, secret: true}
vars: {least: 3}
onFailure: rollback
steps:
  - {id: look, uses: exec.check, with: {command: ["true"]}, timeout: 1m}
  - {id: ask, uses: approve, with: {message: "Go on?"}, needs: [look]}
  - id: change
    uses: exec
    needs: [ask, look]
    when: steps.look.outputs.exitCode == 0
    gate:
      observe: {uses: http.check, with: {url: "http://127.0.0.1:1/"}}
      expr: observed.status >= vars.least && observed.status < 300
      within: 5m
      hold: 30s
    with: {command: [echo, "${{ inputs.image }}"], idempotent: true}
    rollback: {uses: exec, with: {command: [echo, back]}}
    retry: {attempts: 3}
    timeout: 5m
  - {id: tell, uses: exec, with: {command: [echo], env: {TOKEN: "${{ inputs.token }}"}}, timeout: 1m, rollback: {none: nothing to take back}}
finally:
  - {id: clean, uses: exec, with: {command: [echo, clean]}, timeout: 1m, rollback: {none: it only cleans}}
outputs: {image: "${{ inputs.image }}"}
`

// What is touched is compared where the actions were asked: things by name, and acts by how
// often they are done.
func TestWhatIsTouchedIsCompared(t *testing.T) {
	t.Parallel()
	touching := func(objects ...review.Objects) compare.Version {
		v := version(t, book)
		asked, touches := *v.Plan, *v.Review
		asked.Offline, touches.Radius = false, objects
		return compare.Version{Runbook: v.Runbook, Plan: &asked, Review: &touches}
	}
	runs := func(commands ...string) review.Objects {
		return review.Objects{Kind: "command", Op: "run", Targets: commands}
	}
	for name, c := range map[string]struct {
		before, after compare.Version
		want          string
	}{
		"the same":     {touching(runs("a", "b", "a")), touching(runs("b", "a", "a")), ""},
		"once more":    {touching(runs("a")), touching(runs("a", "a")), "higher blastRadius: 1 more: run command"},
		"once less":    {touching(runs("a", "b", "a")), touching(runs("a", "b")), "lower blastRadius: 1 fewer: run command"},
		"another kind": {touching(), touching(review.Objects{Kind: "Node", Op: "update", Targets: []string{"n1", "n2"}}), "higher blastRadius: 2 more: update Node"},
	} {
		if got := said(compare.Of(c.before, c.after)); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// A point of no return that has another name is the same one.
func TestAnotherNameIsNoOtherPointOfNoReturn(t *testing.T) {
	t.Parallel()
	text := strings.Replace(book, ", rollback: {none: nothing to take back}", "", 1)
	before, after := version(t, text), version(t, strings.Replace(text, "{id: tell,", "{id: announce,", 1))
	if before.Review.NoReturn != "tell" {
		t.Fatalf("no return from %q", before.Review.NoReturn)
	}
	gone := version(t, strings.Replace(text, "  - {id: tell, uses: exec, with: {command: [echo], env: {TOKEN: \"${{ inputs.token }}\"}}, timeout: 1m}\n", "", 1))
	if got := said(compare.Of(before, gone)); !strings.Contains(got, "lower noReturn: there is no point of no return any more") {
		t.Errorf("without the step: %q", got)
	}
	if got, want := said(compare.Of(before, after)), "same announce step: the step has another name"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// What people are asked to do is done to the world, and is no question.
func TestWorkByHandIsNoQuestion(t *testing.T) {
	t.Parallel()
	const head = "apiVersion: gatebook/v1\nkind: Runbook\nmetadata: {name: web, version: 1.0.0}\nsteps:\n"
	const look = "  - {id: look, uses: exec.check, with: {command: [look]}}\n"
	const exec = "  - {id: wipe, uses: exec, with: {command: [wipe]}, rollback: {none: it is wiped}}\n"
	const manual = "  - {id: wipe, uses: manual, with: {instructions: Wipe it}, rollback: {none: it is wiped}}\n"
	for name, use := range map[string]struct{ before, after, want string }{
		"a new step":        {look, look + manual, "higher wipe step: a new step that has people change something, and that nothing takes back: it is wiped"},
		"instead of a step": {exec, manual, "undecided wipe action: people are asked to do it now"},
		"by a step now":     {manual, exec, "higher wipe action: it asks people no more"},
	} {
		if got := said(compare.Of(version(t, head+use.before), version(t, head+use.after))); got != use.want {
			t.Errorf("%s: got %s, want %s", name, got, use.want)
		}
	}
}

// What is the same with the inputs that are given, and not with others, is said.
func TestWhatIsTheSameWithTheseInputsIsSaid(t *testing.T) {
	t.Parallel()
	const gated = `apiVersion: gatebook/v1
kind: Runbook
metadata: {name: web, version: 1.0.0}
inputs: {n: {type: integer}}
vars: {m: "${{ inputs.n * 2 }}"}
steps:
  - {id: a, uses: exec.check, with: {command: [a]}, when: vars.m > 0, gate: [{expr: inputs.n < 5}, {expr: "now > timestamp('2020-01-01T00:00:00Z')"}]}
`
	n := input.Given{Name: "n", Text: "3", By: input.ByFlag, Origin: "-i n"}
	for name, use := range map[string]struct{ old, new, want string }{
		"one less":     {"{expr: inputs.n < 5}, ", "", "same a gate: the gate has changed, and is the same with these inputs"},
		"another when": {"vars.m > 0", "vars.m > 1", "same a when: when it is done has changed, and is the same with these inputs"},
		"the same":     {"inputs.n < 5", "5 > inputs.n", ""},
		"another gate": {"inputs.n < 5", "inputs.n < 3", "lower a gate: the gate is no weaker, and may be stronger"},
	} {
		before, after := version(t, gated, n), version(t, strings.Replace(gated, use.old, use.new, 1), n)
		if got := said(compare.Of(before, after)); got != use.want {
			t.Errorf("%s: got %s, want %s", name, got, use.want)
		}
	}
}

// What a change means; each row replaces some text of the book.
func TestAChangeIsSaidToMean(t *testing.T) {
	t.Parallel()
	for name, use := range map[string]struct{ old, new, want string }{
		"nothing":               {"", "", ""},
		"its spelling":          {"observed.status < 300", "300>observed.status", ""},
		"a condition, no less":  {"observed.status >= vars.least &&", "vars.least <= observed.status && !(observed.status < 1) &&", ""},
		"a weaker gate":         {"observed.status >= vars.least && ", "", "higher change gate: the gate is weaker: it holds now, and did not, where observed.status is 0"},
		"a stronger gate":       {"observed.status < 300", "observed.status < 200", "lower change gate: the gate is stronger: it held, and does not now, where observed.status is 200"},
		"a gate by a var":       {"least: 3", "least: 2", "higher change gate: the gate is weaker, by what its names mean: it holds now, and did not, where observed.status is 2; same var: the var least has changed"},
		"another gate":          {"observed.status < 300", "observed.latency < duration('1s')", "undecided change gate: the gate has changed: it holds now, and did not, where observed.status is 300 and observed.latency is \"0s\""},
		"of something else":     {"127.0.0.1:1/\"}}\n      expr", "127.0.0.1:2/\"}}\n      expr", "higher change gate: the gate no longer asks for something; lower change gate: the gate asks for something more"},
		"a shorter hold":        {"hold: 30s", "hold: 10s", "higher change gate: the gate must hold for a shorter time; same time: the critical path is 20s shorter"},
		"a hold that is gone":   {"      hold: 30s\n", "", "higher change gate: the gate must hold for a shorter time; same time: the critical path is 30s shorter"},
		"seldom looks":          {"      hold: 30s\n", "      hold: 30s\n      every: 20s\n", "higher change gate: while the gate must hold, it is looked at less often"},
		"a default":             {"image: {type: string}", "image: {type: string, default: web}", "undecided input: the input image has changed; undecided change parameter: command is another one, by what its names mean"},
		"no way back":           {"rollback: {uses: exec, with: {command: [echo, back]}}", "rollback: {none: why not}", "higher change rollback: nothing takes it back any more"},
		"another way back":      {"[echo, back]", "[echo, forth]", "undecided change parameter: command of what takes it back is another one"},
		"no limit":              {"    timeout: 5m\n", "", "higher change timeout: how long an attempt may take has changed; higher change timeout: how long taking it back may take has changed; same time: the critical paths cannot be compared: nobody knows how long change takes now"},
		"more attempts":         {"attempts: 3", "attempts: 5", "same change retry: how often it is tried has changed"},
		"in more cases":         {"    when: steps.look.outputs.exitCode == 0\n", "", "higher change when: it is done in more cases: it is done now, and was not, where steps.look.outputs.exitCode is -1"},
		"nobody is asked":       {`  - {id: ask, uses: approve, with: {message: "Go on?"}, needs: [look]}` + "\n  - id: change\n    uses: exec\n    needs: [ask, look]\n", "  - id: change\n    uses: exec\n    needs: [look]\n", "higher ask step: a step that asked people is gone"},
		"asserted, not asked":   {`uses: approve, with: {message: "Go on?"}`, `uses: assert, with: {that: true}`, "higher ask action: it asks people no more"},
		"no waiting":            {"needs: [ask, look]", "needs: [look]", "higher change order: it no longer waits for ask"},
		"a way round":           {"needs: [ask, look]", "needs: [ask]", ""}, // it waits for look by way of ask
		"another name":          {"{id: tell,", "{id: announce,", "same announce step: the step has another name"},
		"another parameter":     {"[echo, \"${{ inputs.image }}\"]", "[echo, -n, \"${{ inputs.image }}\"]", "undecided change parameter: command is another one"},
		"another action":        {"{id: look, uses: exec.check", "{id: look, uses: exec", "higher look effect: it does more to the world; higher noReturn: there is a point of no return now; undecided look action: it uses another action; undecided change when: when it is done has changed"},
		"out of finally":        {"finally:\n  - {id: clean,", "  - {id: clean,", "higher clean step: it is done no longer where the run fails before it"},
		"longer waits":          {"retry: {attempts: 3}", "retry: {attempts: 3, factor: 10}", "same change retry: how often it is tried has changed"},
		"no lock":               {", lock: web", "", "higher lock: nothing keeps two runs apart any more"},
		"less after a failure":  {"onFailure: rollback", "onFailure: stop", "higher look onFailure: its failure is met with less; higher ask onFailure: its failure is met with less; higher change onFailure: its failure is met with less; higher tell onFailure: its failure is met with less"},
		"what stays":            {"finally:", "  - {id: wipe, uses: exec, with: {command: [wipe]}, timeout: 1m, rollback: {none: it is wiped}}\nfinally:", "higher wipe step: a new step that changes something, and that nothing takes back: it is wiped; same time: the critical path is 1m longer"},
		"none to finally":       {", rollback: {none: it only cleans}", "", ""}, // no rollback comes to what is of finally
		"a secret shown":        {"token: {type: string, secret: true}", "token: {type: string}", "higher input: the input token is no secret any more: its value is shown and written down"},
		"a new step":            {"finally:", "  - {id: wipe, uses: exec, with: {command: [wipe]}, timeout: 1m}\nfinally:", "higher wipe step: a new step that changes something, with no way back; higher noReturn: there is a point of no return now; same time: the critical path is 1m longer"},
		"beyond the objective":  {"timeout: 5m", "timeout: 45m", "higher time: it takes longer than the rto of 30m; same change timeout: how long an attempt may take has changed; same change timeout: how long taking it back may take has changed; same time: the critical path is 40m longer"},
		"another promise":       {"rto: 30m", "rto: 20m", "lower objective: the objective rto is stronger"},
		"a weaker promise":      {"rto: 30m", "rto: 40m", "higher objective: the objective rto is weaker"},
		"no promise":            {"objectives: {rto: 30m}\n", "", "higher objective: the objective rto is gone"},
		"of lost data":          {"rto: 30m", "rto: 30m, rpo: 5m", "lower objective: the objective rpo is new"},
		"what measures it":      {"rto: 30m", "rto: 30m, dataLoss: '${{ steps.look.outputs.stdout }}s'", "lower objective: data loss is measured now"},
		"a mode":                {"vars:", "modes: {drill: {skip: [clean]}}\nvars:", "undecided mode: the mode drill is new"},
		"a required input":      {"  token:", "  more: {type: string}\n  token:", "same input: the input more is new, and must be given"},
		"what it gives":         {"outputs: {image:", "outputs: {images:", "same output: the output image is gone; same output: the output images is new"},
		"a condition on errors": {"attempts: 3", "attempts: 3, if: error.class == 'transient'", "same change retry: how often it is tried has changed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(book, use.old) {
				t.Fatalf("the book has no %q", use.old)
			}
			compared := compare.Of(version(t, book), version(t, strings.Replace(book, use.old, use.new, 1)))
			if got := said(compared); got != use.want {
				t.Errorf("got  %s\nwant %s", got, use.want)
			}
			if back := compare.Of(version(t, strings.Replace(book, use.old, use.new, 1)), version(t, book)); (len(back.Changes) == 0) != (use.want == "") {
				t.Errorf("back: got %s", said(back))
			}
		})
	}
}

func said(c *compare.Comparison) string {
	texts := make([]string, len(c.Changes))
	for i, change := range c.Changes {
		texts[i] = strings.Join(slices.DeleteFunc([]string{string(change.Risk), change.Step, string(change.Aspect)}, func(s string) bool { return s == "" }), " ") + ": " + change.What
		if change.Example != "" {
			texts[i] += ": " + change.Example
		}
	}
	return strings.Join(texts, "; ")
}

// What holds with the defaults alone is not proven: who runs it may give another value.
func TestADefaultProvesNothing(t *testing.T) {
	t.Parallel()
	const gate = `  least: {type: integer, default: 5}
  image:`
	before := strings.Replace(strings.Replace(book, "  image:", gate, 1), "vars.least", "inputs.least", 1)
	c := compare.Of(version(t, before), version(t, strings.Replace(before, "inputs.least", "5", 1)))
	if got := said(c); !strings.HasPrefix(got, "undecided change gate: the gate has changed") {
		t.Errorf("got %s", got)
	}
}

// Of several conditions each is compared with what it was.
func TestHoldsAreThoseOfTheSameCondition(t *testing.T) {
	t.Parallel()
	gates := func(first, second string) string {
		const of = `      observe: {uses: http.check, with: {url: "http://127.0.0.1:1/"}}
      expr: observed.status >= vars.least && observed.status < 300
      within: 5m
      hold: 30s
`
		const each = "      - {observe: {uses: http.check, with: {url: \"http://127.0.0.1:1/\"}}, within: 1h, expr: observed.status %s, hold: %s}\n"
		return strings.Replace(book, of, fmt.Sprintf(each, "< 300", first)+fmt.Sprintf(each, ">= 200", second), 1)
	}
	for want, after := range map[string]string{
		"higher change gate: the gate must hold for a shorter time; lower change gate: the gate must hold for longer": gates("10m", "1m"),
		"": gates("1m", "10m"),
	} {
		if got := said(compare.Of(version(t, gates("1m", "10m")), version(t, after))); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// Secrets are compared, and never said.
func TestASecretIsNoPartOfAComparison(t *testing.T) {
	t.Parallel()
	c := compare.Of(version(t, book), version(t, strings.Replace(book, "env: {TOKEN:", "env: {KEY:", 1)))
	if text := fmt.Sprintf("%+v", c.Changes); strings.Contains(text, "hunter2") {
		t.Errorf("got %s", text)
	}
}

func TestARunbookIsTheSameAsItself(t *testing.T) {
	t.Parallel()
	books, err := filepath.Glob("../../runbooks/*.yaml")
	if err != nil || len(books) == 0 {
		t.Fatal(books, err)
	}
	for _, name := range books {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "\nplugins:") || strings.HasSuffix(name, ".test.yaml") {
			continue // what they need is not built here, or it is none
		}
		if got := compare.Of(version(t, string(text)), version(t, string(text))); len(got.Changes) > 0 {
			t.Errorf("%s: got %s", name, said(got))
		}
	}
}

func chain(steps int) string {
	var text strings.Builder
	text.WriteString("apiVersion: gatebook/v1\nkind: Runbook\nmetadata: {name: chain, version: 1.0.0}\nsteps:\n")
	for i := range steps {
		fmt.Fprintf(&text, "  - {id: s%d, uses: exec.check, with: {command: [echo, \"%d\"]}, gate: {expr: \"now > timestamp('2020-01-01T00:00:00Z')\"}}\n", i, i)
	}
	return text.String()
}

func BenchmarkCompare(b *testing.B) {
	for _, size := range []int{100, 1000, 10000} {
		before, after := version(b, chain(size)), version(b, strings.Replace(chain(size), "s7,", "seven,", 1))
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				compare.Of(before, after)
			}
		})
	}
}

func TestLimitsAreCompared(t *testing.T) {
	t.Parallel()
	with := func(limits string) string {
		return "apiVersion: gatebook/v1\nkind: Runbook\nmetadata: {name: web, version: 1.0.0}\n" + limits + "steps:\n  - {id: look, uses: exec.check, with: {command: [look]}}\n"
	}
	for name, use := range map[string]struct{ before, after, want string }{
		"the same": {"limits: {maxChanges: 3}\n", "limits: {maxChanges: 3}\n", ""},
		"raised":   {"limits: {maxChanges: 3}\n", "limits: {maxChanges: 4}\n", "higher limit: maxChanges is raised"},
		"lowered":  {"limits: {maxDuration: 1h}\n", "limits: {maxDuration: 30m}\n", "lower limit: maxDuration is lowered"},
		"new":      {"", "limits: {maxDestroys: 0}\n", "lower limit: maxDestroys is limited now"},
		"gone":     {"limits: {maxTargets: 0}\n", "", "higher limit: nothing limits maxTargets any more"},
		"of a unit": {
			"limits: {maxCost: {usd: 5, eur: 1}}\n", "limits: {maxCost: {usd: 5.5}}\n",
			"higher limit: nothing limits maxCost of eur any more; higher limit: maxCost of usd is raised",
		},
	} {
		if got := said(compare.Of(version(t, with(use.before)), version(t, with(use.after)))); got != use.want {
			t.Errorf("%s: got %q, want %q", name, got, use.want)
		}
	}
}
