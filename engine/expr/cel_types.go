package expr

import (
	"strconv"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"

	"github.com/gatebook/gatebook/schema"
)

// celPrefix begins the name of each of our object types in CEL, which people never
// see: describeCEL takes it out of messages.
const celPrefix = "gatebook."

// celSteps is the name of the type of `steps`.
const celSteps = celPrefix + "steps"

// celProvider tells CEL the types of one [Types]. Object types get their names when
// they are first met, so that 10,000 steps cost nothing until they are used.
type celProvider struct {
	types.Provider // of what is not ours
	t              *Types

	mu     sync.Mutex
	named  map[shape]*types.Type
	shapes map[string]shape
	missed []missedField // see checkFaults
}

// missedField is a field that a check asked for in vain.
type missedField struct {
	name   string
	fields []string
}

func newCELProvider(base types.Provider, t *Types) *celProvider {
	return &celProvider{Provider: base, t: t, named: make(map[shape]*types.Type), shapes: make(map[string]shape)}
}

// variables declares the roots.
func (p *celProvider) variables() []cel.EnvOption {
	options := []cel.EnvOption{cel.Variable(RootSteps, types.NewObjectType(celSteps))}
	for name, s := range p.t.roots {
		options = append(options, cel.Variable(name, p.typeOf(shapeOf(s), false)))
	}
	return options
}

// typeOf returns the CEL type of a shape. A scalar that may be missing is nullable,
// so that it can be compared with null.
func (p *celProvider) typeOf(sh shape, optional bool) *types.Type {
	var scalar *types.Type
	switch sh.kind() {
	case schema.TypeNull:
		return types.NullType
	case schema.TypeObject:
		if sh.isRecord() {
			return p.nameOf(sh)
		}
		if len(sh.schema.Properties) > 0 {
			return types.NewMapType(types.StringType, types.DynType)
		}
		return types.NewMapType(types.StringType, p.typeOf(sh.element(), false))
	case schema.TypeArray:
		return types.NewListType(p.typeOf(sh.element(), false))
	case schema.TypeBoolean:
		scalar = types.BoolType
	case schema.TypeInteger:
		scalar = types.IntType
	case schema.TypeNumber:
		scalar = types.DoubleType
	case schema.TypeString:
		switch sh.format() {
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

func (p *celProvider) nameOf(sh shape) *types.Type {
	p.mu.Lock()
	defer p.mu.Unlock()
	if known := p.named[sh]; known != nil {
		return known
	}
	name := celPrefix + "object" + strconv.Itoa(len(p.named))
	made := types.NewObjectType(name)
	p.named[sh], p.shapes[name] = made, sh
	return made
}

// FindStructType implements types.Provider.
func (p *celProvider) FindStructType(name string) (*types.Type, bool) {
	if name == celSteps {
		return types.NewTypeTypeWithParam(types.NewObjectType(celSteps)), true
	}
	if _, ok := p.shape(name); ok {
		return types.NewTypeTypeWithParam(types.NewObjectType(name)), true
	}
	return p.Provider.FindStructType(name)
}

// FindStructFieldNames implements types.Provider.
func (p *celProvider) FindStructFieldNames(name string) ([]string, bool) {
	if sh, ok := p.shape(name); ok {
		return sh.fields(), true
	}
	return p.Provider.FindStructFieldNames(name)
}

// FindStructFieldType implements types.Provider. The field types have no accessors,
// because our values answer for themselves, and know what is unknown.
func (p *celProvider) FindStructFieldType(object, field string) (*types.FieldType, bool) {
	if object == celSteps {
		if step, ok := p.t.step(field); ok {
			return &types.FieldType{Type: p.typeOf(step, false)}, true
		}
		p.miss(missedField{name: field})
		return nil, false
	}
	sh, ok := p.shape(object)
	if !ok {
		return p.Provider.FindStructFieldType(object, field)
	}
	found, optional, ok := sh.field(field)
	if !ok {
		p.miss(missedField{name: field, fields: sh.fields()})
		return nil, false
	}
	return &types.FieldType{Type: p.typeOf(found, optional)}, true
}

func (p *celProvider) shape(name string) (shape, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	sh, ok := p.shapes[name]
	return sh, ok
}

func (p *celProvider) miss(m missedField) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.missed = append(p.missed, m)
}
