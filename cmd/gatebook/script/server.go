package script

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// server starts an HTTP server for the rest of the script, whose address is in $SERVER. It
// serves the files of the folder www, leaves who asks for /hang without an answer, and counts
// in the file requests: a line for each, before it is answered.
func server(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: server")
	}
	files, counted := http.FileServer(http.Dir(ts.MkAbs("www"))), ts.MkAbs("requests")
	ts.Check(os.WriteFile(counted, nil, 0o600))
	over := make(chan struct{})
	var mu sync.Mutex
	started := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		err := count(counted, r.Method+" "+r.URL.Path)
		mu.Unlock()
		switch {
		case err != nil:
			http.Error(w, err.Error(), http.StatusInternalServerError)
		case r.URL.Path == "/hang":
			select {
			case <-r.Context().Done():
			case <-over:
			}
		default:
			files.ServeHTTP(w, r)
		}
	}))
	ts.Defer(func() {
		close(over)
		started.Close()
	})
	ts.Setenv("SERVER", started.URL)
}

func count(file, line string) error {
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, line)
	return errors.Join(err, f.Close())
}
