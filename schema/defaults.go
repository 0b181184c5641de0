package schema

import "maps"

// ApplyDefaults returns data with the defaults of s where a property of an object
// is not given, at every depth of what is given. It leaves data as it is, and
// copies only the objects and lists that change.
func ApplyDefaults(s *Schema, data any) any {
	return applyDefaults(s, s, data)
}

func applyDefaults(root, s *Schema, data any) any {
	s = deref(root, s)
	if s == nil {
		return data
	}
	switch d := data.(type) {
	case Masked:
		return Masked{Value: applyDefaults(root, s, d.Value)}
	case map[string]any:
		return defaultsOfObject(root, s, d)
	case []any:
		if s.Items == nil {
			return data
		}
		items := make([]any, len(d))
		for i := range d {
			items[i] = applyDefaults(root, s.Items, d[i])
		}
		return items
	default:
		return data
	}
}

func defaultsOfObject(root, s *Schema, object map[string]any) any {
	filled := maps.Clone(object)
	if filled == nil {
		filled = map[string]any{}
	}
	for _, p := range s.Properties {
		given, ok := object[p.Name]
		if ok {
			filled[p.Name] = applyDefaults(root, p.Schema, given)
			continue
		}
		if declared := deref(root, p.Schema); declared != nil && declared.Default != nil {
			filled[p.Name] = declared.Default
		}
	}
	if s.Additional == nil {
		return filled
	}
	for name, given := range object {
		if _, declared := s.Property(name); !declared {
			filled[name] = applyDefaults(root, s.Additional, given)
		}
	}
	return filled
}
