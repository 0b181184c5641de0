package lab

import (
	"context"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// balancer is what usually stands before a service: it goes round the replicas that answered when
// it looked last, and where one does not begin to answer it asks another.
type balancer struct {
	web *http.Client
	targets
}

// Times of a balancer: between two looks, and until a replica must have begun to answer.
const (
	lookEvery = 200 * time.Millisecond
	giveUp    = 500 * time.Millisecond
)

// balance starts a balancer on the lab's network, for replicas that may be on any node and have
// [Ports], until the context ends. It returns its address, once it has looked for the first time.
func (l *Lab) balance(ctx context.Context, base int) (address string, err error) {
	b := &balancer{web: &http.Client{Timeout: giveUp, Transport: &http.Transport{DialContext: l.Dial, DisableKeepAlives: true}}}
	var places []string
	for _, node := range l.Nodes {
		for slot := 1; slot < 10; slot++ {
			places = append(places, node.Address+":"+strconv.Itoa(base+slot))
		}
	}
	listener, err := listen(l.network.bridge(), middle+":0")
	if err != nil {
		return "", err
	}
	b.look(places)
	go every(ctx, lookEvery, func() { b.look(places) })
	server := &http.Server{Handler: b, ReadHeaderTimeout: answerTime}
	go func() { _ = server.Serve(listener) }() // it ends with its listener
	context.AfterFunc(ctx, func() { server.Close() })
	return listener.Addr().String(), nil
}

// look finds out who answers.
func (b *balancer) look(places []string) {
	var mu sync.Mutex
	answering := map[string]bool{}
	var looks sync.WaitGroup
	for _, place := range places {
		looks.Go(func() {
			if _, err := ask(b.web, place); err == nil {
				mu.Lock()
				answering[place] = true
				mu.Unlock()
			}
		})
	}
	looks.Wait()
	if len(answering) > 0 { // else they are asked that were there last, rather than none
		b.set(slices.Sorted(maps.Keys(answering)))
	}
}

// ServeHTTP passes a request on to a replica, and to others where it is not answered.
func (b *balancer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var last error
	for range 3 {
		place, err := b.next()
		if err != nil {
			last = err
			break
		}
		request, err := http.NewRequestWithContext(r.Context(), r.Method, "http://"+place+r.URL.Path, nil)
		if err != nil {
			last = err
			break
		}
		answer, err := b.web.Do(request)
		if err != nil {
			last = err
			continue
		}
		defer answer.Body.Close()
		w.WriteHeader(answer.StatusCode)
		if _, err := io.Copy(w, answer.Body); err != nil {
			panic(http.ErrAbortHandler) // so that who has asked sees that it is cut off
		}
		return
	}
	http.Error(w, last.Error(), http.StatusBadGateway)
}
