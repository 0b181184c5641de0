package template

import (
	"fmt"
	"iter"
	"strings"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/expr/internal/cost"
	"github.com/gatebook/gatebook/engine/expr/internal/names"
	"github.com/gatebook/gatebook/engine/expr/internal/token"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/schema"
)

// Template is a compiled string with `${{ }}` parts. It is immutable.
type Template struct {
	text    string
	parts   []part
	refs    []names.Ref
	literal bool
	whole   bool // the text is one `${{ }}` and nothing else
}

// part is text as it is, or what computes it.
type part struct {
	text string
	calc *calculation
}

const (
	opening = "${{"
	closing = "}}"
)

// Literal returns the template of a text with nothing to compute and nothing to
// unescape; false for any other.
func Literal(text string) (*Template, bool) {
	if strings.Contains(text, opening) {
		return nil, false
	}
	return &Template{text: text, literal: true}, true
}

// Compile takes text apart and compiles its parts. With faults the template is nil.
func (l *Language) Compile(text string, t *names.Types) (*Template, []names.Fault) {
	made := &Template{text: text}
	var faults []names.Fault
	for cut := range split(text) {
		switch {
		case cut.unclosed:
			faults = append(faults, names.Fault{
				Rule: diag.ExprUnclosed, Start: cut.from, End: len(text),
				Detail: "This ${{ has no }} behind it.", Hint: "write $${{ for the characters themselves",
			})
		case cut.last:
			made.add(cut.plain, nil)
		default:
			calc, found := compileCalculation(text, cut.from, cut.to, t, l)
			faults = append(faults, found...)
			made.add(cut.plain, calc)
		}
	}
	if len(faults) > 0 {
		return nil, faults
	}
	made.classify()
	return made, nil
}

// Weight is how much work a text is to compile, in words: that of its expressions.
func Weight(text string) int {
	weight := 0
	for cut := range split(text) {
		if !cut.last {
			weight += names.Weight(text[cut.from:cut.to])
		}
	}
	return weight
}

// Mentions returns what the expressions of a text seem to refer to, by their words
// alone.
func Mentions(text string) []names.Ref {
	var found []names.Ref
	for cut := range split(text) {
		if cut.last {
			break
		}
		for _, ref := range names.Mentions(text[cut.from:cut.to]) {
			ref.Start, ref.End = ref.Start+cut.from, ref.End+cut.from
			found = append(found, ref)
		}
	}
	return found
}

// cut is an expression of a text, and the plain text before it.
type cut struct {
	plain    string // $${{ stands for ${{ in the text, and is no more
	from, to int    // the expression
	unclosed bool   // the expression, which begins with its ${{, has no end
	last     bool   // there is no expression any more
}

// split yields the parts of a text.
func split(text string) iter.Seq[cut] {
	return func(yield func(cut) bool) {
		var plain strings.Builder
		for at := 0; ; {
			next := strings.Index(text[at:], opening)
			if next < 0 {
				plain.WriteString(text[at:])
				yield(cut{plain: plain.String(), last: true})
				return
			}
			next += at
			if next > at && text[next-1] == '$' {
				plain.WriteString(text[at:next-1] + opening)
				at = next + len(opening)
				continue
			}
			plain.WriteString(text[at:next])
			from := next + len(opening)
			to, closed := token.EndOfPart(text, from)
			if !closed {
				yield(cut{from: next, to: len(text), unclosed: true})
				return
			}
			if !yield(cut{plain: plain.String(), from: from, to: to}) {
				return
			}
			plain.Reset()
			at = to + len(closing)
		}
	}
}

func (t *Template) add(plain string, calc *calculation) {
	if plain != "" {
		t.parts = append(t.parts, part{text: plain})
	}
	if calc != nil {
		t.parts = append(t.parts, part{calc: calc})
		t.refs = append(t.refs, calc.refs...)
	}
}

// classify finds the texts that need no evaluation, and those that keep their type.
func (t *Template) classify() {
	switch {
	case len(t.parts) == 1 && t.parts[0].calc != nil:
		t.whole = true
	case len(t.parts) <= 1 && t.refs == nil:
		t.literal = true
		t.text = strings.ReplaceAll(t.text, "$"+opening, opening)
	}
}

// Text returns the template as it was written; of a literal, what it stands for.
func (t *Template) Text() string { return t.text }

// Refs returns what the template refers to, in the order of the text.
func (t *Template) Refs() []names.Ref { return t.refs }

// Literal reports whether the template has no `${{ }}` part, so that its value is
// the same in every scope.
func (t *Template) Literal() bool { return t.literal }

// Shape returns the static shape of the result as far as it is known; the zero
// Schema where it is not. Where the whole is one reference it is that very schema.
func (t *Template) Shape() *schema.Schema {
	if t.whole {
		return t.parts[0].calc.shape
	}
	return &schema.Schema{Type: schema.TypeString}
}

// Eval evaluates the template. One whole `${{ }}` keeps the type of its value; in
// a longer string values are text. An unknown part makes the whole unknown with
// its causes, and a secret part makes the whole secret. An error is a whole
// sentence without secrets.
func (t *Template) Eval(scope names.Scope) (value.Value, error) {
	if t.literal {
		return value.String(t.text), nil
	}
	limit := cost.NewBudget(cost.MaxWork)
	if t.whole {
		return t.parts[0].calc.eval(scope, &limit)
	}
	var text strings.Builder
	var unknown, secrets []value.Value
	for _, p := range t.parts {
		if p.calc == nil {
			text.WriteString(p.text)
			continue
		}
		v, err := p.calc.eval(scope, &limit)
		if err != nil {
			return value.Value{}, err
		}
		if v.HasSecret() {
			secrets = append(secrets, v)
		}
		if v.HasUnknown() {
			unknown = append(unknown, v)
			continue
		}
		before := text.Len()
		if err := writeText(&text, v, p.calc.text); err != nil {
			return value.Value{}, err
		}
		if err := limit.Pay(1 + (text.Len()-before)/cost.BytesPerUnit); err != nil {
			return value.Value{}, fmt.Errorf("%s: %w", p.calc.text, err)
		}
	}
	switch {
	case len(unknown) > 0 && len(secrets) > 0:
		return value.Unknown(value.List(unknown...).Causes()...).Secret(), nil
	case len(unknown) > 0:
		return value.Unknown(value.List(unknown...).Causes()...), nil
	case len(secrets) > 0:
		return value.Joined(text.String(), secrets), nil
	default:
		return value.String(text.String()), nil
	}
}

// writeText writes a value into a longer string: strings as they are, anything else
// as compact JSON.
func writeText(text *strings.Builder, v value.Value, source string) error {
	if s, ok := v.AsString(); ok {
		text.WriteString(s)
		return nil
	}
	if v.IsNull() {
		return fmt.Errorf(`%s has no value to put into the text; give one with %s ?? ""`, source, source)
	}
	document, err := v.RevealJSON()
	if err != nil {
		return fmt.Errorf("%s: %w", source, err)
	}
	text.Write(document)
	return nil
}
