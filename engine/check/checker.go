package check

import (
	"strings"

	"github.com/gatebook/gatebook/engine/catalog"
	"github.com/gatebook/gatebook/engine/data"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/model"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/schema"
)

// checker is one check under way.
type checker struct {
	model     *model.Runbook
	catalogue *catalog.Catalog
	compiler  *expr.Compiler
	uses      *data.Uses
	runbook   *Runbook
	found     diag.List

	actions []*catalog.Entry          // of each step; nil: it is not known
	places  map[string]int            // the place of each step by its id
	outputs map[string]*schema.Schema // the outputs of each step by its id
	types   *expr.Types               // of the steps' expressions
	anyVars *expr.Types               // the same where nothing is known of the vars; all others come of it
	retries *expr.Types               // of retry.if; made when first needed
	secrets secrets
	loops   loops

	inputs usage
	vars   usage

	taken  taken
	asked  usage           // the windows that conditions ask for
	drills map[string]bool // the runbooks whose last drill they ask for

	connections map[string]*Connection          // by name
	defaults    map[*catalog.Plugin]*Connection // of plugins for which none is declared

	plugins map[string]bool // those of which an action is used, by the runbook's names for them

	waits     []wait // what the step that is being compiled must wait for
	edges     edges
	ids       []string // of all steps; made when first needed
	tooMany   bool     // it has been said that there are too many expressions
	suggested int      // how many candidates "did you mean" has looked at
}

func newChecker(runbook *model.Runbook, catalogue *catalog.Catalog, options Options) *checker {
	compiler := expr.NewCompiler()
	size := len(runbook.Steps.Items) + len(runbook.Finally.Items)
	c := &checker{
		model:     runbook,
		catalogue: catalogue,
		compiler:  compiler,
		uses:      data.NewUses(compiler),
		runbook:   &Runbook{Model: runbook, Windows: options.Windows, Steps: make([]*Step, 0, size), TakenInAs: options.TakenInAs},
		places:    make(map[string]int, size),
		outputs:   make(map[string]*schema.Schema, size),
		inputs:    usage{names: map[string]bool{}},
		vars:      usage{names: map[string]bool{}},
		plugins:   map[string]bool{},
		taken:     taken{runbooks: options.Runbooks, entries: map[*Runbook]*catalog.Entry{}},
		asked:     usage{names: map[string]bool{}},
		drills:    map[string]bool{},
		loops:     newLoops(),
		edges:     newEdges(size),
	}
	c.addSteps(runbook.Steps.Items, false)
	c.addSteps(runbook.Finally.Items, true)
	return c
}

// addSteps takes the steps in. Of two with one id, which the model has reported, the
// first is meant.
func (c *checker) addSteps(steps []*model.Step, finally bool) {
	for _, step := range steps {
		if step == nil {
			continue
		}
		index := len(c.runbook.Steps)
		c.runbook.Steps = append(c.runbook.Steps, &Step{Index: index, Model: step, Finally: finally})
		if _, taken := c.places[step.ID.Value]; !taken && step.ID.Value != "" {
			c.places[step.ID.Value] = index
		}
	}
}

// add takes findings in. That expressions are too many is said of the first of them.
func (c *checker) add(found ...diag.Diagnostic) {
	for _, d := range found {
		if d.Rule == diag.ExprTooMany {
			if c.tooMany {
				continue
			}
			c.tooMany = true
		}
		c.found = append(c.found, d)
	}
}

// findActions looks up the action of each step, whose outputs expressions may use.
func (c *checker) findActions() {
	c.actions = make([]*catalog.Entry, len(c.runbook.Steps))
	for i, step := range c.runbook.Steps {
		c.actions[i] = c.actionOf(step)
		if c.places[step.ID()] != i {
			continue
		}
		c.outputs[step.ID()] = nil
		if c.actions[i] != nil {
			c.outputs[step.ID()] = c.actions[i].Description.Output
		}
		if step.Model.Foreach.Node != nil {
			c.outputs[step.ID()] = c.loops.outputsOf(c.outputs[step.ID()])
		}
	}
}

// action looks up an action by its name. A missing name is the model's finding.
func (c *checker) action(name model.Text) *catalog.Entry {
	if name.Value == "" {
		return nil
	}
	alias, _, _ := strings.Cut(name.Value, ".")
	c.plugins[alias] = true // also where it has no such action: it is what is meant
	entry, ok := c.catalogue.Lookup(name.Value)
	if !ok && !c.ofUnusable(name.Value) {
		found := diag.UnknownAction.At(name.Range(), "There is no action %q.", diag.Clean(name.Value))
		c.add(c.suggest(found, name.Value, c.catalogue.Names()))
	}
	return entry
}

// maxSuggested bounds the work of all suggestions together, so that a thousand wrong
// names among ten thousand steps are still found at once.
const maxSuggested = 200_000

// suggest adds "did you mean".
func (c *checker) suggest(found diag.Diagnostic, word string, candidates []string) diag.Diagnostic {
	if c.suggested += len(candidates); c.suggested > maxSuggested {
		return found
	}
	if near, ok := diag.Nearest(word, candidates); ok {
		return found.WithHint("did you mean %q?", near)
	}
	return found
}

// data compiles data at a place and follows its references.
func (c *checker) data(at site, value model.Value, types *expr.Types) *data.Tree {
	tree, found := data.Compile(c.compiler, types, value.Node)
	c.add(found...)
	for ref := range tree.References() {
		c.refer(at, ref)
	}
	return tree
}

// use compiles one use of an action; nil where there is no such action.
func (c *checker) use(at site, action *catalog.Entry, name model.Text, with model.Map[model.Value]) *data.Use {
	tree := data.Empty()
	if with.Node != nil {
		tree = c.data(at, model.Value{Placed: with.Placed}, c.types)
	}
	if action == nil {
		return nil
	}
	use, found := c.uses.Make(action, tree, name.Range())
	c.add(found...)
	c.checkFlow(use)
	return use
}

// condition compiles a CEL expression; nil where there is none or it has faults. What
// one with faults refers to counts all the same: a fault must hide no other.
func (c *checker) condition(at site, text model.Expr, types *expr.Types) *expr.Condition {
	if text.Node == nil || text.Value == "" {
		return nil
	}
	condition, faults := c.compiler.Condition(text.Value, types)
	c.add(data.Faults(text.Node, faults)...)
	refs := expr.Text{Text: text.Value}.Mentions
	if condition != nil && len(faults) == 0 {
		refs = condition.Refs
	}
	c.asksFor(condition, text.Value)
	for ref := range data.Place(text.Node, refs()) {
		c.refer(at, ref)
	}
	return condition
}

// plain warns of an expression in a text that is shown as it is written.
func (c *checker) plain(text model.Text, what string) {
	if start, end, ok := findTemplate(text.Value); ok {
		c.add(diag.PlainText.At(text.Node.RangeOf(start, end), "The %s is shown as it is written here.", what))
	}
}

// checkUnused warns of inputs, vars and windows that no expression uses.
func (c *checker) checkUnused() {
	for _, input := range c.model.Inputs.Entries {
		c.warnUnused(diag.UnusedInput, "inputs", &c.inputs, input.Key)
	}
	for _, v := range c.model.Vars.Entries {
		c.warnUnused(diag.UnusedVar, "vars", &c.vars, v.Key)
	}
	for _, w := range c.model.Windows.Entries {
		if !c.asked.all && !c.asked.names[w.Key.Value] {
			c.add(diag.UnusedWindow.At(w.Key.Range(), "No condition asks for the window %s.", diag.Clean(w.Key.Value)))
		}
	}
}

// asksFor notes which windows, and which drills, a condition asks for. Of one with faults nobody
// can tell.
func (c *checker) asksFor(condition *expr.Condition, text string) {
	switch {
	case condition != nil:
		for _, name := range condition.Windows() {
			c.asked.names[name] = true
		}
		for _, name := range condition.Drills() {
			c.drills[name] = true
		}
	case strings.Contains(text, "window"):
		c.asked.all = true
	}
}

func (c *checker) warnUnused(rule *diag.Rule, root string, used *usage, name model.Text) {
	if !used.all && !used.names[name.Value] {
		c.add(rule.At(name.Range(), "No expression uses %s.%s.", root, diag.Clean(name.Value)))
	}
}

// usage says which inputs, or vars, are used.
type usage struct {
	names map[string]bool
	all   bool // the whole, or one under a computed name
}

func (u *usage) use(path []string) {
	if len(path) == 0 {
		u.all = true
		return
	}
	u.names[path[0]] = true
}

// wait is something that a step must wait for.
type wait struct {
	step int
	at   source.Range
}
