package names

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"regexp/syntax"
	"slices"
	"sync"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/window"
	"github.com/gatebook/gatebook/schema"
)

// Types says which names an expression may use at one kind of place, and the shape
// of each. It is built once per runbook, is immutable, and safe for concurrent use.
type Types struct {
	roots map[string]Shape // without steps
	steps *stepTypes
	own   map[string]*schema.Schema // the outputs of steps that are others at this kind of place
	tried *triedPatterns

	windows map[string]*window.Window
	modes   *[]string // nil: nobody knows which modes there are

	mu       sync.Mutex
	variants map[variant]*Types
}

// triedPatterns bounds the regular expressions in the text of a runbook.
type triedPatterns struct {
	mu  sync.Mutex
	all schema.Patterns
}

// try says what is wrong with a regular expression.
func (p *triedPatterns) try(text string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, err := p.all.Compile(text)
	if fault, ok := errors.AsType[*syntax.Error](err); ok {
		return fmt.Errorf("the regular expression cannot be read: %s in %s", fault.Code, fault.Expr)
	}
	return err
}

// stepTypes are the shapes of all steps, each made when it is first referred to.
type stepTypes struct {
	outputs map[string]*schema.Schema

	mu     sync.Mutex
	shapes map[*schema.Schema]Shape // of a step, by the shape of its outputs
	ids    []string                 // sorted; made when first needed
}

// sorted returns the ids of all steps in the order of the alphabet.
func (s *stepTypes) sorted() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ids == nil {
		s.ids = slices.Sorted(maps.Keys(s.outputs))
	}
	return s.ids
}

// variant is what tells one [Types.With], or [Types.Within], from another of the same parent.
type variant struct {
	root  string
	step  string
	shape *schema.Schema
}

// NewTypes returns the names that every expression of a runbook may use: `inputs`,
// `vars`, `steps` with the shape of each step's outputs by its id, `run` and `now`.
// A nil schema allows anything. The caller must not change the maps afterwards.
func NewTypes(inputs, vars *schema.Schema, steps map[string]*schema.Schema) *Types {
	return &Types{
		roots: map[string]Shape{
			RootInputs: ShapeOf(inputs),
			RootVars:   ShapeOf(vars),
			RootRun:    ShapeOf(runShape()),
			RootNow:    ShapeOf(&schema.Schema{Type: schema.TypeString, Format: schema.FormatDateTime}),
		},
		steps: &stepTypes{outputs: steps, shapes: make(map[*schema.Schema]Shape)},
		tried: &triedPatterns{},
	}
}

// TypesOver returns names of which none is a runbook's: the roots that are given, and no step.
func TypesOver(roots map[string]*schema.Schema) *Types {
	made := &Types{roots: make(map[string]Shape, len(roots)), steps: &stepTypes{shapes: make(map[*schema.Schema]Shape)}, tried: &triedPatterns{}}
	for name, shape := range roots {
		made.roots[name] = ShapeOf(shape)
	}
	return made
}

// With returns t with one more root, for one kind of place: `observed` in a
// condition over an observation, `error` and `attempt` in `retry.if`. The same
// shape, by pointer, gives the same Types, so that programs are shared.
func (t *Types) With(root string, shape *schema.Schema) *Types {
	return t.variant(variant{root: root, shape: shape}, func(made *Types) {
		made.roots = maps.Clone(t.roots)
		made.roots[root] = ShapeOf(shape)
	})
}

// WithWindows returns t with windows by their names, of which window and windowRemaining tell.
// The caller must not change the map afterwards.
func (t *Types) WithWindows(windows map[string]*window.Window) *Types {
	made := t.bare()
	made.windows = windows
	return made
}

// Window returns the window of a name, and whether there is one.
func (t *Types) Window(name string) (*window.Window, bool) {
	found, ok := t.windows[name]
	return found, ok
}

// UnknownWindow is the fault of a window that is not there, without its place.
func (t *Types) UnknownWindow(name string) *Fault {
	known := slices.Sorted(maps.Keys(t.windows))
	fault := &Fault{Rule: diag.ExprUnknownWindow, Detail: fmt.Sprintf("This runbook has no window %q; it has %s.", diag.Clean(name), Listing(known))}
	fault.Suggest(name, known)
	return fault
}

// Within returns t as it is inside of a step that is done for many: there the step is the
// instance itself, with these outputs.
func (t *Types) Within(step string, outputs *schema.Schema) *Types {
	return t.variant(variant{step: step, shape: outputs}, func(made *Types) {
		made.own = map[string]*schema.Schema{step: outputs}
	})
}

func (t *Types) variant(key variant, change func(*Types)) *Types {
	t.mu.Lock()
	defer t.mu.Unlock()
	if known := t.variants[key]; known != nil {
		return known
	}
	made := t.bare()
	change(made)
	if t.variants == nil {
		t.variants = make(map[variant]*Types)
	}
	t.variants[key] = made
	return made
}

// Root returns the shape of a root other than steps, and whether there is one.
func (t *Types) Root(name string) (Shape, bool) {
	sh, ok := t.roots[name]
	return sh, ok
}

// Has reports whether an expression may begin with the name.
func (t *Types) Has(name string) bool {
	_, ok := t.roots[name]
	return ok || name == RootSteps
}

// Roots yields every root other than steps, with its shape.
func (t *Types) Roots() iter.Seq2[string, Shape] { return maps.All(t.roots) }

// TryPattern says what is wrong with a regular expression, if something is.
func (t *Types) TryPattern(text string) error { return t.tried.try(text) }

// Names returns every name that an expression may begin with, sorted.
func (t *Types) Names() []string {
	return slices.Sorted(slices.Values(append(slices.Collect(maps.Keys(t.roots)), RootSteps)))
}

// Step returns the shape of one step.
func (t *Types) Step(id string) (Shape, bool) {
	outputs, ok := t.own[id]
	if !ok {
		outputs, ok = t.steps.outputs[id]
	}
	if !ok {
		return Shape{}, false
	}
	t.steps.mu.Lock()
	defer t.steps.mu.Unlock()
	made, known := t.steps.shapes[outputs]
	if !known {
		made = ShapeOf(stepShape(outputs))
		t.steps.shapes[outputs] = made
	}
	return made, true
}

// Follow returns the shape that a reference leads to, or what is wrong with which
// element of its path (-1: with the root).
func (t *Types) Follow(ref Ref) (found Shape, fault *Fault, at int) {
	path, of := ref.Path, ref.Root
	if root, ok := t.roots[ref.Root]; ok {
		found = root
	} else if len(path) > 0 {
		if found, ok = t.Step(path[0]); !ok {
			return Shape{}, t.UnknownStep(path[0]), 0
		}
		of += "." + path[0]
		at, path = 1, path[1:]
	}
	for _, name := range path {
		if found, fault = found.Member(of, name); fault != nil {
			return Shape{}, fault, at
		}
		of += "." + name
		at++
	}
	return found, nil, at
}

// stepShape is the shape of `steps.ID`. Its outputs are a document of their own,
// in which their $ref are looked up.
func stepShape(outputs *schema.Schema) *schema.Schema {
	step := &schema.Schema{
		Type: schema.TypeObject, Closed: true,
		Properties: []schema.Property{
			{Name: "status", Schema: &schema.Schema{Type: schema.TypeString}},
			{Name: "outputs", Schema: outputs},
			{Name: "error", Schema: ErrorShape()},
		},
		Required: []string{"status", "outputs"},
	}
	if outputs != nil {
		step.Defs = outputs.Defs
	}
	return step
}

// ErrorShape returns the shape of `steps.ID.error` and of `error` in `retry.if`.
func ErrorShape() *schema.Schema {
	return &schema.Schema{
		Type: schema.TypeObject, Closed: true,
		Properties: []schema.Property{
			{Name: "class", Schema: &schema.Schema{Type: schema.TypeString}},
			{Name: "message", Schema: &schema.Schema{Type: schema.TypeString}},
		},
		Required: []string{"class", "message"},
	}
}

// AttemptShape returns the shape of `attempt` in `retry.if`: the number of the
// attempt that failed, from 1.
func AttemptShape() *schema.Schema { return &schema.Schema{Type: schema.TypeInteger} }

// runShape is the shape of `run`.
func runShape() *schema.Schema {
	text := &schema.Schema{Type: schema.TypeString}
	return &schema.Schema{
		Type: schema.TypeObject, Closed: true,
		Properties: []schema.Property{
			{Name: "id", Schema: text},
			{Name: "runbook", Schema: text},
			{Name: "version", Schema: text},
			{Name: "mode", Schema: text},
			{Name: "outcome", Schema: text},
			{Name: "actor", Schema: text},
			{Name: "startedAt", Schema: &schema.Schema{Type: schema.TypeString, Format: schema.FormatDateTime}},
			{Name: "remaining", Schema: &schema.Schema{Type: schema.TypeString, Format: schema.FormatDuration}},
		},
		Required: []string{"id", "runbook", "version", "mode", "outcome", "actor", "startedAt", "remaining"},
	}
}
