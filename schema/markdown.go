package schema

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/gatebook/gatebook/schema/internal/words"
)

// Markdown returns the fields of an object as a table, nested ones by their path:
// "retry.attempts", "hosts[].name", "env.*". A schema without fields gives "".
func Markdown(s *Schema) string {
	var rows strings.Builder
	writeRows(&rows, s, "", 0)
	if rows.Len() == 0 {
		return ""
	}
	return "| field | type | required | default | description |\n| --- | --- | --- | --- | --- |\n" + rows.String()
}

func writeRows(to *strings.Builder, s *Schema, prefix string, depth int) {
	if s == nil || depth > maxDepth {
		return
	}
	for _, p := range s.Properties {
		path := prefix + p.Name
		required := ""
		if slices.Contains(s.Required, p.Name) {
			required = "yes"
		}
		part := orAnything(p.Schema)
		fmt.Fprintf(to, "| `%s` | %s | %s | %s | %s |\n", path, cell(TypeText(part)), required,
			cell(code(part.Default)), cell(strings.TrimSpace(part.Description+" "+Limits(part))))
		inner, suffix := inside(part)
		writeRows(to, inner, path+suffix, depth+1)
	}
}

// inside returns the object whose fields a value holds, and the path to it.
func inside(s *Schema) (object *Schema, path string) {
	switch {
	case s.Items != nil:
		object, path = inside(s.Items)
		return object, "[]" + path
	case s.Additional != nil && len(s.Properties) == 0:
		object, path = inside(s.Additional)
		return object, ".*" + path
	default:
		return s, "."
	}
}

// TypeText says in a few words what a schema allows: "list of string", "duration".
func TypeText(s *Schema) string {
	switch {
	case s == nil:
		return "any"
	case s.Ref != "":
		return s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]
	case s.Items != nil:
		return "list of " + TypeText(s.Items)
	case s.Type == TypeArray:
		return "list"
	case s.Additional != nil && len(s.Properties) == 0:
		return "map of " + TypeText(s.Additional)
	case s.Type == TypeString && s.Format != "":
		return s.Format
	case s.Type != "":
		return s.Type
	case len(s.AnyOf)+len(s.OneOf) > 0:
		var types []string
		for _, choice := range slices.Concat(s.AnyOf, s.OneOf) {
			if text := TypeText(choice); !slices.Contains(types, text) {
				types = append(types, text)
			}
		}
		return words.List(types, "or")
	case len(s.AllOf) == 1: // a reference with words beside it
		return TypeText(s.AllOf[0])
	default:
		return "any"
	}
}

// Limits says in sentences of Markdown what the schema forbids beside the type.
func Limits(s *Schema) string {
	var said []string
	one := single(s)
	if len(one.Enum) > 0 {
		texts := make([]string, len(one.Enum))
		for i, value := range one.Enum {
			texts[i] = code(value)
		}
		said = append(said, "One of "+words.List(texts, "or")+".")
	}
	if one.Pattern != "" {
		said = append(said, "Matches `"+one.Pattern+"`.")
	}
	if one.Const != nil {
		said = append(said, "Always "+code(one.Const)+".")
	}
	said = append(said, between("", one.Minimum, one.Maximum, one.Unit))
	said = append(said, ordered(one.FormatMinimum, one.FormatMaximum), bound("More than", one.ExclusiveMinimum), bound("Less than", one.ExclusiveMaximum), bound("A multiple of", one.MultipleOf))
	said = append(said, between("items", size(s.MinItems), size(s.MaxItems), ""))
	said = append(said, between("characters", size(one.MinLength), size(one.MaxLength), ""))
	if s.Secret {
		said = append(said, "Secret: it is never shown.")
	}
	if s.NoSecret {
		said = append(said, "No secret may stand here.")
	}
	if s.TakesSecrets {
		said = append(said, "A secret may stand here.")
	}
	if s.Deprecated {
		said = append(said, "Deprecated.")
	}
	return strings.Join(slices.DeleteFunc(said, func(s string) bool { return s == "" }), " ")
}

func between(noun string, least, most *float64, unit string) string {
	if noun == "" {
		noun = unit
	}
	if noun != "" {
		noun = " " + noun
	}
	switch {
	case least != nil && most != nil:
		return "From " + words.Show(*least) + " to " + words.Show(*most) + noun + "."
	case least != nil:
		return "At least " + words.Show(*least) + noun + "."
	case most != nil:
		return "At most " + words.Show(*most) + noun + "."
	case unit != "":
		return "In " + unit + "."
	default:
		return ""
	}
}

// ordered says the bounds of a text that has an order.
func ordered(least, most string) string {
	switch {
	case least != "" && most != "":
		return "From " + least + " to " + most + "."
	case least != "":
		return "At least " + least + "."
	case most != "":
		return "At most " + most + "."
	default:
		return ""
	}
}

func bound(says string, number *float64) string {
	if number == nil {
		return ""
	}
	return says + " " + words.Show(*number) + "."
}

func size(n *int) *float64 {
	if n == nil {
		return nil
	}
	return new(float64(*n))
}

// code writes a value as Markdown code; nil is "".
func code(value any) string {
	if value == nil {
		return ""
	}
	if s, ok := value.(string); ok && words.IsPlain(s) {
		return "`" + s + "`"
	}
	text, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	return "`" + string(text) + "`"
}

// cell keeps text inside of a table's cell.
func cell(text string) string {
	return strings.NewReplacer("\n", " ", "|", `\|`).Replace(text)
}
