package main

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// Clients that are always there, and how long each thinks between two requests.
const (
	clientCount = 6
	thinking    = 20 * time.Millisecond
)

// crowd is a number of clients that ask one address all the time and count what
// they are answered.
type crowd struct {
	seen   meter
	client *http.Client
	stop   context.CancelFunc
	gone   sync.WaitGroup
}

// gather starts the clients. They ask until dismissed.
func gather(ctx context.Context, address string) *crowd {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	c := &crowd{stop: stop, client: &http.Client{
		Timeout:   2 * upstreamTimeout,
		Transport: &http.Transport{MaxIdleConnsPerHost: clientCount},
	}}
	for range clientCount {
		c.gone.Go(func() { c.ask(ctx, address) })
	}
	return c
}

// dismiss stops the clients and returns when all are gone.
func (c *crowd) dismiss() {
	c.stop()
	c.gone.Wait()
	c.client.CloseIdleConnections()
}

func (c *crowd) ask(ctx context.Context, address string) {
	pace := time.NewTicker(thinking)
	defer pace.Stop()
	for {
		start := time.Now()
		status, _, err := get(ctx, c.client, address)
		if ctx.Err() != nil {
			return // it was cut off by dismiss, which says nothing about the fleet
		}
		c.seen.add(time.Since(start), err == nil && status == http.StatusOK)
		select {
		case <-pace.C:
		case <-ctx.Done():
			return
		}
	}
}
