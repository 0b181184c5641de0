package live

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/gatebook/gatebook/engine/report/layout"
)

// Waiting tells on the last line of a terminal what a person waits for, once it takes longer
// than a moment.
type Waiting struct {
	out  io.Writer
	size func() (columns, rows int)

	mu     sync.Mutex
	doing  string
	detail string // empty: there is nothing to wait for
	waited time.Duration
	shown  string

	stop chan struct{} // closed by Close
	done chan struct{} // closed by the goroutine that draws
}

// moment is how long nobody wonders what goes on, and how often the line is drawn after that.
const moment = time.Second

// NewWaiting returns a line on a terminal, from now on until Close.
func NewWaiting(w io.Writer, size func() (columns, rows int)) *Waiting {
	v := &Waiting{out: w, size: size, stop: make(chan struct{}), done: make(chan struct{})}
	go v.loop()
	return v
}

// Asking says which actions are being asked now.
func (v *Waiting) Asking(asked []string) {
	v.Tell("asking the actions", strings.Join(asked, ", "))
}

// Tell says what is being done now, and how far that is, or with what; empty: nothing is.
func (v *Waiting) Tell(doing, detail string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.doing, v.detail = doing, detail
}

// Close takes the line off the screen.
func (v *Waiting) Close() {
	close(v.stop)
	<-v.done
	v.show("")
}

func (v *Waiting) loop() {
	defer close(v.done)
	ticker := time.NewTicker(moment)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			v.mu.Lock()
			v.waited += moment
			line := ""
			if v.detail != "" {
				line = fmt.Sprintf("%s, %s: %s", v.doing, v.waited, v.detail)
			}
			v.mu.Unlock()
			v.show(line)
		case <-v.stop:
			return
		}
	}
}

// show draws a line in place of the one before; a terminal that cannot be written to is not
// worth an error.
func (v *Waiting) show(line string) {
	columns, _ := v.size()
	if columns <= 0 {
		columns = 80
	}
	if line = layout.Cut(layout.Line(line), columns-1); line != v.shown {
		_, _ = io.WriteString(v.out, "\r"+clearLine+line)
		v.shown = line
	}
}
