package template

import (
	"reflect"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/conf"

	"github.com/gatebook/gatebook/engine/expr/internal/cost"
	"github.com/gatebook/gatebook/engine/expr/internal/words"
)

// Language is expr with gatebook's functions and no names. It is immutable.
type Language struct {
	shared *conf.Config // never changed: config copies it
	own    []string     // our functions that people may call
}

// NewLanguage returns expr as every runbook uses it.
func NewLanguage() *Language {
	l := &Language{shared: newConfig()}
	for name := range l.shared.Functions {
		if !strings.HasPrefix(name, "$") {
			l.own = append(l.own, name)
		}
	}
	return l
}

// config returns the language for one compilation, which adds the environment to it.
func (l *Language) config() *conf.Config {
	config := *l.shared
	return &config
}

// newConfig returns the language with our functions, and without what reads the clock
// or the machine (now, timezone), what people have no use for, and what leaves values on
// expr's stack, where the next call takes them for its arguments (findLast, findLastIndex).
func newConfig() *conf.Config {
	config := conf.CreateNew()
	config.Optimize = false // it computes at compile time, out of reach of the limits
	config.MaxNodes = cost.MaxNodes
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
