package syntax

import (
	"errors"
	"io"

	"go.yaml.in/yaml/v3"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/syntax/internal/fault"
)

// explain makes a finding of an error of the YAML library, which had been given the
// text up to read.
func explain(file *source.File, text []byte, read int, err error) diag.Diagnostic {
	if errors.Is(err, errPanic) {
		return diag.SyntaxError.At(file.Range(0, 0), "The file confuses the YAML reader: %s.", diag.Clean(err.Error()))
	}
	return fault.Explain(file, text, err.Error(), stopOffset(text, read))
}

// stopOffset returns about where the YAML library stops reading: its errors name
// the line where the surrounding construct begins, if any, which may be far above
// the fault. So the text is read again through a reader that hands out the last part
// before read byte by byte, and sees how much was asked for.
func stopOffset(text []byte, read int) int {
	input := &dribble{text: text, whole: max(0, read-lookBack)}
	decoder := yaml.NewDecoder(input)
	for {
		if document, err := decodeOne(decoder); document == nil || err != nil {
			return input.at
		}
	}
}

// lookBack is how many bytes are read one by one: more than the library buffers.
const lookBack = 4096

// dribble hands out its text up to whole at once, and the rest byte by byte.
type dribble struct {
	text  []byte
	whole int
	at    int
}

// Read implements [io.Reader].
func (d *dribble) Read(p []byte) (int, error) {
	if d.at >= len(d.text) {
		return 0, io.EOF
	}
	end := d.at + 1
	if d.at < d.whole {
		end = d.whole
	}
	n := copy(p, d.text[d.at:end])
	d.at += n
	return n, nil
}
