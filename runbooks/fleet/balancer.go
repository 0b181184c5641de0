package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// upstreamTimeout is how long the balancer waits for one service.
const upstreamTimeout = 2 * time.Second

// balancer shares requests out among the backends in rotation, in turn, and
// measures each. A request that one backend fails is given to the next, so that
// one bad service is seen by the balancer and not by the clients.
type balancer struct {
	client *http.Client
	seen   meter // what the clients saw

	mu       sync.Mutex // guards what follows, and the backends' fields
	backends []*backend
	turn     int
}

// backend is one place that requests can go to.
type backend struct {
	name       string
	address    string
	inRotation bool
	busy       int           // requests in flight
	idle       chan struct{} // closed by the last request in flight; nil: nobody waits
	meter      meter
}

func newBalancer(names []string) *balancer {
	b := &balancer{client: &http.Client{
		Timeout:   upstreamTimeout,
		Transport: &http.Transport{MaxIdleConnsPerHost: clientCount}, // its own: others' connections are not its to close
	}}
	for _, name := range names {
		b.backends = append(b.backends, &backend{name: name})
	}
	return b
}

// ServeHTTP passes a request on. Only GET can be given to a second backend without
// harm, and the services answer nothing else.
func (b *balancer) ServeHTTP(rw http.ResponseWriter, request *http.Request) {
	if request.Method != http.MethodGet {
		http.Error(rw, "only GET is served", http.StatusMethodNotAllowed)
		return
	}
	start := time.Now()
	status, body := http.StatusServiceUnavailable, []byte("no service is in rotation\n")
	tried := map[*backend]bool{}
	for chosen := b.take(tried); chosen != nil; chosen = b.take(tried) {
		tried[chosen] = true
		status, body = b.ask(request.Context(), chosen, request.URL.Path)
		b.giveBack(chosen)
		if status < http.StatusInternalServerError {
			break
		}
	}
	if request.Context().Err() == nil { // who left before the answer was not answered badly
		b.seen.add(time.Since(start), status < http.StatusInternalServerError)
	}
	rw.WriteHeader(status)
	_, _ = rw.Write(body) // a client that left does not read it
}

// ask sends one request to one backend and measures it.
func (b *balancer) ask(ctx context.Context, to *backend, path string) (int, []byte) {
	start := time.Now()
	status, body, err := get(ctx, b.client, to.address+path)
	if err != nil {
		status, body = http.StatusBadGateway, []byte("no answer\n")
	}
	if ctx.Err() == nil { // a client that left says nothing about the backend
		to.meter.add(time.Since(start), status < http.StatusInternalServerError)
	}
	return status, body
}

// take chooses the next backend in rotation that was not tried; nil: there is none.
func (b *balancer) take(tried map[*backend]bool) *backend {
	b.mu.Lock()
	defer b.mu.Unlock()
	for range b.backends {
		chosen := b.backends[b.turn%len(b.backends)]
		b.turn++
		if chosen.inRotation && !tried[chosen] {
			chosen.busy++
			return chosen
		}
	}
	return nil
}

func (b *balancer) giveBack(done *backend) {
	b.mu.Lock()
	defer b.mu.Unlock()
	done.busy--
	if done.busy == 0 && done.idle != nil {
		close(done.idle)
		done.idle = nil
	}
}

// drain takes a backend out of rotation and waits for its requests in flight.
func (b *balancer) drain(ctx context.Context, name string) error {
	idle := b.takeOut(name)
	if idle == nil {
		return nil
	}
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for the requests in flight at %s: %w", name, context.Cause(ctx))
	}
}

// takeOut returns what closes when the backend is idle; nil: it is.
func (b *balancer) takeOut(name string) <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	found := b.named(name)
	found.inRotation = false
	if found.busy > 0 && found.idle == nil {
		found.idle = make(chan struct{})
	}
	return found.idle
}

// admit puts a backend into rotation. What it did before is forgotten.
func (b *balancer) admit(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	found := b.named(name)
	if !found.inRotation {
		found.meter.reset()
	}
	found.inRotation = true
}

// point gives a backend the address of a new process.
func (b *balancer) point(name, address string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	found := b.named(name)
	found.address = address
	found.meter.reset()
}

// look returns whether a backend is in rotation, its address, and its traffic.
func (b *balancer) look(name string) (inRotation bool, address string, seen Traffic) {
	b.mu.Lock()
	defer b.mu.Unlock()
	found := b.named(name)
	return found.inRotation, found.address, found.meter.traffic()
}

// named finds a backend; the caller holds the lock and knows that there is one.
func (b *balancer) named(name string) *backend {
	for _, one := range b.backends {
		if one.name == name {
			return one
		}
	}
	panic("the balancer has no backend " + name)
}

// get asks an address and reads a short answer.
func get(ctx context.Context, client *http.Client, address string) (status int, body []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return 0, nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	body, err = io.ReadAll(io.LimitReader(response.Body, 1<<20))
	return response.StatusCode, body, err
}
