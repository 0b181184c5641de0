package main

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

// proxy passes requests on to the servers that a file names, a line for each: to one after the other,
// and to the next one where one does not answer. `demo proxy FILE` reads it once, as proxies do.
func proxy(file string) (http.Handler, error) {
	text, err := os.ReadFile(file)
	servers := strings.Fields(string(text))
	if len(servers) == 0 {
		return nil, cmp.Or(err, errors.New(file+" names no server"))
	}
	var turn atomic.Int64
	client := &http.Client{Timeout: time.Second}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from := int(turn.Add(1))
		var last error
		for i := range servers {
			request, err := http.NewRequestWithContext(r.Context(), http.MethodGet, "http://"+servers[(from+i)%len(servers)], nil)
			if err != nil {
				last = err
				continue
			}
			answer, err := client.Do(request)
			if err != nil {
				last = err
				continue
			}
			defer answer.Body.Close()
			w.WriteHeader(answer.StatusCode)
			_, _ = io.Copy(w, answer.Body) // whoever has asked sees that it is cut off
			return
		}
		http.Error(w, last.Error(), http.StatusBadGateway)
	}), nil
}
