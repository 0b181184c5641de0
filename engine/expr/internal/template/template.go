package template

import (
	"fmt"
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
	var plain strings.Builder
	for at := 0; at < len(text); {
		next := strings.Index(text[at:], opening)
		if next < 0 {
			plain.WriteString(text[at:])
			break
		}
		next += at
		if next > at && text[next-1] == '$' { // $${{ stands for ${{
			plain.WriteString(text[at:next-1] + opening)
			at = next + len(opening)
			continue
		}
		plain.WriteString(text[at:next])
		from := next + len(opening)
		end, ok := token.EndOfPart(text, from)
		if !ok {
			faults = append(faults, names.Fault{
				Rule: diag.ExprUnclosed, Start: next, End: len(text),
				Detail: "This ${{ has no }} behind it.", Hint: "write $${{ for the characters themselves",
			})
			break
		}
		calc, found := compileCalculation(text, from, end, t, l)
		faults = append(faults, found...)
		made.add(plain.String(), calc)
		plain.Reset()
		at = end + len(closing)
	}
	if len(faults) > 0 {
		return nil, faults
	}
	made.finish(plain.String())
	return made, nil
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

func (t *Template) finish(plain string) {
	t.add(plain, nil)
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
	limit := cost.NewBudget()
	if t.whole {
		return t.parts[0].calc.eval(scope, limit)
	}
	var text strings.Builder
	var unknown []value.Value
	secret := false
	for _, p := range t.parts {
		if p.calc == nil {
			text.WriteString(p.text)
			continue
		}
		v, err := p.calc.eval(scope, limit)
		if err != nil {
			return value.Value{}, err
		}
		secret = secret || v.HasSecret()
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
	result := value.String(text.String())
	if len(unknown) > 0 {
		result = value.Unknown(value.List(unknown...).Causes()...)
	}
	if secret {
		result = result.Secret()
	}
	return result, nil
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
