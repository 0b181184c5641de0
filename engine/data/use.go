package data

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/gatebook/gatebook/engine/catalog"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/schema"
)

// Use is one use of an action: the action and its parameters. It is immutable and
// safe for concurrent use.
type Use struct {
	Action *catalog.Entry
	With   *Tree

	at    source.Range // where the action is named
	rules []rule
	clear []source.Range // where secrets are written down
}

// rule is a rule of an action across its parameters, compiled.
type rule struct {
	*expr.Condition
	message string // without its full stop
}

// self is the name of the parameters in an action's rules.
const self = "self"

// Uses makes the uses of actions, of each of which the rules are compiled once. It is
// not safe for concurrent use.
type Uses struct {
	compiler *expr.Compiler
	types    *expr.Types
	rules    map[*catalog.Entry][]rule
	foreign  map[*catalog.Entry]bool // whether it takes CEL; see [Uses.expressions]
	secret   map[*catalog.Entry]bool // whether it takes secrets; see [Uses.inClear]
}

// NewUses returns a maker of uses.
func NewUses(compiler *expr.Compiler) *Uses {
	return &Uses{
		compiler: compiler, types: expr.NewTypes(nil, nil, nil),
		rules: map[*catalog.Entry][]rule{}, foreign: map[*catalog.Entry]bool{}, secret: map[*catalog.Entry]bool{},
	}
}

// Make makes a use of an action that is named at a place, and reports what is wrong
// with its parameters whatever their expressions come to.
func (u *Uses) Make(action *catalog.Entry, with *Tree, at source.Range) (*Use, diag.List) {
	rules, found := u.rulesOf(action, at)
	use := &Use{Action: action, With: with, at: at, rules: rules}
	found = append(found, use.Check(with.Static())...)
	for leaf := range with.Leaves(action.Description.Input) {
		if !leaf.Fits() {
			found = append(found, misfit(action, leaf))
		}
	}
	for _, secret := range u.inClear(action, with) {
		use.clear = append(use.clear, secret.Range)
		found = append(found, secret)
	}
	return use, append(found, u.expressions(action, with)...)
}

// misfit says that an expression gives what its place cannot hold.
func misfit(action *catalog.Entry, leaf Leaf) diag.Diagnostic {
	want := leaf.Into.Types()
	found := diag.InvalidParameter.At(leaf.Range(), "The %s wants %s for %s, and this expression gives %s.",
		action, diag.Article(strings.Join(want, " or ")), leaf.Into.Field, diag.Article(leaf.Type()))
	if slices.Contains(want, schema.TypeString) {
		return found.WithHint("write string(…) around it")
	}
	return found
}

// rulesOf compiles the rules of an action when it is first used.
func (u *Uses) rulesOf(action *catalog.Entry, at source.Range) ([]rule, diag.List) {
	if known, ok := u.rules[action]; ok {
		return known, nil
	}
	var found diag.List
	rules := make([]rule, 0, len(action.Description.Rules))
	types := u.types.With(self, action.Description.Input)
	for _, declared := range action.Description.Rules {
		condition, faults := u.compiler.Condition(declared.Expr, types)
		if len(faults) > 0 && faults[0].Rule == diag.ExprTooMany {
			found = append(found, diag.ExprTooMany.At(at, "%s", faults[0].Detail))
			continue
		}
		if why := misread(condition, faults); why != "" {
			found = append(found, diag.FaultyAction.At(at, "A rule of the %s cannot be read (%s): %s", action, declared.Expr, why))
			continue
		}
		rules = append(rules, rule{condition, strings.TrimSuffix(declared.Message, ".")})
	}
	if _, err := action.Input(); err != nil {
		found = append(found, diag.FaultyAction.At(at,
			"The schema of the parameters of %s cannot be used: %v.", action.Description.Name, err))
	}
	u.rules[action] = rules
	return rules, found
}

// misread says why a rule cannot be read; empty: it can. One that names what only the
// expressions of a runbook know would never be broken.
func misread(condition *expr.Condition, faults []expr.Fault) string {
	if len(faults) > 0 {
		return faults[0].Detail
	}
	for _, ref := range condition.Refs() {
		if ref.Root != self {
			return "it names " + ref.String() + ", and a rule knows the parameters alone, as " + self + "."
		}
	}
	return ""
}

// Faults returns what is wrong with what an action says of itself, whoever uses it: rules
// that cannot be read, and examples that break the others.
func (u *Uses) Faults(action *catalog.Entry) diag.List {
	var nowhere source.Range
	rules, found := u.rulesOf(action, nowhere)
	use := &Use{Action: action, rules: rules}
	for _, example := range action.Description.Examples {
		params, err := value.FromGo(example.With)
		if err != nil {
			found = append(found, diag.FaultyAction.At(nowhere, "The example %q of the %s cannot be read: %v.", example.Title, action, err))
			continue
		}
		for _, message := range use.brokenRules(params) {
			found = append(found, diag.FaultyAction.At(nowhere, "The example %q of the %s breaks a rule of it: %s.", example.Title, action, message))
		}
	}
	return found
}

// Check returns what is wrong with parameters, as far as they are known. Of the rules
// across parameters it tells those that are broken whatever becomes of the parameters
// that are wrong by themselves.
func (u *Use) Check(params value.Value) diag.List {
	var found diag.List
	violations := u.violations(params)
	for _, v := range violations {
		found = append(found, u.place(v))
	}
	for _, message := range u.brokenRules(sound(params, violations)) {
		found = append(found, diag.BrokenRule.At(u.at, "The %s says: %s.", u.Action, message))
	}
	return found
}

func (u *Use) violations(params value.Value) []schema.Violation {
	validator, err := u.Action.Input()
	if err != nil {
		return nil // reported where the action is first used
	}
	return validator.Validate(ForSchema(Secrets(params, u.Action.Description.Input)))
}

// sound returns the parameters with those unknown that are wrong or missing, and those
// that a superfluous one was meant to be.
func sound(params value.Value, violations []schema.Violation) value.Value {
	if len(violations) == 0 {
		return params
	}
	members := map[string]value.Value{}
	for _, m := range params.Members() {
		members[m.Name] = m.Value
	}
	for _, v := range violations {
		faulty := value.Unknown(value.Cause{Reason: "it has a fault"})
		switch {
		case len(v.Path) > 0:
			members[v.Path[0]] = faulty
		case v.Property != "":
			members[v.Property] = faulty
		default:
			return faulty // all of them together
		}
		if near, ok := diag.Nearest(v.Property, v.Known); ok && len(v.Path) == 1 {
			members[near] = faulty
		}
	}
	return value.ObjectOf(members)
}

func (u *Use) brokenRules(params value.Value) []string {
	var broken []string
	for _, r := range u.rules {
		if r.Eval(Only(self, params)).Truth == expr.False {
			broken = append(broken, r.message)
		}
	}
	return broken
}

// place makes a finding of a violation: a missing parameter where the action is
// named, a superfluous one at its key, and any other at its value.
func (u *Use) place(v schema.Violation) diag.Diagnostic {
	rule, at := diag.InvalidParameter, u.at
	word := v.Property
	switch v.Keyword {
	case "required":
		rule = diag.MissingParameter
		if place, ok := u.With.Find(v.Path); ok && len(v.Path) > 0 {
			at = place
		}
	case "additionalProperties":
		rule = diag.UnknownParameter
		if place, ok := u.With.FindKey(v.Path); ok {
			at = place
		}
	default:
		if place, ok := u.With.Find(v.Path); ok {
			at, word = place, place.Text()
		}
	}
	found := rule.At(at, "The %s says: %s.", u.Action, v.Message)
	if near, ok := diag.Nearest(word, v.Known); ok {
		return found.WithHint("did you mean %q?", near)
	}
	if _, err := strconv.ParseFloat(word, 64); err == nil && v.Keyword == "type" && slotAt(u.Action.Description.Input, v.Path).isDuration() {
		return found.WithHint("write %ss for seconds, or %sm for minutes", word, word)
	}
	return found
}

// Place returns where the parameter at a field path stands, or as much of it as is in the
// file; where the action is named, for a parameter that is not given.
func (u *Use) Place(field string) source.Range {
	if field == "" {
		return u.at
	}
	if at, ok := u.With.FindField(field); ok && at != u.With.Range() {
		return at
	}
	return u.at
}

// Hides reports whether a secret of the parameters can be read on the lines of a place, so that they are
// not to be quoted.
func (u *Use) Hides(at source.Range) bool {
	return slices.ContainsFunc(u.clear, func(secret source.Range) bool {
		return secret.File == at.File && secret.From().Line <= at.To().Line && at.From().Line <= secret.To().Line
	})
}

// Eval evaluates the parameters. Once all of them are known it holds them against
// the action's schema and rules; an error is then a whole sentence without secrets.
func (u *Use) Eval(scope expr.Scope) (value.Value, error) {
	params, err := u.With.Eval(scope)
	params = Secrets(params, u.Action.Description.Input)
	if err != nil || u.With.constant || params.HasUnknown() {
		return params, err
	}
	if violations := u.violations(params); len(violations) > 0 {
		return params, errors.New(violations[0].Message)
	}
	if broken := u.brokenRules(params); len(broken) > 0 {
		return params, errors.New(broken[0])
	}
	return params, nil
}

// Only returns a scope in which there is one root.
func Only(root string, v value.Value) expr.Scope {
	return expr.Values{Roots: map[string]value.Value{root: v}}
}
