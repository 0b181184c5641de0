package expr

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/types"

	"github.com/gatebook/gatebook/engine/expr/internal/words"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/schema"
)

// newCalcConfig returns the language with our functions, and without what reads the clock
// or the machine (now, timezone), what people have no use for, and what leaves values on
// expr's stack, where the next call takes them for its arguments (findLast, findLastIndex).
func newCalcConfig() *conf.Config {
	config := conf.CreateNew()
	config.Optimize = false // it computes at compile time, out of reach of the limits
	config.MaxNodes = maxNodes
	for _, name := range []string{"now", "timezone", "findLast", "findLastIndex", "get", "bitand", "bitor", "bitxor", "bitnand", "bitnot", "bitshl", "bitshr", "bitushr"} {
		config.Disabled[name] = true
		delete(config.Builtins, name)
	}
	for _, function := range ownFunctions() {
		config.Functions[function.Name] = function
	}
	for _, function := range meterFunctions() {
		config.Functions[function.Name] = function
	}
	return config
}

// ownFunctions binds the package words.
func ownFunctions() []*builtin.Function {
	functions := []*builtin.Function{
		typed("quantity", func(args ...any) (any, error) { return words.Quantity(args[0].(string)) }, func(string) float64 { return 0 }),
		typed("semver.compare", func(args ...any) (any, error) {
			return words.CompareVersions(args[0].(string), args[1].(string))
		}, func(string, string) int { return 0 }),
		typed("semver.satisfies", func(args ...any) (any, error) {
			return words.SatisfiesVersion(args[0].(string), args[1].(string))
		}, func(string, string) bool { return false }),
		typed("semver.valid", func(args ...any) (any, error) { return words.IsVersion(args[0].(string)), nil }, func(string) bool { return false }),
	}
	for _, part := range []string{"major", "minor", "patch"} {
		functions = append(functions, typed("semver."+part, func(args ...any) (any, error) {
			number, err := words.VersionPart(part, args[0].(string))
			return int(number), err
		}, func(string) int { return 0 }))
	}
	return functions
}

// typed declares a function whose signature is that of like, which is never called.
func typed(name string, call func(...any) (any, error), like any) *builtin.Function {
	return &builtin.Function{Name: name, Func: call, Types: []reflect.Type{reflect.TypeOf(like)}}
}

// functions returns the names of our own functions that people may call.
func (s *calcSource) functions() []string {
	var names []string
	for name := range s.language.Functions {
		if !strings.HasPrefix(name, "$") {
			names = append(names, name)
		}
	}
	return names
}

// renameFunctions makes calls of functions of what looks like calls of methods:
// semver.compare(a, b).
func renameFunctions(node *ast.Node) { ast.Walk(node, renamer{}) }

type renamer struct{}

// Visit implements ast.Visitor.
func (renamer) Visit(node *ast.Node) {
	call, ok := (*node).(*ast.CallNode)
	if !ok {
		return
	}
	member, ok := call.Callee.(*ast.MemberNode)
	if !ok {
		return
	}
	family, isName := member.Node.(*ast.IdentifierNode)
	name, isText := member.Property.(*ast.StringNode)
	if isName && isText && family.Value == "semver" {
		callee := &ast.IdentifierNode{Value: family.Value + "." + name.Value}
		callee.SetLocation(family.Location())
		call.Callee = callee
	}
}

// envTypes is the types of what the references lead to, and of nothing else, so that
// the size of the runbook does not matter. Names on the way are objects with just
// the fields that are used.
func envTypes(t *Types, refs []Ref) types.Map {
	env := types.Map{}
	for _, r := range byLength(refs) {
		found, _, _ := t.follow(r)
		at := env
		path := append([]string{r.Root}, r.Path...)
		for _, name := range path[:len(path)-1] {
			next, ok := at[name]
			if !ok {
				next = types.Map{}
				at[name] = next
			}
			inner, isMap := next.(types.Map)
			if !isMap {
				at = nil // a shorter reference has it all
				break
			}
			at = inner
		}
		if _, known := at[path[len(path)-1]]; at != nil && !known {
			at[path[len(path)-1]] = calcType(found)
		}
	}
	return env
}

// byLength sorts shorter references before longer ones.
func byLength(refs []Ref) []Ref {
	sorted := slices.Clone(refs)
	slices.SortStableFunc(sorted, func(a, b Ref) int { return len(a.Path) - len(b.Path) })
	return sorted
}

// calcType returns expr's type of a shape.
func calcType(sh shape) types.Type {
	switch sh.kind() {
	case schema.TypeBoolean:
		return types.Bool
	case schema.TypeInteger:
		return types.Int
	case schema.TypeNumber:
		return types.Float64
	case schema.TypeString:
		return types.String
	case schema.TypeArray:
		return types.Array(calcType(sh.element()))
	case schema.TypeObject:
		if !sh.isRecord() {
			return types.Map{types.Extra: calcType(sh.element())}
		}
		fields := types.Map{}
		for _, name := range sh.fields() {
			field, _, _ := sh.field(name)
			fields[name] = calcType(field)
		}
		return fields
	default:
		return types.Any
	}
}

// shapeOfNode returns what is known of the type of a checked expression.
func shapeOfNode(node ast.Node) *schema.Schema {
	t := node.Type()
	switch {
	case t == reflect.TypeFor[time.Time]():
		return &schema.Schema{Type: schema.TypeString, Format: schema.FormatDateTime}
	case t == reflect.TypeFor[time.Duration]():
		return &schema.Schema{Type: schema.TypeString, Format: schema.FormatDuration}
	}
	switch t.Kind() {
	case reflect.Bool:
		return &schema.Schema{Type: schema.TypeBoolean}
	case reflect.Int:
		return &schema.Schema{Type: schema.TypeInteger}
	case reflect.Float64:
		return &schema.Schema{Type: schema.TypeNumber}
	case reflect.String:
		return &schema.Schema{Type: schema.TypeString}
	case reflect.Slice, reflect.Array:
		return &schema.Schema{Type: schema.TypeArray}
	case reflect.Map:
		return &schema.Schema{Type: schema.TypeObject}
	default:
		return &schema.Schema{}
	}
}

// project puts the value of a reference into the environment at its path. What is
// missing is null, so that `??` can give something else.
func project(env map[string]any, r Ref, v value.Value) {
	at := env
	path := append([]string{r.Root}, r.Path...)
	for _, name := range path[:len(path)-1] {
		inner, ok := at[name].(map[string]any)
		if !ok {
			if _, taken := at[name]; taken {
				return // a shorter reference has it all
			}
			inner = make(map[string]any)
			at[name] = inner
		}
		at = inner
	}
	if _, taken := at[path[len(path)-1]]; !taken {
		at[path[len(path)-1]] = toCalc(v)
	}
}

// toCalc returns a value as expr sees it: whole numbers are Go's int, and what is not
// known is nil.
func toCalc(v value.Value) any {
	return v.Data(func(part value.Value) (any, bool) {
		i, whole := part.AsInt()
		return int(i), whole && part.Kind() == value.KindInt
	})
}
