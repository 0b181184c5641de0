package expr

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"time"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/vm/runtime"

	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/schema"
)

// The language bounds neither how often its loops run nor how long its strings grow,
// so every place where work multiplies is made to pay from a budget: each turn of a
// loop, each new value by its size, and what compares or searches by what it reads.

// maxItems bounds the lists that expr makes by itself.
const maxItems = 1_000_000

// maxDepth bounds how deep a result is nested.
const maxDepth = 100

// Names that no expression can contain.
const (
	budgetName      = "$budget"
	meterCall       = "$meter"
	meterAdd        = "$add"
	meterMatch      = "$matches"
	meterVersion    = "$version"
	meterConstraint = "$constraint"
)

// payFor pays for all of a value.
func (b *budget) payFor(data any, depth int) error {
	if depth > maxDepth {
		return errCost
	}
	switch d := data.(type) {
	case string:
		return b.pay(1 + len(d)/bytesPerUnit)
	case []any:
		for _, item := range d {
			if err := b.payFor(item, depth+1); err != nil {
				return err
			}
		}
	case map[string]any:
		for name, member := range d {
			if err := b.payFor(name, depth+1); err != nil {
				return err
			}
			if err := b.payFor(member, depth+1); err != nil {
				return err
			}
		}
	default:
		return b.payForOther(data, depth)
	}
	return b.pay(1)
}

func (b *budget) payForOther(data any, depth int) error {
	v := reflect.ValueOf(data)
	switch v.Kind() {
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if err := b.payFor(v.Index(i).Interface(), depth+1); err != nil {
				return err
			}
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			if err := b.payFor(it.Value().Interface(), depth+1); err != nil {
				return err
			}
		}
	}
	return b.pay(1)
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
		Arguments: append([]ast.Node{&ast.IdentifierNode{Value: budgetName}}, arguments...),
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
		paying(meterCall, func(b *budget, args []any) (any, error) { return args[0], b.payFor(args[0], 0) }),
		paying(meterAdd, func(b *budget, args []any) (any, error) {
			left, leftText := args[0].(string)
			right, rightText := args[1].(string)
			if !leftText || !rightText {
				return runtime.Add(args[0], args[1]), nil
			}
			if err := b.pay(1 + (len(left)+len(right))/bytesPerUnit); err != nil {
				return nil, err
			}
			return left + right, nil
		}),
		paying(meterVersion, func(b *budget, args []any) (any, error) {
			text, _ := args[0].(string)
			return args[0], b.payForVersion(text)
		}),
		paying(meterConstraint, func(b *budget, args []any) (any, error) {
			text, _ := args[0].(string)
			return args[0], b.payForConstraint(text)
		}),
		paying(meterMatch, payingMatch),
		paying("$repeat", func(b *budget, args []any) (any, error) {
			text, times := args[0].(string), runtime.ToInt(args[1])
			if times < 0 {
				return nil, fmt.Errorf("a text cannot be repeated %d times", times)
			}
			if times > maxItems || len(text)*times > maxItems*bytesPerUnit {
				return nil, errCost
			}
			return strings.Repeat(text, times), nil
		}),
		paying("$replace", payingReplace),
		paying("$join", payingJoin),
		paying("$uniq", payingUniq),
	}
}

func paying(name string, call func(*budget, []any) (any, error)) *builtin.Function {
	return &builtin.Function{Name: name, Func: func(args ...any) (any, error) {
		return call(args[0].(*budget), args[1:])
	}}
}

// payingMatch is the operator matches: a text that is missing matches nothing.
func payingMatch(b *budget, args []any) (any, error) {
	if args[0] == nil || args[1] == nil {
		return false, nil
	}
	text, isText := args[0].(string)
	if !isText {
		return nil, fmt.Errorf("only a string can match a pattern")
	}
	switch pattern := args[1].(type) {
	case *schema.Pattern:
		return b.matches(text, "", pattern)
	case string:
		return b.matches(text, pattern, nil)
	default:
		return nil, fmt.Errorf("a pattern must be a string")
	}
}

func payingReplace(b *budget, args []any) (any, error) {
	text, old, instead, most := args[0].(string), args[1].(string), args[2].(string), -1
	if len(args) > 3 {
		most = runtime.ToInt(args[3])
	}
	if err := b.pay(1 + (len(text)+strings.Count(text, old)*len(instead))/bytesPerUnit); err != nil {
		return nil, err
	}
	return strings.Replace(text, old, instead, most), nil
}

func payingJoin(b *budget, args []any) (any, error) {
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
	if err := b.pay(1 + size/bytesPerUnit); err != nil {
		return nil, err
	}
	return strings.Join(parts, glue), nil
}

// payingUniq keeps the first of equal items.
func payingUniq(b *budget, args []any) (any, error) {
	list := reflect.ValueOf(args[0])
	if list.Kind() != reflect.Slice {
		return nil, fmt.Errorf("only a list has repetitions")
	}
	var kept []any
	for i := range list.Len() {
		item, repeated := list.Index(i).Interface(), false
		for _, k := range kept {
			if err := b.payFor(item, 0); err != nil {
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

// fromCalc returns what expr computed as a value.
func fromCalc(data any, b *budget) (value.Value, error) {
	if err := b.payFor(data, 0); err != nil {
		return value.Value{}, err
	}
	return fromGo(reflect.ValueOf(data))
}

func fromGo(v reflect.Value) (value.Value, error) {
	for v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if !v.IsValid() {
		return value.Null(), nil
	}
	switch data := v.Interface().(type) {
	case time.Time:
		return value.String(data.Format(time.RFC3339Nano)), nil
	case time.Duration:
		return value.String(data.String()), nil
	}
	switch v.Kind() {
	case reflect.Bool:
		return value.Bool(v.Bool()), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return value.Int(v.Int()), nil
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return value.Int(int64(v.Uint())), nil
	case reflect.Float32, reflect.Float64:
		if math.IsNaN(v.Float()) || math.IsInf(v.Float(), 0) {
			return value.Value{}, fmt.Errorf("the result is not a finite number")
		}
		return value.Float(v.Float()), nil
	case reflect.String:
		return value.String(v.String()), nil
	case reflect.Slice, reflect.Array:
		return fromGoList(v)
	case reflect.Map:
		return fromGoMap(v)
	default:
		return value.Value{}, fmt.Errorf("the result is a %s, which no value can hold", v.Kind())
	}
}

func fromGoList(v reflect.Value) (value.Value, error) {
	items := make([]value.Value, v.Len())
	for i := range items {
		item, err := fromGo(v.Index(i))
		if err != nil {
			return value.Value{}, err
		}
		items[i] = item
	}
	return value.List(items...), nil
}

func fromGoMap(v reflect.Value) (value.Value, error) {
	members := make([]value.Member, 0, v.Len())
	for it := v.MapRange(); it.Next(); {
		member, err := fromGo(it.Value())
		if err != nil {
			return value.Value{}, err
		}
		members = append(members, value.Member{Name: fmt.Sprint(it.Key().Interface()), Value: member})
	}
	return value.Object(members...), nil
}
