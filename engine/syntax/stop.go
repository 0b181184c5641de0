package syntax

import (
	"errors"
	"io"

	"go.yaml.in/yaml/v3"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/syntax/internal/fault"
)

// explain makes a finding of an error of the YAML library.
func explain(file *source.File, text []byte, err error) diag.Diagnostic {
	if errors.Is(err, errPanic) {
		return diag.SyntaxError.At(file.Range(0, 0), "The file confuses the YAML reader: %s.", diag.Clean(err.Error()))
	}
	return fault.Explain(file, text, err.Error(), stopOffset(text))
}

// stopOffset returns about where the YAML library stops reading: its errors name
// the line where the surrounding construct begins, if any, which may be far above
// the fault. So the text is read again through a reader that hands it out in small
// pieces and sees how much was asked for: by lines at first, then by bytes.
func stopOffset(text []byte) int {
	lines := &dribble{text: text, byLine: true}
	lines.drain()
	bytes := &dribble{text: text, whole: max(0, lines.at-lookBack)}
	bytes.drain()
	return bytes.at
}

// lookBack is how many bytes before the fault are read one by one.
const lookBack = 2048

// dribble hands out its text by lines; or up to whole at once, and the rest byte by
// byte.
type dribble struct {
	text   []byte
	byLine bool
	whole  int
	at     int
}

func (d *dribble) drain() {
	decoder := yaml.NewDecoder(d)
	for {
		if document, err := decodeOne(decoder); document == nil || err != nil {
			return
		}
	}
}

// Read implements [io.Reader].
func (d *dribble) Read(p []byte) (int, error) {
	if d.at >= len(d.text) {
		return 0, io.EOF
	}
	end := d.at + 1
	switch {
	case d.byLine:
		end = nextLine(d.text, d.at)
	case d.at < d.whole:
		end = d.whole
	}
	n := copy(p, d.text[d.at:end])
	d.at += n
	return n, nil
}
