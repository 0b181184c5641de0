package request

import (
	"bufio"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"k8s.io/client-go/rest"
)

// Giver is who gives the credentials of requests, where that is somebody else than the
// configuration itself.
type Giver struct {
	Name string // for a sentence; empty: nobody is asked

	said *words // nil: nobody listens to it
}

// GiverOf is who gives the credentials of a configuration. It is asked for once, before
// the clients of the configuration are made.
func GiverOf(config *rest.Config) (Giver, error) {
	switch {
	case config.ExecProvider != nil:
		said, err := overhear(config)
		return Giver{"the credential program " + filepath.Base(config.ExecProvider.Command), said}, err
	case config.AuthProvider != nil:
		return Giver{Name: "credentials of " + config.AuthProvider.Name}, nil
	default:
		return Giver{}, nil
	}
}

// fault adds what a program said to the error of a request that got no credentials from it:
// client-go says no more than its exit code.
func (g Giver) fault(err error) error {
	if g.said == nil || !strings.Contains(err.Error(), "getting credentials") {
		return err
	}
	if last := g.said.last(); last != "" {
		return fmt.Errorf("%w; it said last: %s", err, last)
	}
	return err
}

// words are what a credential program writes to its standard error. They are held here, and
// in no log, since nobody knows what credentials there may be among them: those that it gives
// are known only when it has ended. The words of one that gives none are for whoever has
// to mend that.
type words struct {
	end    string // the line that ends what was written so far
	pen    *os.File
	ended  chan struct{}
	latest sync.Mutex
	lines  []string
}

// mostLines and mostOfLine bound what is held of the words of a program.
const (
	mostLines  = 5
	mostOfLine = 512
)

// overhear listens to the credential program of a configuration. client-go has it write to
// what the standard error is as its first transport is made, and to nothing else. A process
// makes one connection, before it does anything else, so that nobody meets the pipe there.
func overhear(config *rest.Config) (*words, error) {
	listened, pen, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	own := os.Stderr
	os.Stderr = pen
	_, err = rest.TransportFor(config)
	os.Stderr = own
	w := &words{end: rand.Text(), pen: pen, ended: make(chan struct{})}
	go w.listen(bufio.NewReaderSize(listened, mostOfLine))
	return w, err
}

// listen holds the last lines, for as long as the program may be begun again: as long as
// the process.
func (w *words) listen(written *bufio.Reader) {
	for {
		text, _, err := written.ReadLine()
		switch line := strings.TrimSpace(string(text)); {
		case err != nil:
			return
		case line == w.end:
			w.ended <- struct{}{}
		case line != "":
			w.hear(line)
		}
	}
}

func (w *words) hear(line string) {
	w.latest.Lock()
	defer w.latest.Unlock()
	w.lines = append(w.lines, line)
	w.lines = w.lines[max(0, len(w.lines)-mostLines):]
}

// last are the last words of a program that has ended.
func (w *words) last() string {
	if _, err := fmt.Fprintf(w.pen, "\n%s\n", w.end); err != nil {
		return ""
	}
	<-w.ended
	w.latest.Lock()
	defer w.latest.Unlock()
	last := strings.Join(w.lines, "; ")
	w.lines = nil
	return last
}

// forget lets go of the words of a program that gave credentials.
func (w *words) forget() {
	if w == nil {
		return
	}
	w.latest.Lock()
	defer w.latest.Unlock()
	w.lines = nil
}
