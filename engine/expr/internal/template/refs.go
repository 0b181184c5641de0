package template

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/expr/internal/names"
	"github.com/gatebook/gatebook/engine/expr/internal/token"
	"github.com/gatebook/gatebook/engine/expr/internal/words"
	"github.com/gatebook/gatebook/schema"
)

// staticPath takes apart a name with fields and constant indexes behind it.
func staticPath(node ast.Node) (root *ast.IdentifierNode, path []string, ok bool) {
	for {
		switch n := node.(type) {
		case *ast.IdentifierNode:
			slices.Reverse(path)
			return n, path, true
		case *ast.ChainNode:
			node = n.Node
		case *ast.MemberNode:
			name, constant := n.Property.(*ast.StringNode)
			if !constant || n.Method {
				return nil, nil, false
			}
			path = append(path, name.Value)
			node = n.Node
		default:
			return nil, nil, false
		}
	}
}

// visit collects references and finds names that do not exist; bound are the
// variables of `let` around node.
func (s *source) visit(node ast.Node, bound []string) {
	if root, path, ok := staticPath(node); ok {
		if !slices.Contains(bound, root.Value) {
			s.refer(root, path)
		}
		return
	}
	switch n := node.(type) {
	case *ast.VariableDeclaratorNode:
		s.visit(n.Value, bound)
		s.visit(n.Expr, append(slices.Clone(bound), n.Name))
		return
	case *ast.CallNode:
		s.visitCall(n, bound)
		return
	case *ast.BinaryNode:
		if text, ok := n.Right.(*ast.StringNode); ok && n.Operator == "matches" {
			s.badLiteral(text, s.t.TryPattern(text.Value))
		}
		s.badModes(n, bound)
	}
	for _, part := range calcParts(node) {
		if part != nil {
			s.visit(part, bound)
		}
	}
}

func calcParts(node ast.Node) []ast.Node {
	switch n := node.(type) {
	case *ast.UnaryNode:
		return []ast.Node{n.Node}
	case *ast.BinaryNode:
		return []ast.Node{n.Left, n.Right}
	case *ast.ChainNode:
		return []ast.Node{n.Node}
	case *ast.MemberNode:
		return []ast.Node{n.Node, n.Property}
	case *ast.SliceNode:
		return []ast.Node{n.Node, n.From, n.To}
	case *ast.BuiltinNode:
		return n.Arguments
	case *ast.PredicateNode:
		return []ast.Node{n.Node}
	case *ast.ConditionalNode:
		return []ast.Node{n.Cond, n.Exp1, n.Exp2}
	case *ast.SequenceNode:
		return n.Nodes
	case *ast.ArrayNode:
		return n.Nodes
	case *ast.MapNode:
		return n.Pairs
	case *ast.PairNode:
		return []ast.Node{n.Key, n.Value}
	default:
		return nil
	}
}

func (s *source) visitCall(n *ast.CallNode, bound []string) {
	switch callee := n.Callee.(type) {
	case *ast.IdentifierNode:
		if !slices.Contains(s.language.own, callee.Value) {
			s.unknownFunction(callee)
		}
		for i, argument := range n.Arguments {
			if text, ok := argument.(*ast.StringNode); ok {
				s.badLiteral(text, words.Try(callee.Value, i, text.Value))
			}
		}
	case *ast.MemberNode: // a method, which checkMethods judges
		s.visit(callee.Node, bound)
	default:
		s.visit(callee, bound)
	}
	for _, argument := range n.Arguments {
		s.visit(argument, bound)
	}
}

// badModes notes modes that the runbook has not, where run.mode is compared with them.
func (s *source) badModes(n *ast.BinaryNode, bound []string) {
	isMode := func(node ast.Node) bool {
		root, path, ok := staticPath(node)
		return ok && !slices.Contains(bound, root.Value) && names.Ref{Root: root.Value, Path: path}.IsMode()
	}
	mode, with := n.Left, []ast.Node{n.Right}
	list, isList := n.Right.(*ast.ArrayNode)
	switch {
	case n.Operator == "in" && isList:
		with = list.Nodes
	case n.Operator != "==" && n.Operator != "!=":
		return
	case isMode(n.Right):
		mode, with = n.Right, []ast.Node{n.Left}
	}
	for _, node := range with {
		text, constant := node.(*ast.StringNode)
		if !constant || !isMode(mode) {
			continue
		}
		if fault := s.t.UnknownMode(text.Value); fault != nil {
			fault.Start, fault.End = s.place(text.Location())
			s.faults = append(s.faults, *fault)
		}
	}
}

// badLiteral notes what is wrong with a constant, if something is.
func (s *source) badLiteral(text *ast.StringNode, err error) {
	if err != nil {
		start, end := s.place(text.Location())
		s.faults = append(s.faults, names.Fault{Rule: diag.ExprBadLiteral, Start: start, End: end, Detail: names.Sentence(err.Error())})
	}
}

func (s *source) unknownFunction(callee *ast.IdentifierNode) {
	start, end := s.place(callee.Location())
	fault := names.Fault{Rule: diag.ExprUnknownFunction, Start: start, End: end, Detail: fmt.Sprintf("There is no function %s.", callee.Value)}
	functions := append(slices.Clone(s.language.own), slices.Collect(maps.Keys(s.language.shared.Builtins))...)
	if family, _, ok := strings.Cut(callee.Value, "."); ok {
		fault.End = s.follow(start, 1)[0]
		fault.Detail = fmt.Sprintf("%s It has %s.", fault.Detail, names.Listing(names.Family(family+".", functions)))
	}
	fault.Suggest(callee.Value, functions)
	s.faults = append(s.faults, fault)
}

// refer notes a reference, or what is wrong with it.
func (s *source) refer(root *ast.IdentifierNode, path []string) {
	start, end := s.place(root.Location())
	ends := append([]int{end}, s.follow(start, len(path))...)
	r := names.Ref{Root: root.Value, Path: path, Start: start, End: ends[len(ends)-1]}
	if !s.t.Has(r.Root) {
		fault := names.Fault{Start: start, End: end}
		fault.UnknownRoot(r.Root, s.t.Names())
		if r.Root == "null" {
			fault.Hint = "write nil"
		}
		s.faults = append(s.faults, fault)
		return
	}
	if r.Root == names.RootSteps && len(path) == 0 {
		s.faults = append(s.faults, names.Fault{Rule: diag.ExprType, Start: start, End: end, Detail: "steps cannot be used as a whole; name a step."})
		return
	}
	if _, fault, at := s.t.Follow(r); fault != nil {
		last := s.words.At(ends[min(at+1, len(ends)-1)] - 1)
		fault.Start, fault.End = start, r.End
		if last >= 0 && s.words.Tokens[last].Kind == token.Close { // a["b"]
			last--
		}
		if last >= 0 {
			fault.Start, fault.End = s.words.Tokens[last].Start, s.words.Tokens[last].End
		}
		s.faults = append(s.faults, *fault)
		return
	}
	s.refs = append(s.refs, r)
}

// follow returns where each of the next elements of a path ends, behind the name
// that begins at start.
func (s *source) follow(start, elements int) []int {
	ends := make([]int, 0, elements)
	i := s.words.At(start)
	for range elements {
		end := len(s.words.Text)
		if i >= 0 {
			i = s.element(i)
			end = s.words.Tokens[i].End
		}
		ends = append(ends, end)
	}
	return ends
}

// element returns the last token of the path element behind token i.
func (s *source) element(i int) int {
	tokens := s.words.Tokens
	for next := i + 1; next < len(tokens); next++ {
		switch tok := tokens[next]; {
		case tok.Kind == token.Open && tok.Mate > 0:
			return tok.Mate
		case tok.Kind == token.Name:
			return next
		}
	}
	return i
}

// checkMethods allows only harmless methods, and only of times and durations: the
// language would call any method of Go.
func (s *source) checkMethods(node *ast.Node) { ast.Walk(node, (*methodCheck)(s)) }

type methodCheck source

// Visit implements ast.Visitor.
func (m *methodCheck) Visit(node *ast.Node) {
	s := (*source)(m)
	if date, ok := (*node).(*ast.BuiltinNode); ok && date.Name == "date" && len(date.Arguments) > 2 {
		start, end := s.place(date.Location())
		s.faults = append(s.faults, names.Fault{
			Rule: diag.ExprUnknownFunction, Start: start, End: end,
			Detail: "date takes a text and a layout; a time zone belongs into the text.",
		})
	}
	call, ok := (*node).(*ast.CallNode)
	if !ok {
		if member, ok := (*node).(*ast.MemberNode); ok && member.Type().Kind() == reflect.Func && !harmless(member) {
			s.methodFault(member)
		}
		return
	}
	switch callee := call.Callee.(type) {
	case *ast.IdentifierNode:
	case *ast.MemberNode:
		if !harmless(callee) {
			s.methodFault(callee)
		}
	default:
		start, end := s.place(call.Location())
		s.faults = append(s.faults, names.Fault{Rule: diag.ExprUnknownFunction, Start: start, End: end, Detail: "Only functions can be called."})
	}
}

func (s *source) methodFault(member *ast.MemberNode) {
	start, end := s.place(member.Location())
	s.faults = append(s.faults, names.Fault{
		Rule: diag.ExprUnknownFunction, Start: start, End: end,
		Detail: fmt.Sprintf("There is no method %s here.", strings.Trim(member.Property.String(), `"`)),
	})
}

func harmless(member *ast.MemberNode) bool {
	name, ok := member.Property.(*ast.StringNode)
	if !ok {
		return false
	}
	switch member.Node.Type() {
	case reflect.TypeFor[time.Time]():
		return slices.Contains([]string{
			"Format", "Year", "Month", "Day", "Hour", "Minute", "Second", "Weekday", "YearDay",
			"Unix", "UnixMilli", "Add", "AddDate", "Sub", "Before", "After", "Equal", "UTC", "Truncate", "Round",
		}, name.Value)
	case reflect.TypeFor[time.Duration]():
		return slices.Contains([]string{"Hours", "Minutes", "Seconds", "Milliseconds", "String", "Truncate", "Round", "Abs"}, name.Value)
	default:
		return false
	}
}

// place returns the range of the token at a location that expr reports.
func (s *source) place(at file.Location) (start, end int) {
	start, end = s.words.Offset(at.From), s.words.Offset(at.To)
	if i := s.words.At(start); i >= 0 {
		tok := s.words.Tokens[i]
		return tok.Start, max(end, tok.End)
	}
	last := s.words.Tokens[len(s.words.Tokens)-1]
	return last.Start, last.End
}

// fault places what expr's parser or checker found, in our words.
func (s *source) fault(rule *diag.Rule, err error) {
	fault := names.Fault{Rule: rule, Start: 0, End: len(s.words.Text), Detail: names.Sentence(err.Error())}
	if located, ok := errors.AsType[*file.Error](err); ok {
		fault.Start, fault.End = s.place(located.Location)
		s.describe(&fault, located.Message)
	}
	s.faults = append(s.faults, fault)
}

func (s *source) describe(fault *names.Fault, message string) {
	word := s.words.Text[fault.Start:fault.End]
	switch {
	case strings.HasPrefix(message, "unknown field "), strings.Contains(message, "has no field "):
		fields := s.near(word)
		fault.Rule, fault.Detail = diag.ExprUnknownField, fmt.Sprintf("There is no field %s here.", word)
		fault.Suggest(word, fields)
	case strings.Contains(message, "exceeds maximum") || strings.Contains(message, "too deep"):
		fault.Rule, fault.Detail = diag.ExprTooComplex, "The expression has too many parts or is nested too deep."
	case strings.Contains(message, "mismatched types "):
		_, kinds, _ := strings.Cut(message, "mismatched types ")
		left, right, _ := strings.Cut(strings.TrimSuffix(kinds, ")"), " and ")
		sign := strings.Fields(strings.TrimPrefix(message, "invalid operation: "))[0]
		fault.Detail = fmt.Sprintf("%s cannot be applied to %s and %s.", sign, describeGo(left), describeGo(right))
	case strings.Contains(message, "unexpected token EOF"):
		fault.Detail = "The expression ends where a value should follow."
	case strings.HasPrefix(message, "unexpected token"):
		fault.Detail = fmt.Sprintf("%s was not expected here.", word)
		if word == "=" {
			fault.Hint = "use == to compare"
		}
	default:
		fault.Detail = names.Sentence(strings.NewReplacer(
			"map[string]interface {}", "object", "[]interface {}", "list", "interface {}", "any value",
			"float64", "number", "nil", "null").Replace(message))
	}
}

// near returns the fields of what is referred to that a word may have been meant to be.
func (s *source) near(word string) []string {
	var found []string
	for _, r := range s.refs {
		sh, _, _ := s.t.Follow(r)
		for sh.Kind() == schema.TypeArray || sh.Kind() == schema.TypeObject && !sh.IsRecord() {
			sh = sh.Element()
		}
		if sh.IsRecord() {
			found = append(found, sh.Near(word)...)
		}
	}
	return found
}

func describeGo(name string) string {
	switch {
	case name == "int":
		return "an integer"
	case name == "float64":
		return "a number"
	case name == "bool":
		return "true or false"
	case name == "nil":
		return "null"
	case strings.HasPrefix(name, "map["):
		return "an object"
	case strings.HasPrefix(name, "[]"):
		return "a list"
	case strings.HasPrefix(name, "time."):
		return "a " + strings.ToLower(name[len("time."):])
	default:
		return "a " + name
	}
}
