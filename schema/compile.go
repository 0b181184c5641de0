package schema

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Limits on a schema, since it may come from a stranger.
const (
	maxNodes = 20_000
	maxDepth = 200
)

// Validator checks values against one schema. It is immutable, and safe for
// concurrent use.
type Validator struct {
	root *node
}

// node is a compiled schema: references resolved, patterns compiled.
type node struct {
	*Schema
	ref        *node
	pattern    *regexp.Regexp
	format     func(string) bool
	items      *node
	properties []member
	additional *node
	anyOf      []*node
	oneOf      []*node
	allOf      []*node
	anything   bool // nothing can break it
}

// member is one declared property.
type member struct {
	name     string
	node     *node
	required bool
}

// Compile makes a validator of a schema. It fails where a pattern is no RE2
// expression or all are too large, a reference leads nowhere or in a circle, or the schema is so large
// that it is meant to do harm. It keeps nothing but pointers into the schema,
// which must not change afterwards.
func Compile(s *Schema) (*Validator, error) {
	c := compiler{root: s, defs: map[string]*node{}}
	root, err := c.compile(s, 0)
	if err != nil {
		return nil, err
	}
	if err := c.refuseCircles(); err != nil {
		return nil, err
	}
	return &Validator{root: root}, nil
}

type compiler struct {
	root     *Schema
	defs     map[string]*node
	nodes    []*node
	patterns Patterns
}

func (c *compiler) compile(s *Schema, depth int) (*node, error) {
	if s == nil {
		s = &Schema{}
	}
	n := &node{Schema: s}
	return n, c.fill(n, depth)
}

func (c *compiler) fill(n *node, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("the schema is nested deeper than %d", maxDepth)
	}
	if c.nodes = append(c.nodes, n); len(c.nodes) > maxNodes {
		return fmt.Errorf("the schema has more than %d parts", maxNodes)
	}
	if n.Ref != "" {
		target, err := c.resolve(n.Ref, depth)
		n.ref = target
		return err
	}
	if err := c.fillText(n); err != nil {
		return err
	}
	if err := c.fillParts(n, depth); err != nil {
		return err
	}
	n.anything = n.isAnything()
	return nil
}

func (c *compiler) fillText(n *node) error {
	switch n.Type {
	case "", TypeNull, TypeBoolean, TypeInteger, TypeNumber, TypeString, TypeArray, TypeObject:
	default:
		return fmt.Errorf("%q is not a type", n.Type)
	}
	if n.Pattern != "" {
		pattern, err := c.patterns.Compile(n.Pattern)
		if err != nil {
			return fmt.Errorf("pattern %.100q: %w", n.Pattern, err)
		}
		n.pattern = pattern.Regexp
	}
	if n.MultipleOf != nil && *n.MultipleOf <= 0 {
		return errors.New("multipleOf must be greater than 0")
	}
	n.format = formatCheck(n.Format)
	return nil
}

func (c *compiler) fillParts(n *node, depth int) (err error) {
	if n.Items != nil {
		if n.items, err = c.compile(n.Items, depth+1); err != nil {
			return fmt.Errorf("items: %w", err)
		}
	}
	if n.Additional != nil && !n.Closed {
		if n.additional, err = c.compile(n.Additional, depth+1); err != nil {
			return fmt.Errorf("additionalProperties: %w", err)
		}
	}
	for _, p := range n.Properties {
		part, err := c.compile(p.Schema, depth+1)
		if err != nil {
			return fmt.Errorf("%s: %w", p.Name, err)
		}
		n.properties = append(n.properties, member{p.Name, part, slices.Contains(n.Required, p.Name)})
	}
	if n.anyOf, err = c.compileAll(n.AnyOf, depth); err != nil {
		return fmt.Errorf("anyOf: %w", err)
	}
	if n.oneOf, err = c.compileAll(n.OneOf, depth); err != nil {
		return fmt.Errorf("oneOf: %w", err)
	}
	if n.allOf, err = c.compileAll(n.AllOf, depth); err != nil {
		return fmt.Errorf("allOf: %w", err)
	}
	return nil
}

func (c *compiler) compileAll(schemas []*Schema, depth int) ([]*node, error) {
	var nodes []*node
	for _, s := range schemas {
		n, err := c.compile(s, depth+1)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
	}
	return nodes, nil
}

// resolve finds "#" and "#/$defs/NAME" in the same document; no schema ever makes
// gatebook open a file or an address.
func (c *compiler) resolve(ref string, depth int) (*node, error) {
	if n, ok := c.defs[ref]; ok {
		return n, nil
	}
	target := c.root.lookup(ref)
	if target == nil {
		return nil, fmt.Errorf("$ref %q leads nowhere", ref)
	}
	n := &node{Schema: target}
	c.defs[ref] = n // before it is filled, since it may refer to itself
	return n, c.fill(n, depth+1)
}

// escape writes a name as a part of a JSON pointer.
func escape(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

// refuseCircles finds schemas that lead back to themselves without going into the
// value, on which a check would never end.
func (c *compiler) refuseCircles() error {
	const open, closed = 1, 2
	colour := make(map[*node]int, len(c.nodes))
	var visit func(n *node) bool
	visit = func(n *node) bool {
		if colour[n] != 0 {
			return colour[n] == closed
		}
		colour[n] = open
		for _, next := range n.inPlace() {
			if !visit(next) {
				return false
			}
		}
		colour[n] = closed
		return true
	}
	for _, n := range c.nodes {
		if !visit(n) {
			return errors.New("a $ref leads back to itself")
		}
	}
	return nil
}

// inPlace returns the schemas that apply to the same value as n.
func (n *node) inPlace() []*node {
	if n.ref != nil {
		return []*node{n.ref}
	}
	return slices.Concat(n.anyOf, n.oneOf, n.allOf)
}

func (n *node) isAnything() bool {
	return n.Type == "" && n.Enum == nil && n.Const == nil && n.pattern == nil && n.format == nil &&
		!n.hasNumberWords() && n.MinLength == nil && n.MaxLength == nil &&
		n.MinItems == nil && n.MaxItems == nil && n.items == nil && !n.UniqueItems &&
		n.MinProperties == nil && n.MaxProperties == nil && len(n.Required) == 0 &&
		n.properties == nil && n.additional == nil && !n.Closed && n.inPlace() == nil
}

func (n *node) hasNumberWords() bool {
	return n.Minimum != nil || n.Maximum != nil || n.ExclusiveMinimum != nil ||
		n.ExclusiveMaximum != nil || n.MultipleOf != nil
}
