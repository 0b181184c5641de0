package template

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/vm/runtime"

	"github.com/gatebook/gatebook/engine/expr/internal/cost"
	"github.com/gatebook/gatebook/schema"
)

// The language bounds neither how often its loops run nor how long its strings grow,
// so every place where work multiplies is made to pay from a budget: each turn of a
// loop, each new value by its size, and what compares or searches by what it reads.

// Names that no expression can contain.
const (
	meterCall       = "$meter"
	meterAdd        = "$add"
	meterMatch      = "$matches"
	meterVersion    = "$version"
	meterConstraint = "$constraint"
)

// payFor pays for all of a value.
func payFor(b *cost.Budget, data any, depth int) error {
	if depth > cost.MaxDepth {
		return cost.ErrTooMuch
	}
	switch d := data.(type) {
	case string:
		return b.Pay(1 + len(d)/cost.BytesPerUnit)
	case []any:
		for _, item := range d {
			if err := payFor(b, item, depth+1); err != nil {
				return err
			}
		}
	case map[string]any:
		for name, member := range d {
			if err := payFor(b, name, depth+1); err != nil {
				return err
			}
			if err := payFor(b, member, depth+1); err != nil {
				return err
			}
		}
	default:
		return payForOther(b, data, depth)
	}
	return b.Pay(1)
}

func payForOther(b *cost.Budget, data any, depth int) error {
	v := reflect.ValueOf(data)
	switch v.Kind() {
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if err := payFor(b, v.Index(i).Interface(), depth+1); err != nil {
				return err
			}
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			if err := payFor(b, it.Value().Interface(), depth+1); err != nil {
				return err
			}
		}
	}
	return b.Pay(1)
}

// meter is the visitor that puts the payments into a checked expression.
type meter struct{}

// Visit implements ast.Visitor; parts come before what they are parts of.
func (meter) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.PredicateNode:
		n.Node = metered(n.Node)
	case *ast.ArrayNode, *ast.MapNode:
		*node = metered(*node)
	case *ast.SliceNode:
		n.Node = metered(n.Node)
	case *ast.BinaryNode:
		*node = meteredBinary(n)
	case *ast.BuiltinNode:
		*node = meteredBuiltin(n)
	case *ast.CallNode:
		meterArguments(n)
	}
}

// meterArguments makes a call of our own functions or of a method pay for what it gets.
func meterArguments(n *ast.CallNode) {
	callee, _ := n.Callee.(*ast.IdentifierNode)
	for i, argument := range n.Arguments {
		meter := meterCall
		switch {
		case callee == nil:
		case callee.Value == "semver.satisfies" && i == 1:
			meter = meterConstraint
		case strings.HasPrefix(callee.Value, "semver."):
			meter = meterVersion
		}
		n.Arguments[i] = calling(meter, argument, argument)
	}
}

func meteredBinary(n *ast.BinaryNode) ast.Node {
	switch n.Operator {
	case "+":
		if !isNumber(n.Left) || !isNumber(n.Right) {
			return calling(meterAdd, n, n.Left, n.Right)
		}
	case "..":
		return metered(n)
	case "matches":
		return meteredMatch(n)
	case "==", "!=", "<", "<=", ">", ">=", "in", "contains", "startsWith", "endsWith":
		n.Left, n.Right = metered(n.Left), metered(n.Right)
	}
	return n
}

// meteredMatch compiles a constant pattern, which the source has tried.
func meteredMatch(n *ast.BinaryNode) ast.Node {
	if text, ok := n.Right.(*ast.StringNode); ok {
		if pattern, err := schema.CompilePattern(text.Value); err == nil {
			return calling(meterMatch, n, n.Left, &ast.ConstantNode{Value: pattern})
		}
	}
	return calling(meterMatch, n, n.Left, n.Right)
}

func meteredBuiltin(n *ast.BuiltinNode) ast.Node {
	switch n.Name {
	case "replace", "join", "repeat", "uniq":
		return metered(calling("$"+n.Name, n, n.Arguments...))
	}
	for i, argument := range n.Arguments {
		if _, isPredicate := argument.(*ast.PredicateNode); !isPredicate {
			n.Arguments[i] = metered(argument)
		}
	}
	return metered(n)
}

// metered makes a node pay for its value. Constants and numbers are as good as free.
func metered(node ast.Node) ast.Node {
	switch node.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NilNode:
		return node
	}
	return calling(meterCall, node, node)
}

// calling makes a call of one of our functions that takes the place of a node.
func calling(function string, instead ast.Node, arguments ...ast.Node) ast.Node {
	call := &ast.CallNode{
		Callee:    &ast.IdentifierNode{Value: function},
		Arguments: append([]ast.Node{&ast.IdentifierNode{Value: cost.Name}}, arguments...),
	}
	call.SetLocation(instead.Location())
	call.SetNature(*instead.Nature())
	return call
}

func isNumber(node ast.Node) bool {
	switch node.Type().Kind() {
	case reflect.Int, reflect.Float64:
		return node.Type() != reflect.TypeFor[time.Duration]()
	default:
		return false
	}
}

// meterFunctions are what the payments call, and the builtins whose result can be
// larger than what goes in, each with the bound that expr lacks.
func meterFunctions() []*builtin.Function {
	return []*builtin.Function{
		paying(meterCall, func(b *cost.Budget, args []any) (any, error) { return args[0], payFor(b, args[0], 0) }),
		paying(meterAdd, func(b *cost.Budget, args []any) (any, error) {
			left, leftText := args[0].(string)
			right, rightText := args[1].(string)
			if !leftText || !rightText {
				return runtime.Add(args[0], args[1]), nil
			}
			if err := b.Pay(1 + (len(left)+len(right))/cost.BytesPerUnit); err != nil {
				return nil, err
			}
			return left + right, nil
		}),
		paying(meterVersion, func(b *cost.Budget, args []any) (any, error) {
			text, _ := args[0].(string)
			return args[0], b.PayForVersion(text)
		}),
		paying(meterConstraint, func(b *cost.Budget, args []any) (any, error) {
			text, _ := args[0].(string)
			return args[0], b.PayForConstraint(text)
		}),
		paying(meterMatch, payingMatch),
		paying("$repeat", func(b *cost.Budget, args []any) (any, error) {
			text, times := args[0].(string), runtime.ToInt(args[1])
			if times < 0 {
				return nil, fmt.Errorf("a text cannot be repeated %d times", times)
			}
			if times > cost.MaxItems || len(text)*times > cost.MaxItems*cost.BytesPerUnit {
				return nil, cost.ErrTooMuch
			}
			return strings.Repeat(text, times), nil
		}),
		paying("$replace", payingReplace),
		paying("$join", payingJoin),
		paying("$uniq", payingUniq),
	}
}

func paying(name string, call func(*cost.Budget, []any) (any, error)) *builtin.Function {
	return &builtin.Function{Name: name, Func: func(args ...any) (any, error) {
		return call(args[0].(*cost.Budget), args[1:])
	}}
}

// payingMatch is the operator matches: a text that is missing matches nothing.
func payingMatch(b *cost.Budget, args []any) (any, error) {
	if args[0] == nil || args[1] == nil {
		return false, nil
	}
	text, isText := args[0].(string)
	if !isText {
		return nil, fmt.Errorf("only a string can match a pattern")
	}
	switch pattern := args[1].(type) {
	case *schema.Pattern:
		return b.Matches(text, "", pattern)
	case string:
		return b.Matches(text, pattern, nil)
	default:
		return nil, fmt.Errorf("a pattern must be a string")
	}
}

func payingReplace(b *cost.Budget, args []any) (any, error) {
	text, old, instead, most := args[0].(string), args[1].(string), args[2].(string), -1
	if len(args) > 3 {
		most = runtime.ToInt(args[3])
	}
	if err := b.Pay(1 + (len(text)+strings.Count(text, old)*len(instead))/cost.BytesPerUnit); err != nil {
		return nil, err
	}
	return strings.Replace(text, old, instead, most), nil
}

func payingJoin(b *cost.Budget, args []any) (any, error) {
	glue := ""
	if len(args) > 1 {
		glue = args[1].(string)
	}
	list := reflect.ValueOf(args[0])
	if list.Kind() != reflect.Slice {
		return nil, fmt.Errorf("only a list can be joined")
	}
	parts := make([]string, list.Len())
	size := len(glue) * len(parts)
	for i := range parts {
		text, ok := reflect.TypeAssert[string](list.Index(i))
		if !ok {
			return nil, fmt.Errorf("only strings can be joined; item %d is none", i)
		}
		parts[i] = text
		size += len(text)
	}
	if err := b.Pay(1 + size/cost.BytesPerUnit); err != nil {
		return nil, err
	}
	return strings.Join(parts, glue), nil
}

// payingUniq keeps the first of equal items.
func payingUniq(b *cost.Budget, args []any) (any, error) {
	list := reflect.ValueOf(args[0])
	if list.Kind() != reflect.Slice {
		return nil, fmt.Errorf("only a list has repetitions")
	}
	var kept []any
	for i := range list.Len() {
		item, repeated := list.Index(i).Interface(), false
		for _, k := range kept {
			if err := payFor(b, item, 0); err != nil {
				return nil, err
			}
			if repeated = runtime.Equal(item, k); repeated {
				break
			}
		}
		if !repeated {
			kept = append(kept, item)
		}
	}
	return kept, nil
}
