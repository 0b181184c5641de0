package condition

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/expr/internal/cost"
	"github.com/gatebook/gatebook/engine/expr/internal/names"
	"github.com/gatebook/gatebook/engine/expr/internal/operand"
	"github.com/gatebook/gatebook/engine/expr/internal/token"
)

// mostFaults bounds what is said of one expression.
const mostFaults = 20

// checkFaults places what a check has found, and says it in our words.
func (e *Env) checkFaults(source expression, parsed *cel.Ast, found []*common.Error) []names.Fault {
	found = found[:min(len(found), mostFaults)]
	var missed []operand.MissedField
	if slices.ContainsFunc(found, isMissedField) {
		missed = e.missed(parsed)
	}
	var faults []names.Fault
	var broken []names.Fault // calls whose parts need no findings of their own
	for _, err := range found {
		x := source.find(err.ExprID)
		if x == nil {
			faults = append(faults, syntaxFault(source.words, err))
			continue
		}
		fault := e.checkFault(source, x, err.Message, missed)
		if fault.Rule == diag.ExprUnknownFunction {
			whole := fault
			whole.Start, whole.End = source.span(x)
			broken = append(broken, whole)
		}
		faults = append(faults, fault)
	}
	return names.Distinct(slices.DeleteFunc(faults, func(f names.Fault) bool {
		return f.Rule == diag.ExprUnknownName && slices.ContainsFunc(broken, func(call names.Fault) bool {
			return call.Start <= f.Start && f.End <= call.End
		}) && !e.isRootTypo(source.words.Text[f.Start:f.End])
	}))
}

// missed returns the fields that an expression asks for in vain. It is checked again for
// that, in an environment that no other uses meanwhile.
func (e *Env) missed(parsed *cel.Ast) []operand.MissedField {
	alone, isSpare := e.spare.Get().(*Env)
	if !isSpare {
		made, err := e.language.Env(e.types.Types())
		if err != nil {
			return nil // as e was made, so can this be
		}
		alone = made
	}
	defer e.spare.Put(alone)
	alone.cel.Check(parsed)
	return alone.types.Missed()
}

// undefinedField begins what CEL says of a field that is not there.
const undefinedField = "undefined field"

func isMissedField(err *common.Error) bool { return strings.HasPrefix(err.Message, undefinedField) }

// isRootTypo tells a name that was meant to be a root from the variable of a
// comprehension that was not understood.
func (e *Env) isRootTypo(name string) bool {
	_, near := diag.Nearest(name, e.types.Types().Names())
	return near && len(name) > 2
}

func (e *Env) checkFault(source expression, x celast.Expr, message string, missed []operand.MissedField) names.Fault {
	start, end := source.span(x)
	fault := names.Fault{Rule: diag.ExprType, Start: start, End: end}
	quoted := strings.Split(message, "'")
	word := func(i int) string {
		if 2*i+1 < len(quoted) {
			return quoted[2*i+1]
		}
		return ""
	}
	switch {
	case strings.HasPrefix(message, "undeclared reference"):
		e.unknownWord(&fault, source, x, word(0))
	case strings.HasPrefix(message, undefinedField):
		return e.missedFault(source, x, word(0), missed)
	case strings.HasPrefix(message, "found no matching overload"):
		describeOverload(&fault, word(0), word(1))
	case strings.HasPrefix(message, "expected type"):
		fault.Detail = fmt.Sprintf("Here %s is needed, and %s is %s.", operand.Describe(word(0)), source.text(x), operand.Describe(word(1)))
	case strings.Contains(message, "does not support field selection"):
		fault.Start, fault.End = source.field(x)
		of := source.text(x.AsSelect().Operand())
		fault.Detail = fmt.Sprintf("%s is %s and has no fields.", of, operand.Describe(word(0)))
	case strings.Contains(message, "cannot be range of a comprehension"):
		fault.Detail = fmt.Sprintf("%s is %s; only a list or a map has items to go over.", source.text(x), operand.Describe(word(0)))
	case strings.Contains(message, "comprehension exceeds nesting limit"):
		fault.Rule, fault.Detail = diag.ExprTooComplex, fmt.Sprintf("Loops are nested more than %d deep.", cost.MaxLoops)
	case strings.HasPrefix(message, "invalid "):
		fault.Rule, fault.Detail = diag.ExprBadLiteral, names.Sentence(source.text(x)+" is an "+message)
	default:
		fault.Detail = names.Sentence(operand.Plain(message))
	}
	return fault
}

// unknownWord says that a name or a function does not exist.
func (e *Env) unknownWord(fault *names.Fault, source expression, x celast.Expr, name string) {
	if x.Kind() != celast.CallKind {
		fault.UnknownRoot(name, e.types.Types().Names())
		if near, ok := map[string]string{"and": "&&", "or": "||", "not": "!"}[name]; ok {
			fault.Hint = "write " + near
		}
		return
	}
	fault.Rule = diag.ExprUnknownFunction
	name = name[strings.LastIndexByte(name, '.')+1:]
	i, _ := source.own(x.ID())
	if i > 0 {
		fault.Start, fault.End = source.words.Tokens[i-1].Start, source.words.Tokens[i-1].End
	}
	functions := slices.Collect(maps.Keys(e.cel.Functions()))
	for _, macro := range e.cel.Macros() {
		functions = append(functions, macro.Function())
	}
	functions = slices.DeleteFunc(functions, func(f string) bool { return strings.ContainsAny(f, "_@") })
	if slices.Contains(functions, name) {
		fault.Detail = fmt.Sprintf("%s is not used with these arguments.", name)
		return
	}
	fault.Detail = fmt.Sprintf("There is no function %s.", name)
	if target := x.AsCall().Target(); target != nil && target.Kind() == celast.IdentKind {
		if family := names.Family(target.AsIdent()+".", functions); len(family) > 0 {
			fault.Detail = fmt.Sprintf("%s has no function %s; it has %s.", target.AsIdent(), name, names.Listing(family))
			functions = family
		}
	}
	fault.Suggest(name, functions)
}

// missedFault says which field or step does not exist.
func (e *Env) missedFault(source expression, x celast.Expr, name string, missed []operand.MissedField) names.Fault {
	var fault *names.Fault
	i := slices.IndexFunc(missed, func(m operand.MissedField) bool { return m.Name == name })
	start, end := source.span(x)
	of := "it"
	switch {
	case x.Kind() == celast.SelectKind:
		start, end = source.field(x)
		of = source.text(x.AsSelect().Operand())
	case x.Kind() == celast.CallKind && len(x.AsCall().Args()) == 2:
		start, end = source.span(x.AsCall().Args()[1])
		of = source.text(x.AsCall().Args()[0])
	}
	switch {
	case i < 0:
		fault = names.Shape{}.UnknownField(of, name)
	case of == names.RootSteps:
		fault = e.types.Types().UnknownStep(name)
	default:
		fault = missed[i].In.UnknownField(of, name)
	}
	fault.Start, fault.End = start, end
	return *fault
}

// describeOverload says that an operator or function does not take these types.
func describeOverload(fault *names.Fault, function, signature string) {
	receiver, arguments, isMember := strings.Cut(signature, ".(")
	if !isMember {
		receiver, arguments = "", strings.TrimPrefix(signature, "(")
	}
	var kinds []string
	for _, argument := range splitTypes(strings.TrimSuffix(arguments, ")")) {
		kinds = append(kinds, operand.Describe(argument))
	}
	list := strings.Join(kinds, " and ")
	sign, isOperator := operators.FindReverse(function)
	switch {
	case function == operators.Conditional:
		fault.Detail = fmt.Sprintf("The part before ? must be true or false, and both parts behind it of one type; they are %s.", list)
	case function == operators.Index && kinds[0] == "an object":
		fault.Detail, fault.Hint = "An object with declared fields is not indexed.", "write a dot and the name of the field"
	case function == operators.Index:
		fault.Detail = fmt.Sprintf("%s cannot be indexed by %s.", sentenceStart(kinds[0]), strings.Join(kinds[1:], " and "))
	case isOperator && sign != "":
		fault.Detail = fmt.Sprintf("%s cannot be applied to %s.", sign, list)
		fault.Hint = convertHint(kinds)
	case isMember:
		fault.Detail = fmt.Sprintf("%s is not a function of %s with %s.", function, operand.Describe(receiver), orNothing(list))
	default:
		fault.Detail = fmt.Sprintf("%s cannot be called with %s.", function, orNothing(list))
	}
}

func sentenceStart(text string) string { return strings.TrimSuffix(names.Sentence(text), ".") }

func orNothing(list string) string {
	if list == "" {
		return "no arguments"
	}
	return list
}

// convertHint helps where one side has a type that the other can be converted to.
func convertHint(kinds []string) string {
	switch {
	case slices.Contains(kinds, "a duration"):
		return `a duration is written duration("5m")`
	case slices.Contains(kinds, "a time"):
		return `a time is written timestamp("2026-01-02T03:04:05Z")`
	case slices.Contains(kinds, "a string") && slices.Contains(kinds, "an integer"):
		return "int(…) makes an integer of a string, string(…) a string of an integer"
	default:
		return ""
	}
}

// splitTypes splits at the commas outside of brackets.
func splitTypes(list string) []string {
	var parts []string
	depth, from := 0, 0
	for i, c := range list {
		switch {
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ',' && depth == 0:
			parts = append(parts, strings.TrimSpace(list[from:i]))
			from = i + 1
		}
	}
	if rest := strings.TrimSpace(list[from:]); rest != "" {
		parts = append(parts, rest)
	}
	return parts
}

// syntaxFaults says what CEL's parser found first; the rest is mostly a consequence.
func syntaxFaults(list *token.List, found []*common.Error) []names.Fault {
	first := slices.MinFunc(found, func(a, b *common.Error) int {
		return syntaxFault(list, a).Start - syntaxFault(list, b).Start
	})
	return []names.Fault{syntaxFault(list, first)}
}

func syntaxFault(list *token.List, err *common.Error) names.Fault {
	offset := 0
	if line := err.Location.Line(); line > 0 {
		for range line - 1 {
			next := strings.IndexByte(list.Text[offset:], '\n')
			if next < 0 {
				break
			}
			offset += next + 1
		}
		for range max(err.Location.Column(), 0) {
			_, size := utf8.DecodeRuneInString(list.Text[offset:])
			offset += size
		}
	}
	fault := names.Fault{Rule: diag.ExprSyntax, Start: offset, End: len(list.Text)}
	word := ""
	if i := list.At(offset); i >= 0 {
		fault.Start, fault.End = max(offset, list.Tokens[i].Start), list.Tokens[i].End
		word = list.Text[fault.Start:fault.End]
	} else {
		last := list.Tokens[len(list.Tokens)-1]
		fault.Start, fault.End = last.Start, last.End
	}
	describeSyntax(&fault, word, err.Message)
	return fault
}

func describeSyntax(fault *names.Fault, word, message string) {
	switch {
	case strings.Contains(message, "exceed") || strings.Contains(message, "limit"):
		fault.Rule, fault.Detail = diag.ExprTooComplex, "The expression has too many parts or is nested too deep."
	case word == "":
		fault.Detail = "The expression ends where a value should follow."
	case word == "=":
		fault.Detail, fault.Hint = "A single = means nothing here.", "use == to compare"
	case word == "&" || word == "|":
		fault.Detail, fault.Hint = fmt.Sprintf("A single %s means nothing here.", word), "write "+word+word
	case (word[0] == '"' || word[0] == '\'') && strings.Contains(message, "token recognition"):
		fault.Detail = fmt.Sprintf("The string %s is not closed.", word)
	case word == "and" || word == "or":
		fault.Detail, fault.Hint = fmt.Sprintf("The word %s joins nothing in CEL.", word), "write && or ||"
	case strings.Contains(message, "token recognition"):
		fault.Detail = fmt.Sprintf("%s does not belong in an expression.", word)
	case strings.Contains(message, "expecting <EOF>"):
		fault.Detail = fmt.Sprintf("The expression is complete before %s.", word)
	case strings.Contains(message, "expecting"), strings.Contains(message, "no viable"):
		fault.Detail = fmt.Sprintf("%s was not expected here.", word)
	default:
		fault.Detail = names.Sentence(strings.TrimPrefix(message, "Syntax error: "))
	}
}
