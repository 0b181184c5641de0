package endtoend

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// hold keeps requests from coming to an end, so that whoever asked can be killed at that
// very moment.
type hold struct {
	mu           sync.Mutex
	method, path string // of what is held; an empty method: nothing
	after        bool   // once the server has done it, and before its answer is told
	held         int
}

// set says what is held from now on. It is typed as hold requests METHOD PATH, hold
// answers METHOD PATH, or hold nothing.
func (h *hold) set(ts *testscript.TestScript, neg bool, args []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case !neg && len(args) == 3 && (args[0] == "requests" || args[0] == "answers"):
		h.method, h.path, h.after, h.held = args[1], args[2], args[0] == "answers", 0
	case !neg && len(args) == 1 && args[0] == "nothing":
		h.method = ""
	default:
		ts.Fatalf("usage: hold requests METHOD PATH, hold answers METHOD PATH, or hold nothing")
	}
}

// await waits until a request is held.
func (h *hold) await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: held")
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		h.mu.Lock()
		held := h.held
		h.mu.Unlock()
		if held > 0 {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("nobody asked for what is held")
		}
	}
}

// serve holds a request as long as whoever asked lives.
func (h *hold) serve(w http.ResponseWriter, r *http.Request, api http.Handler) {
	h.mu.Lock()
	holds, after := r.Method == h.method && strings.HasPrefix(r.URL.Path, h.path), h.after
	h.mu.Unlock()
	if !holds {
		api.ServeHTTP(w, r)
		return
	}
	if after {
		api.ServeHTTP(httptest.NewRecorder(), r)
	}
	_, _ = io.Copy(io.Discard, r.Body) // only then does the server see that the client is gone
	h.mu.Lock()
	h.held++
	h.mu.Unlock()
	<-r.Context().Done()
}
