package expr

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
	"github.com/gatebook/gatebook/engine/expr/internal/token"
)

// checkFaults checks an expression again that has failed, in an environment of its
// own, so that the fields that were missed are its own; places what is found and says
// it in our words.
func (e *celEnv) checkFaults(source celSource, parsed *cel.Ast) []Fault {
	alone, err := newCELEnv(e.base, e.types.t)
	if err != nil {
		return []Fault{{Rule: diag.ExprType, Start: 0, End: len(source.words.Text), Detail: sentence(err.Error())}}
	}
	_, issues := alone.Check(parsed)
	found, missed := issues.Errors(), alone.types.missed
	var faults []Fault
	var broken []Fault // calls whose parts need no findings of their own
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
	return distinct(slices.DeleteFunc(faults, func(f Fault) bool {
		return f.Rule == diag.ExprUnknownName && slices.ContainsFunc(broken, func(call Fault) bool {
			return call.Start <= f.Start && f.End <= call.End
		}) && !e.isRootTypo(source.words.Text[f.Start:f.End])
	}))
}

// isRootTypo tells a name that was meant to be a root from the variable of a
// comprehension that was not understood.
func (e *celEnv) isRootTypo(name string) bool {
	_, near := diag.Nearest(name, e.types.t.names())
	return near && len(name) > 2
}

func (e *celEnv) checkFault(source celSource, x celast.Expr, message string, missed []missedField) Fault {
	start, end := source.span(x)
	fault := Fault{Rule: diag.ExprType, Start: start, End: end}
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
	case strings.HasPrefix(message, "undefined field"):
		return e.missedFault(source, x, word(0), missed)
	case strings.HasPrefix(message, "found no matching overload"):
		describeOverload(&fault, word(0), word(1))
	case strings.HasPrefix(message, "expected type"):
		fault.Detail = fmt.Sprintf("Here %s is needed, and %s is %s.", describeCEL(word(0)), source.text(x), describeCEL(word(1)))
	case strings.Contains(message, "does not support field selection"):
		fault.Start, fault.End = source.field(x)
		of := source.text(x.AsSelect().Operand())
		fault.Detail = fmt.Sprintf("%s is %s and has no fields.", of, describeCEL(word(0)))
	case strings.Contains(message, "cannot be range of a comprehension"):
		fault.Detail = fmt.Sprintf("%s is %s; only a list or a map has items to go over.", source.text(x), describeCEL(word(0)))
	case strings.Contains(message, "comprehension exceeds nesting limit"):
		fault.Rule, fault.Detail = diag.ExprTooComplex, fmt.Sprintf("Loops are nested more than %d deep.", maxLoops)
	case strings.HasPrefix(message, "invalid "):
		fault.Rule, fault.Detail = diag.ExprBadLiteral, sentence(source.text(x)+" is an "+message)
	default:
		fault.Detail = sentence(strings.ReplaceAll(message, celPrefix, ""))
	}
	return fault
}

// unknownWord says that a name or a function does not exist.
func (e *celEnv) unknownWord(fault *Fault, source celSource, x celast.Expr, name string) {
	if x.Kind() != celast.CallKind {
		fault.Rule = diag.ExprUnknownName
		names := e.types.t.names()
		fault.Detail = fmt.Sprintf("There is no %s here; an expression begins with %s.", name, listing(names))
		fault.suggest(name, names)
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
	functions := slices.Collect(maps.Keys(e.Functions()))
	for _, macro := range e.Macros() {
		functions = append(functions, macro.Function())
	}
	functions = slices.DeleteFunc(functions, func(f string) bool { return strings.ContainsAny(f, "_@") })
	if slices.Contains(functions, name) {
		fault.Detail = fmt.Sprintf("%s is not used with these arguments.", name)
		return
	}
	fault.Detail = fmt.Sprintf("There is no function %s.", name)
	if target := x.AsCall().Target(); target != nil && target.Kind() == celast.IdentKind {
		if family := inFamily(target.AsIdent()+".", functions); len(family) > 0 {
			fault.Detail = fmt.Sprintf("%s has no function %s; it has %s.", target.AsIdent(), name, listing(family))
			functions = family
		}
	}
	fault.suggest(name, functions)
}

// inFamily returns what comes behind the prefix in the names that have it.
func inFamily(prefix string, names []string) []string {
	var family []string
	for _, name := range names {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			family = append(family, rest)
		}
	}
	slices.Sort(family)
	return family
}

// missedFault says which field or step does not exist.
func (e *celEnv) missedFault(source celSource, x celast.Expr, name string, missed []missedField) Fault {
	var fault *Fault
	i := slices.IndexFunc(missed, func(m missedField) bool { return m.name == name })
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
		fault = unknownField(of, name, nil)
	case of == RootSteps:
		fault = unknownStep(name, e.types.t.steps.outputs)
	default:
		fault = unknownField(of, name, missed[i].fields)
	}
	fault.Start, fault.End = start, end
	return *fault
}

// describeOverload says that an operator or function does not take these types.
func describeOverload(fault *Fault, function, signature string) {
	receiver, arguments, isMember := strings.Cut(signature, ".(")
	if !isMember {
		receiver, arguments = "", strings.TrimPrefix(signature, "(")
	}
	var kinds []string
	for _, argument := range splitTypes(strings.TrimSuffix(arguments, ")")) {
		kinds = append(kinds, describeCEL(argument))
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
		fault.Detail = fmt.Sprintf("%s is not a function of %s with %s.", function, describeCEL(receiver), orNothing(list))
	default:
		fault.Detail = fmt.Sprintf("%s cannot be called with %s.", function, orNothing(list))
	}
}

func sentenceStart(text string) string { return strings.TrimSuffix(sentence(text), ".") }

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

// describeCEL names a CEL type in our words.
func describeCEL(name string) string {
	name = strings.TrimSuffix(strings.TrimPrefix(name, "wrapper("), ")")
	outer, _, _ := strings.Cut(name, "(")
	switch {
	case strings.HasPrefix(name, celPrefix):
		return "an object"
	case outer == "int":
		return "an integer"
	case outer == "double":
		return "a number"
	case outer == "bool":
		return "true or false"
	case outer == "optional_type":
		return "an optional value"
	case strings.HasSuffix(strings.ToLower(outer), "timestamp"):
		return "a time"
	case strings.HasSuffix(strings.ToLower(outer), "duration"):
		return "a duration"
	case outer == "dyn":
		return "any value"
	case outer == "null" || outer == "null_type":
		return "null"
	default:
		return "a " + outer
	}
}

// syntaxFaults says what CEL's parser found first; the rest is mostly a consequence.
func syntaxFaults(list *token.List, found []*common.Error) []Fault {
	first := slices.MinFunc(found, func(a, b *common.Error) int {
		return syntaxFault(list, a).Start - syntaxFault(list, b).Start
	})
	return []Fault{syntaxFault(list, first)}
}

func syntaxFault(list *token.List, err *common.Error) Fault {
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
	fault := Fault{Rule: diag.ExprSyntax, Start: offset, End: len(list.Text)}
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

func describeSyntax(fault *Fault, word, message string) {
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
		fault.Detail = sentence(strings.TrimPrefix(message, "Syntax error: "))
	}
}

// distinct drops repetitions and sorts by place.
func distinct(faults []Fault) []Fault {
	slices.SortStableFunc(faults, func(a, b Fault) int { return a.Start - b.Start })
	return slices.CompactFunc(faults, func(a, b Fault) bool { return a.Start == b.Start && a.Rule == b.Rule })
}
