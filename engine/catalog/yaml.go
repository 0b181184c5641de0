package catalog

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// stepYAML writes an example as a step. It needs no YAML library: JSON is YAML, and
// what can be written more simply is what people would write.
func stepYAML(d sdk.Description, example schema.Example) string {
	id := d.Name[strings.LastIndexByte(d.Name, '.')+1:]
	var text strings.Builder
	text.WriteString("- id: " + id + "\n  uses: " + d.Name + "\n")
	if len(example.With) == 0 {
		return text.String()
	}
	text.WriteString("  with:\n")
	for _, name := range fieldOrder(d.Input, example.With) {
		text.WriteString("    " + scalar(name) + ":")
		writeYAML(&text, example.With[name], "      ")
	}
	return text.String()
}

// fieldOrder returns the names of object in the order of their declaration.
func fieldOrder(s *schema.Schema, object map[string]any) []string {
	var names []string
	if s != nil {
		for _, p := range s.Properties {
			if _, given := object[p.Name]; given {
				names = append(names, p.Name)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// writeYAML writes what follows a key, to the end of its line or lines.
func writeYAML(to *strings.Builder, data any, indent string) {
	switch d := data.(type) {
	case map[string]any:
		if len(d) == 0 {
			to.WriteString(" {}\n")
			return
		}
		to.WriteString("\n")
		for _, name := range slices.Sorted(maps.Keys(d)) {
			to.WriteString(indent + scalar(name) + ":")
			writeYAML(to, d[name], indent+"  ")
		}
	case string:
		if strings.Contains(d, "\n") && isBlock(d) {
			to.WriteString(" |" + chomp(d) + "\n")
			for line := range strings.SplitSeq(strings.TrimSuffix(d, "\n"), "\n") {
				to.WriteString(strings.TrimRight(indent+line, " ") + "\n")
			}
			return
		}
		to.WriteString(" " + scalar(d) + "\n")
	default:
		to.WriteString(" " + flow(data) + "\n")
	}
}

// isBlock reports whether a block scalar can hold text as it stands.
func isBlock(text string) bool {
	return !strings.HasPrefix(text, " ") && !strings.HasPrefix(text, "\n") && !strings.HasSuffix(text, "\n\n") &&
		!strings.ContainsFunc(text, func(c rune) bool { return c < ' ' && c != '\n' }) &&
		!strings.Contains(text, " \n")
}

func chomp(text string) string {
	if strings.HasSuffix(text, "\n") {
		return ""
	}
	return "-"
}

// flow writes data in one line.
func flow(data any) string {
	switch d := data.(type) {
	case string:
		return scalar(d)
	case []any:
		items := make([]string, len(d))
		for i, item := range d {
			items[i] = flow(item)
		}
		return "[" + strings.Join(items, ", ") + "]"
	case map[string]any:
		var members []string
		for _, name := range slices.Sorted(maps.Keys(d)) {
			members = append(members, scalar(name)+": "+flow(d[name]))
		}
		return "{" + strings.Join(members, ", ") + "}"
	default:
		return quoted(data)
	}
}

// scalar writes a string without quotes where no reader of YAML takes it for
// anything else.
func scalar(text string) string {
	plain := regexp.MustCompile(`^([A-Za-z_/][A-Za-z0-9_./@%+-]*|[0-9]+(ms|s|m|h))$`)
	words := regexp.MustCompile(`^(?i:true|false|null|yes|no|on|off|y|n)$`)
	if plain.MatchString(text) && !words.MatchString(text) {
		return text
	}
	return quoted(text)
}

func quoted(data any) string {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(data); err != nil {
		return `""`
	}
	return strings.TrimSuffix(text.String(), "\n")
}
