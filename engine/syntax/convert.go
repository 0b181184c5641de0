package syntax

import (
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/syntax/internal/layout"
)

// converter makes a tree of nodes from the YAML library's, and finds their ends,
// which the library does not tell.
type converter struct {
	file    *source.File
	text    []byte
	found   diag.List
	anchors map[*yaml.Node]*anchor

	nodes    []Node  // the rest of a slab, so that a node is no allocation of its own
	pointers []*Node // the same for the lists of children

	line, column, at int // the place that was looked up last
	last             int // just behind everything converted so far, quotes included
	deepest          int
	expanded         int // nodes so far, each alias counted as what it stands for
	aliased          int // of these, those that aliases stand for
	bombed           bool
}

// anchor is what an alias may stand for.
type anchor struct {
	node   *Node // nil while its own value is being converted
	weight int   // nodes, each alias counted as what it stands for
	height int   // levels below it
}

// slab is how many nodes are allocated at once.
const slab = 512

func newConverter(file *source.File, text []byte) *converter {
	return &converter{
		file: file, text: text, anchors: map[*yaml.Node]*anchor{},
		line: 1, column: 1, at: file.LineStart(1), last: file.LineStart(1),
	}
}

func (c *converter) add(d diag.Diagnostic) { c.found = append(c.found, d) }

func (c *converter) newNode(kind Kind, style Style, start, end int) *Node {
	if len(c.nodes) == 0 {
		c.nodes = make([]Node, min(slab, 8+c.expanded))
	}
	node := &c.nodes[0]
	c.nodes = c.nodes[1:]
	*node = Node{file: c.file, kind: kind, style: style, start: int32(start), end: int32(max(start, end))}
	return node
}

func (c *converter) newChildren(n int) []*Node {
	if n > slab/4 {
		return make([]*Node, 0, n)
	}
	if len(c.pointers) < n {
		c.pointers = make([]*Node, max(n, min(slab, 8+c.expanded)))
	}
	children := c.pointers[:0:n]
	c.pointers = c.pointers[n:]
	return children
}

// offset converts the library's line and column. Most questions are about a place
// behind the one before, from where it walks on: a file may be one long line.
func (c *converter) offset(line, column int) int {
	if line != c.line || column < c.column {
		c.line, c.column, c.at = line, 1, c.file.LineStart(line)
	}
	for c.column < column && c.at < len(c.text) {
		_, size := utf8.DecodeRune(c.text[c.at:])
		c.at += size
		c.column++
	}
	return c.at
}

// nothing stands in for a value that was refused.
func (c *converter) nothing(at int) *Node {
	return c.newNode(Null, Plain, at, at)
}

func (c *converter) convert(y *yaml.Node, depth int) *Node {
	start := c.offset(y.Line, y.Column)
	if y.Kind == yaml.AliasNode {
		return c.alias(y, start, depth)
	}
	c.deepest = max(c.deepest, depth)
	if depth > maxDepth {
		c.tooDeep(start)
		return c.nothing(start)
	}
	if y.Anchor == "" {
		return c.bare(y, start, depth)
	}
	mark := &anchor{}
	c.anchors[y] = mark
	before, deepest := c.expanded, c.deepest
	c.deepest = depth
	node := c.bare(y, start, depth)
	*mark = anchor{node: node, weight: c.expanded - before, height: c.deepest - depth}
	c.deepest = max(c.deepest, deepest)
	return node
}

func (c *converter) tooDeep(at int) {
	if n := len(c.found); n > 0 && c.found[n-1].Rule == diag.TooDeep {
		return // one is enough for a row of them
	}
	c.add(diag.TooDeep.At(c.file.Range(at, at), "This is level %d of nesting; at most %d are read.", maxDepth+1, maxDepth))
}

func (c *converter) alias(y *yaml.Node, start, depth int) *Node {
	end := start + len("*") + len(y.Value)
	where := c.file.Range(start, end)
	c.last = max(c.last, end)
	target := c.anchors[y.Alias]
	switch {
	case target == nil:
		return c.nothing(start) // its anchor stood in a part that was refused
	case target.node == nil:
		c.add(diag.AliasCycle.At(where, "*%s stands inside the value that it names.", y.Value))
		return c.nothing(start)
	case depth+target.height > maxDepth:
		c.tooDeep(start)
		return c.nothing(start)
	case c.aliased+target.weight > maxAliased:
		if !c.bombed {
			c.add(diag.AliasBomb.At(where, "With *%s the aliases of this file would stand for more than %d values.", y.Value, maxAliased))
		}
		c.bombed = true
		return c.nothing(start)
	}
	c.deepest = max(c.deepest, depth+target.height)
	c.aliased += target.weight
	c.expanded += target.weight
	return target.node
}

// bare converts a node that is no alias.
func (c *converter) bare(y *yaml.Node, start, depth int) *Node {
	c.expanded++
	if y.Anchor != "" || y.Style&yaml.TaggedStyle != 0 || y.Kind == yaml.ScalarNode || y.Style&yaml.FlowStyle != 0 {
		start = c.properties(y, start)
	}
	switch y.Kind {
	case yaml.ScalarNode:
		return c.scalar(y, start)
	case yaml.SequenceNode:
		return c.list(y, start, depth)
	default:
		return c.mapping(y, start, depth)
	}
}

// properties skips an anchor and a tag before a value, and refuses the tag.
func (c *converter) properties(y *yaml.Node, at int) int {
	for at < len(c.text) && (c.text[at] == '&' || c.text[at] == '!') {
		end := at
		for end < len(c.text) && !layout.IsSpace(c.text[end]) && (end == at || !layout.IsFlowMark(c.text[end])) {
			end++
		}
		if c.text[at] == '!' {
			c.add(diag.TagNotAllowed.At(c.file.Range(at, end), "The tag %s is not allowed.", c.text[at:end]).
				WithHint("remove the tag; put a value in quotes to make it a string"))
		}
		c.last = max(c.last, end)
		if y.Kind == yaml.ScalarNode && y.Value == "" && y.Style&^yaml.TaggedStyle == 0 {
			return end
		}
		at = c.skipSpace(end)
		if y.Kind == yaml.MappingNode && y.Style&yaml.FlowStyle == 0 {
			return at // what follows may be the properties of the first key
		}
	}
	return at
}

// skipSpace skips white space, line ends and comments.
func (c *converter) skipSpace(at int) int {
	for at < len(c.text) {
		switch {
		case layout.IsSpace(c.text[at]):
			at++
		case c.text[at] == '#' && at > 0 && layout.IsSpace(c.text[at-1]):
			at = layout.LineEnd(c.text, at)
		default:
			return at
		}
	}
	return at
}

func (c *converter) list(y *yaml.Node, start, depth int) *Node {
	node := c.newNode(List, collectionStyle(y), start, start)
	children := c.newChildren(len(y.Content))
	c.last = max(c.last, start+1)
	for _, item := range y.Content {
		children = append(children, c.convert(item, depth+1))
	}
	node.children = children
	c.close(node)
	return node
}

// close finds the end of a collection: its last child's, or its bracket.
func (c *converter) close(node *Node) {
	if node.style == Flow && int(node.start) < len(c.text) && (c.text[node.start] == '[' || c.text[node.start] == '{') {
		at := c.skipSpace(c.last)
		for at < len(c.text) && (c.text[at] == ',' || c.text[at] == ':') {
			at = c.skipSpace(at + 1)
		}
		if at < len(c.text) && (c.text[at] == ']' || c.text[at] == '}') {
			c.last = at + 1
		}
	}
	node.end = max(node.start, int32(c.last))
}

func collectionStyle(y *yaml.Node) Style {
	if y.Style&yaml.FlowStyle != 0 {
		return Flow
	}
	return Block
}
