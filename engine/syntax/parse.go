package syntax

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/syntax/internal/garbage"
)

// Limits on what is read. No runbook comes near them.
const (
	maxSize    = 16 << 20 // bytes in a file
	maxDepth   = 100      // levels of nesting
	maxAliased = 100_000  // nodes that aliases stand for, all together
	maxMarks   = 3 << 19  // line ends, commas and other marks before a value
)

// Parse reads a file. All faults are found in one pass, but for YAML's own syntax,
// where the first hides the rest. The tree is nil where nothing could be read; else
// it holds what is good, so that others can look for faults of their own.
func Parse(file *source.File) (*Node, diag.List) {
	if size := len(file.Text()); size > maxSize {
		return nil, diag.List{diag.FileTooLarge.At(file.Range(0, 0),
			"The file has %d bytes; at most %d are read.", size, maxSize)}
	}
	text, found := garbage.Replace(file)
	if text == nil && len(found) > 0 {
		return nil, found
	}
	if marks := countMarks(text); marks > maxMarks {
		return nil, append(found, diag.FileTooLarge.At(file.Range(0, 0),
			"The file may have %d values; at most %d are read.", marks, maxMarks))
	}
	input := bytes.NewReader(text)
	document, more, err := decode(input)
	if err != nil && len(found) == 0 { // else it may come of what was replaced
		found = append(found, explain(file, text, len(text)-input.Len(), err))
	}
	if more != nil {
		found = append(found, severalDocuments(file, more))
	}
	if document == nil || len(document.Content) == 0 {
		if len(found) == 0 {
			found = append(found, diag.EmptyFile.At(file.Range(0, 0), "There is nothing in the file, or only comments."))
		}
		return nil, found
	}
	c := newConverter(file, text)
	tree := c.convert(document.Content[0], 1)
	if tree.kind == Null && len(found)+len(c.found) == 0 {
		c.add(diag.EmptyFile.At(tree.Range(), "There is nothing in the file."))
	}
	return tree, append(found, c.found...)
}

// countMarks returns how many values the text has at most: before each one is one of
// these, and the YAML library needs much more time for a value than for a byte.
func countMarks(text []byte) int {
	n := 0
	for _, b := range text {
		switch b {
		case '\n', ',', ':', '[', '{', '-', '?':
			n++
		}
	}
	return n
}

// decode reads the first document, and the second where there is one. After an error
// in what follows the first document, that is still returned.
func decode(input io.Reader) (first, second *yaml.Node, err error) {
	decoder := yaml.NewDecoder(input)
	if first, err = decodeOne(decoder); err != nil || first == nil {
		return nil, nil, err
	}
	second, err = decodeOne(decoder)
	return first, second, err
}

// errPanic is what a panic of the YAML library becomes: a file must never end the
// program, whatever the library thinks of it.
var errPanic = errors.New("the YAML library gave up")

func decodeOne(decoder *yaml.Decoder) (document *yaml.Node, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			document, err = nil, fmt.Errorf("%w: %v", errPanic, cause)
		}
	}()
	document = new(yaml.Node)
	if err := decoder.Decode(document); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	return document, nil
}

func severalDocuments(file *source.File, second *yaml.Node) diag.Diagnostic {
	start := file.LineStart(second.Line)
	return diag.SeveralDocuments.At(file.Range(start, start+len(file.Line(second.Line))),
		"A second document begins here; a file holds one.").
		WithHint("put it in a file of its own")
}
