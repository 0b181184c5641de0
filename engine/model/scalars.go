package model

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/syntax"
)

func (t *Text) decode(d *decoder, node *syntax.Node, f *field) bool {
	if node.Kind() != syntax.String {
		d.notText(node, f)
		return false
	}
	text := node.Text()
	if strings.TrimSpace(text) == "" {
		d.add(diag.BlankText.At(node.Range(), "The text is empty."))
		return false
	}
	t.Said = said(text, node)
	d.checkText(*t, f)
	return true
}

func (t *Text) setDefault(text string) { t.Value = text }

// notText reports a node that is not a string, and how to make it one.
func (d *decoder) notText(node *syntax.Node, f *field) {
	switch node.Kind() {
	case syntax.Int, syntax.Float:
		text := node.Text()
		if f.format == "semver" {
			text += strings.Repeat(".0", max(0, 2-strings.Count(text, ".")))
		}
		d.add(diag.WrongType.At(node.Range(), "This should be a string, but YAML reads %s as %s.", node.Text(), node.Kind()).
			WithHint("write %q", text))
	case syntax.Bool:
		d.add(diag.WrongType.At(node.Range(), "This should be a string, but YAML reads %s as %s.", node.Text(), node.Kind()).
			WithHint("write %q", node.Text()))
	default:
		d.wrongType(node, "a string")
	}
}

func (d *decoder) checkText(t Text, f *field) {
	switch {
	case f.constant != "" && t.Value != f.constant:
		d.notConstant(t, f)
	case f.enum != nil && !slices.Contains(f.enum, t.Value):
		finding := diag.NotOneOf.At(t.Range(), "%q is not allowed for %s; allowed are: %s.", t.Value, f.key, strings.Join(f.enum, ", "))
		if near, ok := diag.Nearest(t.Value, f.enum); ok {
			finding = finding.WithHint("did you mean %q?", near)
		}
		d.add(finding)
	case f.format != "":
		d.checkFormat(t, f.format)
	}
}

func (d *decoder) notConstant(t Text, f *field) {
	rule := diag.UnknownKind
	if f.key == "apiVersion" {
		rule = diag.UnknownVersion
	}
	finding := rule.At(t.Range(), "The %s %q is not known; gatebook knows %q.", f.key, t.Value, f.constant)
	if near, ok := diag.Nearest(t.Value, []string{f.constant}); ok {
		finding = finding.WithHint("did you mean %q?", near)
	}
	d.add(finding)
}

func (e *Expr) decode(d *decoder, node *syntax.Node, _ *field) bool {
	text := node.Text()
	switch {
	case node.Kind() == syntax.Bool && (text == "true" || text == "false"):
	case node.Kind() != syntax.String:
		d.wrongType(node, "a CEL expression")
		return false
	case strings.TrimSpace(text) == "":
		d.add(diag.BlankText.At(node.Range(), "The expression is empty."))
		return false
	}
	e.Said = said(text, node)
	return true
}

func (x *Duration) decode(d *decoder, node *syntax.Node, f *field) bool {
	text := node.Text()
	switch node.Kind() {
	case syntax.String:
	case syntax.Int, syntax.Float:
		d.add(diag.BadDuration.At(node.Range(), "%s has no unit.", text).WithHint("write %ss for seconds, or %sm for minutes", text, text))
		return false
	default:
		d.wrongType(node, "a duration such as 300s or 1h30m")
		return false
	}
	value, err := time.ParseDuration(text)
	if err != nil {
		d.add(badDuration(node, text))
		return false
	}
	x.Said = said(value, node)
	switch {
	case value < 0:
		d.add(diag.OutOfRange.At(node.Range(), "A duration cannot be negative here."))
	case value == 0 && f.positive:
		d.add(diag.OutOfRange.At(node.Range(), "The duration must be more than nothing.").WithHint("remove the key if there is none"))
	}
	return true
}

func (x *Duration) setDefault(text string) {
	if value, err := time.ParseDuration(text); err == nil {
		x.Value = value
	}
}

func badDuration(node *syntax.Node, text string) diag.Diagnostic {
	finding := diag.BadDuration.At(node.Range(), "%q is not a duration.", text)
	if days, err := strconv.Atoi(strings.TrimSuffix(text, "d")); err == nil && strings.HasSuffix(text, "d") {
		return finding.WithHint("there is no unit for days: write %dh", days*24)
	}
	if strings.Contains(text, "${{") {
		return finding.WithHint("an expression is not allowed here: write the duration itself")
	}
	return finding.WithHint("write numbers with the units h, m, s or ms, such as 1h30m")
}

func (i *Integer) decode(d *decoder, node *syntax.Node, f *field) bool {
	value, ok := node.Value().AsInt()
	if node.Kind() != syntax.Int || !ok {
		d.notNumber(node, "an integer")
		return false
	}
	i.Said = said(value, node)
	d.checkBounds(node, float64(value), f)
	return true
}

func (i *Integer) setDefault(text string) {
	if value, err := strconv.ParseInt(text, 10, 64); err == nil {
		i.Value = value
	}
}

func (n *Number) decode(d *decoder, node *syntax.Node, f *field) bool {
	value, ok := node.Value().AsFloat()
	if !ok {
		d.notNumber(node, "a number")
		return false
	}
	n.Said = said(value, node)
	d.checkBounds(node, value, f)
	return true
}

func (n *Number) setDefault(text string) {
	if value, err := strconv.ParseFloat(text, 64); err == nil {
		n.Value = value
	}
}

func (d *decoder) notNumber(node *syntax.Node, want string) {
	if _, err := strconv.ParseFloat(node.Text(), 64); err == nil && node.Kind() == syntax.String {
		d.add(diag.WrongType.At(node.Range(), "This should be %s, but it is a string.", want).
			WithHint("remove the quotes"))
		return
	}
	d.wrongType(node, want)
}

func (d *decoder) checkBounds(node *syntax.Node, value float64, f *field) {
	switch {
	case f.min != nil && value < *f.min:
		d.add(diag.OutOfRange.At(node.Range(), "%s must be at least %v.", f.key, *f.min))
	case f.positive && value <= 0:
		d.add(diag.OutOfRange.At(node.Range(), "%s must be greater than 0.", f.key))
	}
}

func (b *Boolean) decode(d *decoder, node *syntax.Node, _ *field) bool {
	if node.Kind() == syntax.Bool {
		value, _ := node.Value().AsBool()
		b.Said = said(value, node)
		return true
	}
	switch strings.ToLower(node.Text()) {
	case "yes", "on", "y", "true":
		d.add(diag.WrongType.At(node.Range(), "This should be a boolean, but %s is a string.", node.Text()).WithHint("write true"))
	case "no", "off", "n", "false":
		d.add(diag.WrongType.At(node.Range(), "This should be a boolean, but %s is a string.", node.Text()).WithHint("write false"))
	default:
		d.wrongType(node, "true or false")
	}
	return false
}

func (v *Value) decode(_ *decoder, node *syntax.Node, _ *field) bool {
	v.Node = node
	return true
}
