// Command demo is what the services of a lab run: a server over HTTP that says which version it
// is, and that can be told to be broken. `demo healthy` is its health check. As `demo proxy FILE` it passes requests on to others.
package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// version is set when an image is built: bad does not start, and sick is never healthy.
var version = "none"

func main() {
	if len(os.Args) > 1 && os.Args[1] == "healthy" {
		healthy()
		return
	}
	if version == "bad" {
		fmt.Fprintln(os.Stderr, "demo: the configuration cannot be read")
		os.Exit(1)
	}
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	handler := server()
	if len(os.Args) > 2 && os.Args[1] == "proxy" {
		var err error
		if handler, err = proxy(os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, "demo:", err)
			os.Exit(1)
		}
	}
	listening := &http.Server{Addr: net.JoinHostPort("", port), ReadHeaderTimeout: time.Second, Handler: handler}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	go func() {
		<-ctx.Done()
		patience, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		_ = listening.Shutdown(patience)
	}()
	fmt.Println("demo", version, "listens on", listening.Addr)
	if err := listening.ListenAndServe(); ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// server says which version is asked, and where.
func server() http.Handler {
	host, _ := os.Hostname()
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, version, host) })
}

// healthy ends as the health check of an image does.
func healthy() {
	if version == "sick" {
		fmt.Println("the database is not there")
		os.Exit(1)
	}
}
