package request

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/metrics"
)

// words are what a credential program writes to its standard error. The last of them are
// held here, and in no log, since nobody knows what credentials there may be among them.
// Those of a program that gives none are for whoever has to mend that; by counting lines,
// who asks knows which were written since.
type words struct {
	end   string // the line that ends what was written so far
	pen   *os.File
	asks  sync.Mutex   // one asks at a time
	heard chan heard   // at each end
	well  atomic.Int64 // how many lines there were when the program ended well last
}

// heard is what was written so far.
type heard struct {
	lines int      // how many
	last  []string // the last of them
}

// mostLines and mostOfLine bound what is held of the words of a program.
const (
	mostLines  = 5
	mostOfLine = 512
)

// overhear listens to the credential program of a configuration. client-go has it write to
// what the standard error is as its first transport is made, and to nothing else. A process
// makes one connection, before it does anything else, so that nobody meets the pipe there.
// The transport gives requests their credentials, and sends them nowhere.
func overhear(config *rest.Config) (*words, http.RoundTripper, error) {
	listened, pen, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	own := os.Stderr
	os.Stderr = pen
	asking, err := rest.HTTPWrappersForConfig(config, nowhere{})
	os.Stderr = own
	if err != nil {
		return nil, nil, errors.Join(err, pen.Close(), listened.Close())
	}
	w := &words{end: rand.Text(), pen: pen, heard: make(chan heard)}
	go w.listen(bufio.NewReaderSize(listened, mostOfLine))
	metrics.Register(metrics.RegisterOpts{ExecPluginCalls: &ends{}}) // once in a process, whoever else asks for it
	if e, is := metrics.ExecPluginCalls.(*ends); is {
		e.of.Store(w)
	}
	return w, asking, nil
}

// ends are those of credential programs, of which client-go tells nobody but who counts them.
type ends struct{ of atomic.Pointer[words] }

// Increment notes what the program had said when it ended well, before anybody has what it gave.
func (e *ends) Increment(exitCode int, _ string) {
	if w := e.of.Load(); w != nil && exitCode == 0 {
		w.well.Store(int64(w.now().lines))
	}
}

// listen holds the last lines, for as long as the program may be begun again: as long as
// the process.
func (w *words) listen(written *bufio.Reader) {
	var so heard
	for {
		text, _, err := written.ReadLine()
		switch line := strings.TrimSpace(string(text)); {
		case err != nil:
			return
		case line == w.end:
			w.heard <- heard{so.lines, slices.Clone(so.last)}
		case line != "":
			so.lines++
			so.last = append(so.last, line)
			so.last = so.last[max(0, len(so.last)-mostLines):]
		}
	}
}

// now is all that was written by a program that has ended.
func (w *words) now() heard {
	if w == nil {
		return heard{}
	}
	w.asks.Lock()
	defer w.asks.Unlock()
	if _, err := fmt.Fprintf(w.pen, "\n%s\n", w.end); err != nil {
		return heard{}
	}
	return <-w.heard
}

// sinceItGave are the last words that came after so many lines, and of no run of the program
// that ended well, since there may be credentials among those.
func (w *words) sinceItGave(before int) string { return w.since(max(before, int(w.well.Load()))) }

// since are the last words that came after so many lines.
func (w *words) since(before int) string {
	so := w.now()
	fresh := max(0, so.lines-before)
	return strings.Join(so.last[max(0, len(so.last)-fresh):], "; ")
}
