package schema

import "strings"

// Resolve follows the reference that part, a schema inside the document s, may be. One
// that leads nowhere, or in a circle, gives nil.
func (s *Schema) Resolve(part *Schema) *Schema {
	if s == nil || part == nil || part.Ref == "" {
		return part
	}
	return deref(s, part)
}

// deref follows a reference; one that leads nowhere, or on for longer than there
// are definitions, gives nil.
func deref(root, s *Schema) *Schema {
	for range len(root.Defs) + 2 {
		if s == nil || s.Ref == "" {
			return s
		}
		s = root.lookup(s.Ref)
	}
	return nil
}

// lookup returns the schema that "#" or "#/$defs/NAME" means in the document s.
func (s *Schema) lookup(ref string) *Schema {
	if ref == "#" {
		return s
	}
	for _, d := range s.Defs {
		if ref == "#/$defs/"+escape(d.Name) {
			return orAnything(d.Schema)
		}
	}
	return nil
}

func orAnything(s *Schema) *Schema {
	if s == nil {
		return &Schema{}
	}
	return s
}

// escape writes a name as a part of a JSON pointer.
func escape(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}
