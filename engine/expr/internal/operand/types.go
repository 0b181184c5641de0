package operand

import (
	"strconv"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"

	"github.com/gatebook/gatebook/engine/expr/internal/names"
	"github.com/gatebook/gatebook/schema"
)

// prefix begins the name of each of our object types in CEL, which people never see:
// [Describe] and [Plain] take it out of messages.
const prefix = "gatebook."

// stepsName is the name of the type of `steps`.
const stepsName = prefix + "steps"

// Provider tells CEL the types of one [Types]. Object types get their names when
// they are first met, so that 10,000 steps cost nothing until they are used.
type Provider struct {
	types.Provider // of what is not ours
	t              *names.Types

	mu     sync.Mutex
	named  map[names.Shape]*types.Type
	shapes map[string]names.Shape
	missed []MissedField // see Missed
}

// MissedField is a field that a check asked for in vain.
type MissedField struct {
	Name string
	In   names.Shape // what has no such field; zero for a step
}

// NewProvider returns a provider of the types of t, and of what base knows.
func NewProvider(base types.Provider, t *names.Types) *Provider {
	return &Provider{Provider: base, t: t, named: make(map[names.Shape]*types.Type), shapes: make(map[string]names.Shape)}
}

// Variables declares the roots.
func (p *Provider) Variables() []cel.EnvOption {
	options := []cel.EnvOption{cel.Variable(names.RootSteps, types.NewObjectType(stepsName))}
	for name, sh := range p.t.Roots() {
		options = append(options, cel.Variable(name, p.typeOf(sh, false)))
	}
	return options
}

// typeOf returns the CEL type of a shape. A scalar that may be missing is nullable,
// so that it can be compared with null.
func (p *Provider) typeOf(sh names.Shape, optional bool) *types.Type {
	return p.typeWithin(sh, optional, deepestType)
}

// deepestType bounds how deep lists and maps are typed, since a shape may be its own
// element.
const deepestType = 16

func (p *Provider) typeWithin(sh names.Shape, optional bool, depth int) *types.Type {
	if depth == 0 {
		return types.DynType
	}
	var scalar *types.Type
	switch sh.Kind() {
	case schema.TypeNull:
		return types.NullType
	case schema.TypeObject:
		if sh.IsRecord() {
			return p.nameOf(sh)
		}
		if len(sh.Schema().Properties) > 0 {
			return types.NewMapType(types.StringType, types.DynType)
		}
		return types.NewMapType(types.StringType, p.typeWithin(sh.Element(), false, depth-1))
	case schema.TypeArray:
		return types.NewListType(p.typeWithin(sh.Element(), false, depth-1))
	case schema.TypeBoolean:
		scalar = types.BoolType
	case schema.TypeInteger:
		scalar = types.IntType
	case schema.TypeNumber:
		scalar = types.DoubleType
	case schema.TypeString:
		switch sh.Format() {
		case schema.FormatDuration:
			return types.DurationType
		case schema.FormatDateTime:
			return types.TimestampType
		}
		scalar = types.StringType
	default:
		return types.DynType
	}
	if optional {
		return types.NewNullableType(scalar)
	}
	return scalar
}

func (p *Provider) nameOf(sh names.Shape) *types.Type {
	p.mu.Lock()
	defer p.mu.Unlock()
	if known := p.named[sh]; known != nil {
		return known
	}
	name := prefix + "object" + strconv.Itoa(len(p.named))
	made := types.NewObjectType(name)
	p.named[sh], p.shapes[name] = made, sh
	return made
}

// FindStructType implements types.Provider.
func (p *Provider) FindStructType(name string) (*types.Type, bool) {
	if name == stepsName {
		return types.NewTypeTypeWithParam(types.NewObjectType(stepsName)), true
	}
	if _, ok := p.shape(name); ok {
		return types.NewTypeTypeWithParam(types.NewObjectType(name)), true
	}
	return p.Provider.FindStructType(name)
}

// FindStructFieldNames implements types.Provider.
func (p *Provider) FindStructFieldNames(name string) ([]string, bool) {
	if sh, ok := p.shape(name); ok {
		return sh.Fields(), true
	}
	return p.Provider.FindStructFieldNames(name)
}

// FindStructFieldType implements types.Provider. The field types have no accessors,
// because our values answer for themselves, and know what is unknown.
func (p *Provider) FindStructFieldType(object, field string) (*types.FieldType, bool) {
	if object == stepsName {
		if step, ok := p.t.Step(field); ok {
			return &types.FieldType{Type: p.typeOf(step, false)}, true
		}
		p.miss(MissedField{Name: field})
		return nil, false
	}
	sh, ok := p.shape(object)
	if !ok {
		return p.Provider.FindStructFieldType(object, field)
	}
	found, optional, ok := sh.Field(field)
	if !ok {
		p.miss(MissedField{Name: field, In: sh})
		return nil, false
	}
	return &types.FieldType{Type: p.typeOf(found, optional)}, true
}

func (p *Provider) shape(name string) (names.Shape, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	sh, ok := p.shapes[name]
	return sh, ok
}

func (p *Provider) miss(m MissedField) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.missed) < mostMissed {
		p.missed = append(p.missed, m)
	}
}

// mostMissed bounds the fields that are kept when nobody asks for them.
const mostMissed = 100

// Missed returns the fields that were asked for in vain since it was last called. A
// check that has failed is made again with a provider that no other check uses at that
// time, so that these are its own.
func (p *Provider) Missed() []MissedField {
	p.mu.Lock()
	defer p.mu.Unlock()
	missed := p.missed
	p.missed = nil
	return missed
}

// Types returns the names that the provider tells CEL the types of.
func (p *Provider) Types() *names.Types { return p.t }
