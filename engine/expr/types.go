package expr

import (
	"sync"

	"github.com/gatebook/gatebook/schema"
)

// Types says which names an expression may use at one kind of place, and the shape
// of each. It is built once per runbook, is immutable, and safe for concurrent use.
type Types struct {
	roots map[string]*schema.Schema // without steps
	steps map[string]*schema.Schema // the shape of each step's outputs, by id

	mu       sync.Mutex
	variants map[variant]*Types
}

// variant is what tells one [Types.With] from another of the same parent.
type variant struct {
	root  string
	shape *schema.Schema
}

// NewTypes returns the names that every expression of a runbook may use: `inputs`,
// `vars`, `steps` with the shape of each step's outputs by its id, `run` and `now`.
// A nil schema allows anything. The caller must not change the maps afterwards.
func NewTypes(inputs, vars *schema.Schema, steps map[string]*schema.Schema) *Types {
	return &Types{
		roots: map[string]*schema.Schema{
			RootInputs: inputs,
			RootVars:   vars,
			RootRun:    runShape(),
			RootNow:    {Type: schema.TypeString, Format: schema.FormatDateTime},
		},
		steps: steps,
	}
}

// With returns t with one more root, for one kind of place: `observed` in a
// condition over an observation, `error` and `attempt` in `retry.if`. The same
// shape, by pointer, gives the same Types, so that programs are shared.
func (t *Types) With(root string, shape *schema.Schema) *Types {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := variant{root, shape}
	if known := t.variants[key]; known != nil {
		return known
	}
	roots := make(map[string]*schema.Schema, len(t.roots)+1)
	for name, s := range t.roots {
		roots[name] = s
	}
	roots[root] = shape
	made := &Types{roots: roots, steps: t.steps}
	if t.variants == nil {
		t.variants = make(map[variant]*Types)
	}
	t.variants[key] = made
	return made
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
			{Name: "outcome", Schema: text},
			{Name: "actor", Schema: text},
			{Name: "startedAt", Schema: &schema.Schema{Type: schema.TypeString, Format: schema.FormatDateTime}},
		},
		Required: []string{"id", "runbook", "version", "outcome", "actor", "startedAt"},
	}
}
