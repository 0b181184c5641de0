package schema

// Resolve follows the reference that part, a schema inside the document s, may be. One
// that leads nowhere, or in a circle, gives nil.
func (s *Schema) Resolve(part *Schema) *Schema {
	if s == nil || part == nil || part.Ref == "" {
		return part
	}
	return deref(s, part)
}
