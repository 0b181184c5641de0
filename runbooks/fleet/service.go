package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"time"
)

// graceful is how long a service may finish the requests in flight.
const graceful = 5 * time.Second

// web is one service, of one release.
type web struct {
	name    string
	version string
	release release
	served  atomic.Int64
}

// handler answers the service's four addresses.
func (w *web) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", w.answer)
	mux.HandleFunc("GET /healthz", func(rw http.ResponseWriter, _ *http.Request) {
		writeJSON(rw, http.StatusOK, map[string]string{"status": "ok", "release": w.version})
	})
	mux.HandleFunc("GET /version", func(rw http.ResponseWriter, _ *http.Request) {
		writeJSON(rw, http.StatusOK, map[string]string{"name": w.name, "release": w.version})
	})
	mux.HandleFunc("GET /metrics", func(rw http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(rw, "# TYPE web_requests_total counter\nweb_requests_total{name=%q,release=%q} %d\n", w.name, w.version, w.served.Load())
	})
	return mux
}

func (w *web) answer(rw http.ResponseWriter, request *http.Request) {
	w.served.Add(1)
	select {
	case <-time.After(w.release.work):
	case <-request.Context().Done():
		return
	}
	if rand.Float64() < w.release.faulty {
		http.Error(rw, "the price list is not a list", http.StatusInternalServerError)
		return
	}
	fmt.Fprintf(rw, "hello from %s, release %s\n", w.name, w.version)
}

// serve runs one service until ctx ends or standard input does, which is how it
// notices that whoever started it is gone, however that went. Its first line on
// standard output is its address.
func serve(ctx context.Context, name, version string, std streams) error {
	behaviour, err := releaseNamed(version)
	if err != nil {
		return err
	}
	// Ctrl-C reaches every process of a terminal; whoever started this one decides.
	signal.Ignore(os.Interrupt)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		_, _ = io.Copy(io.Discard, std.in) // ends with the parent, which is all that matters
		stop()
	}()
	listener, err := listen(ctx)
	if err != nil {
		return err
	}
	service := &web{name: name, version: version, release: behaviour}
	fmt.Fprintln(std.out, addressOf(listener))
	return serveUntil(ctx, listener, service.handler())
}

// serveUntil serves until ctx ends, then finishes the requests in flight.
func serveUntil(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: graceful}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	finishing, cancel := context.WithTimeout(context.WithoutCancel(ctx), graceful)
	defer cancel()
	if err := server.Shutdown(finishing); err != nil {
		return errors.Join(fmt.Errorf("finish requests in flight: %w", err), server.Close())
	}
	return nil
}

// listen opens a free port of this machine, reachable from nowhere else.
func listen(ctx context.Context) (net.Listener, error) {
	var config net.ListenConfig
	return config.Listen(ctx, "tcp", "127.0.0.1:0")
}

func addressOf(l net.Listener) string { return "http://" + l.Addr().String() }
