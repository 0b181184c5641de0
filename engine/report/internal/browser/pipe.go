package browser

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
)

// pipe is the browser's debugging protocol: messages of JSON, each ended by a zero byte.
type pipe struct {
	write io.Writer

	mu      sync.Mutex
	changed *sync.Cond // an answer or an event has come, or the browser has gone
	last    int
	answers map[int]message
	events  []message
	gone    error
}

type message struct {
	ID     int             `json:"id,omitempty"`
	Method string          `json:"method,omitempty"`
	Params json.RawMessage `json:"params,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
	Error  *struct {
		Message string `json:"message"`
	} `json:"error,omitempty"`
}

func newPipe(read io.Reader, write io.Writer) *pipe {
	p := &pipe{write: write, answers: map[int]message{}}
	p.changed = sync.NewCond(&p.mu)
	go p.listen(bufio.NewReader(read))
	return p
}

// listen takes messages until the browser has gone.
func (p *pipe) listen(from *bufio.Reader) {
	for {
		text, err := from.ReadBytes(0)
		var m message
		if err == nil {
			err = json.Unmarshal(text[:len(text)-1], &m)
		}
		p.mu.Lock()
		switch {
		case err != nil:
			p.gone = fmt.Errorf("the browser has gone: %w", err)
		case m.Method != "":
			p.events = append(p.events, m)
		default:
			p.answers[m.ID] = m
		}
		p.changed.Broadcast()
		p.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// call asks the browser for something and waits for its answer.
func (p *pipe) call(session, method string, params, into any) error {
	if params == nil {
		params = struct{}{}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last++
	id := p.last
	asked := map[string]any{"id": id, "method": method, "params": params}
	if session != "" {
		asked["sessionId"] = session
	}
	text, err := json.Marshal(asked)
	if err != nil {
		return err
	}
	if _, err := p.write.Write(append(text, 0)); err != nil {
		return err
	}
	for {
		answer, ok := p.answers[id]
		switch {
		case ok && answer.Error != nil:
			return errors.New(answer.Error.Message)
		case ok && into != nil:
			return json.Unmarshal(answer.Result, into)
		case ok:
			return nil
		case p.gone != nil:
			return p.gone
		}
		p.changed.Wait()
	}
}

// await waits until an event has come that is the one.
func (p *pipe) await(is func(message) bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for !slices.ContainsFunc(p.events, is) {
		if p.gone != nil {
			return p.gone
		}
		p.changed.Wait()
	}
	return nil
}

// told returns the parameters of all events of a kind.
func (p *pipe) told(method string) []json.RawMessage {
	p.mu.Lock()
	defer p.mu.Unlock()
	var found []json.RawMessage
	for _, m := range p.events {
		if m.Method == method {
			found = append(found, m.Params)
		}
	}
	return found
}

// forget drops the events so far.
func (p *pipe) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events = nil
}
