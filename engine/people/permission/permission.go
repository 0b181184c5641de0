// Package permission is the rules of a policy: CEL conditions over a person and what they
// are about to do, typed when they are read.
//
// It knows neither files nor keys; who the person is, engine/people has found out. What a
// rule cannot decide it does not allow. Floor 3.
package permission

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/syntax"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/schema"
)

// Act is what somebody is about to do, as far as the plan says it.
type Act struct {
	Runbook string   `json:"runbook"`
	Version string   `json:"version"`
	Owners  []string `json:"owners,omitempty" doc:"Of the runbook."`
	Targets []string `json:"targets,omitempty" doc:"The connections that the plan uses."`
	Effect  string   `json:"effect" doc:"The strongest of the plan's steps." enum:"read,change,destroy"`
	Mode    string   `json:"mode,omitempty" doc:"The mode in which the runbook is done, with the inputs that the mode sets; absent: none, or some of them have other values."`
	Step    string   `json:"step,omitempty" doc:"The step that is answered; absent: it is about the run as a whole."`
	Window  string   `json:"window,omitempty" doc:"The window that is overridden; absent: none is."`
}

// Person is who is about to do it.
type Person struct {
	Name            string
	Groups          []string
	Author, Starter bool // of the sealed plan, of the run
}

// Rule is a condition that must be true.
type Rule struct {
	text, message string
	program       *expr.Condition
}

// SpeaksOf reports whether the rule looks at one of the names that it may.
func (r Rule) SpeaksOf(name string) bool {
	return r.program != nil && slices.ContainsFunc(r.program.Refs(), func(ref expr.Ref) bool { return ref.Root == name })
}

// Compiler reads rules.
type Compiler struct {
	compiler *expr.Compiler
	types    *expr.Types
}

// NewCompiler returns a compiler of rules.
func NewCompiler() *Compiler {
	texts := &schema.Schema{Type: schema.TypeArray, Items: text()}
	return &Compiler{expr.NewCompiler(), expr.TypesOver(map[string]*schema.Schema{
		"runbook": record("name", text(), "version", text(), "owners", texts),
		"targets": texts,
		"effect":  {Type: schema.TypeString, Enum: []any{"read", "change", "destroy"}},
		"mode":    text(),
		"step":    text(),
		"window":  text(),
		"person":  record("name", text(), "groups", texts, "author", boolean(), "starter", boolean()),
		"now":     {Type: schema.TypeString, Format: schema.FormatDateTime},
	})}
}

func text() *schema.Schema    { return &schema.Schema{Type: schema.TypeString} }
func boolean() *schema.Schema { return &schema.Schema{Type: schema.TypeBoolean} }

// record is an object that has all of the members, which are names and shapes in turn.
func record(members ...any) *schema.Schema {
	object := &schema.Schema{Type: schema.TypeObject, Closed: true}
	for i := 0; i < len(members); i += 2 {
		name := members[i].(string)
		object.Properties = append(object.Properties, schema.Property{Name: name, Schema: members[i+1].(*schema.Schema)})
		object.Required = append(object.Required, name)
	}
	return object
}

// Rule compiles a condition; message says what it means that it is false, and may be empty.
func (c *Compiler) Rule(node *syntax.Node, message string) (Rule, diag.List) {
	program, faults := c.compiler.Condition(node.Text(), c.types)
	var found diag.List
	for _, f := range faults {
		found = append(found, diag.Diagnostic{Rule: f.Rule, Range: node.RangeOf(f.Start, f.End), Detail: f.Detail, Hint: f.Hint})
	}
	return Rule{node.Text(), message, program}, found
}

// Refusal says that a rule does not let somebody do something.
type Refusal struct {
	Person string
	Rule   string // its message, else its text
	Cause  error  // why it cannot be decided; nil: it is false
}

// Error says who may not, and by which rule.
func (r *Refusal) Error() string {
	said := fmt.Sprintf("the policy does not let %s: %s", cmp.Or(r.Person, "somebody whom it does not know"), r.Rule)
	if r.Cause != nil {
		said += fmt.Sprintf(" (it cannot be decided: %v)", r.Cause)
	}
	return said
}

// Unwrap returns why a rule cannot be decided.
func (r *Refusal) Unwrap() error { return r.Cause }

// Allows returns a [Refusal] by the first of some rules that is not true.
func Allows(rules []Rule, act Act, person Person, now time.Time) error {
	scope := expr.Values{Roots: map[string]value.Value{
		"runbook": value.Object(
			value.Member{Name: "name", Value: value.String(act.Runbook)},
			value.Member{Name: "version", Value: value.String(act.Version)},
			value.Member{Name: "owners", Value: texts(act.Owners)},
		),
		"targets": texts(act.Targets),
		"effect":  value.String(act.Effect),
		"mode":    value.String(act.Mode),
		"step":    value.String(act.Step),
		"window":  value.String(act.Window),
		"person": value.Object(
			value.Member{Name: "name", Value: value.String(person.Name)},
			value.Member{Name: "groups", Value: texts(person.Groups)},
			value.Member{Name: "author", Value: value.Bool(person.Author)},
			value.Member{Name: "starter", Value: value.Bool(person.Starter)},
		),
		"now": value.String(now.UTC().Format(time.RFC3339Nano)),
	}}
	for _, rule := range rules {
		if rule.program == nil {
			return &Refusal{person.Name, cmp.Or(rule.message, rule.text), errors.New("it has a fault")}
		}
		verdict := rule.program.Eval(scope)
		if verdict.Truth != expr.True {
			return &Refusal{person.Name, cmp.Or(rule.message, rule.text), verdict.Err}
		}
	}
	return nil
}

func texts(words []string) value.Value {
	items := make([]value.Value, len(words))
	for i, word := range words {
		items[i] = value.String(word)
	}
	return value.List(items...)
}
