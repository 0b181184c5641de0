package syntax

import (
	"go.yaml.in/yaml/v3"

	"github.com/gatebook/gatebook/engine/diag"
)

// mapping converts a map, in which each key must be a string and occur once.
func (c *converter) mapping(y *yaml.Node, start, depth int) *Node {
	node := c.newNode(Map, collectionStyle(y), start, start)
	children := c.newChildren(len(y.Content))
	if node.style == Flow {
		c.last = max(c.last, start+1)
	}
	seen := keys{}
	for i := 0; i+1 < len(y.Content); i += 2 {
		key := c.key(y.Content[i], depth+1)
		value := c.convert(y.Content[i+1], depth+1)
		if key == nil {
			continue
		}
		if first := seen.add(key, children, len(y.Content)/2); first != nil {
			c.add(diag.DuplicateKey.At(key.Range(), "The key %q is given twice in this map.", key.text).
				WithRelated(first.Range(), "it is given here first"))
			continue
		}
		children = append(children, key, value)
	}
	node.children = children
	if node.style == Block && len(children) > 0 && y.Anchor != "" {
		node.start = max(node.start, min(children[0].start, int32(len(c.text))))
	}
	c.close(node)
	return node
}

// key converts a key, and returns nil for one that cannot be kept.
func (c *converter) key(y *yaml.Node, depth int) *Node {
	if y.Kind == yaml.ScalarNode && y.Tag == "!!merge" && y.Style == 0 {
		start := c.offset(y.Line, y.Column)
		c.last = max(c.last, start+len(y.Value))
		c.add(diag.MergeKey.At(c.file.Range(start, c.last), "Merge keys are not part of the format.").
			WithHint("write the keys out; for a key that is really named <<, put it in quotes"))
		return nil
	}
	start := c.offset(y.Line, y.Column)
	key := c.convert(y, depth)
	switch key.kind {
	case String:
		return key
	case List, Map:
		c.add(diag.NonStringKey.At(c.file.Range(start, start), "This key is %s.", key.kind))
		return nil
	case Null:
		c.add(diag.NonStringKey.At(key.Range(), "This key is null.").WithHint("write a name before the colon, or put it in quotes"))
	default:
		c.add(diag.NonStringKey.At(key.Range(), "This key is %s.", key.kind).WithHint("put it in quotes: %q", key.text))
	}
	return key
}

// keys finds repetitions: by looking through a small map, by hashing a large one.
type keys struct {
	index map[string]*Node
}

// smallMap is how many entries are looked through.
const smallMap = 12

// add returns the key with the same text that was added before, if any.
func (k *keys) add(key *Node, children []*Node, size int) *Node {
	if size <= smallMap {
		for i := 0; i < len(children); i += 2 {
			if children[i].text == key.text {
				return children[i]
			}
		}
		return nil
	}
	if k.index == nil {
		k.index = make(map[string]*Node, size)
	}
	if first := k.index[key.text]; first != nil {
		return first
	}
	k.index[key.text] = key
	return nil
}
