package main

import (
	"encoding/json"
	"errors"
	"net/http"
)

// Fleet is what the control address says of the whole.
type Fleet struct {
	Serving  int               `json:"serving"` // services in rotation
	Services map[string]Status `json:"services"`
	Clients  Traffic           `json:"clients"` // as the balancer answered them
}

// fleet says how every service is.
func (s *supervisor) fleet() Fleet {
	answer := Fleet{Services: map[string]Status{}, Clients: s.balancer.seen.traffic()}
	for _, name := range s.order {
		one := s.status(name)
		answer.Services[name] = one
		if one.InRotation {
			answer.Serving++
		}
	}
	return answer
}

// control is the address that runbooks and people ask. What changes something is
// a POST, and does nothing when it is so already.
func (s *supervisor) control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /services", func(rw http.ResponseWriter, _ *http.Request) {
		writeJSON(rw, http.StatusOK, s.fleet())
	})
	mux.HandleFunc("GET /services/{name}", func(rw http.ResponseWriter, r *http.Request) {
		s.answer(rw, r, nil)
	})
	mux.HandleFunc("GET /services/{name}/healthz", s.relayHealth)
	mux.HandleFunc("POST /services/{name}/drain", func(rw http.ResponseWriter, r *http.Request) {
		s.answer(rw, r, s.drain(r.Context(), r.PathValue("name")))
	})
	mux.HandleFunc("POST /services/{name}/admit", func(rw http.ResponseWriter, r *http.Request) {
		s.answer(rw, r, s.admit(r.Context(), r.PathValue("name")))
	})
	mux.HandleFunc("POST /services/{name}/upgrade", func(rw http.ResponseWriter, r *http.Request) {
		s.answer(rw, r, s.upgrade(r.Context(), r.PathValue("name"), r.FormValue("release")))
	})
	return mux
}

// answer says how a service is after what was asked, or why that was not done.
func (s *supervisor) answer(rw http.ResponseWriter, r *http.Request, err error) {
	name := r.PathValue("name")
	if _, ok := s.services[name]; !ok {
		err = errUnknown
	}
	switch {
	case err == nil:
		writeJSON(rw, http.StatusOK, s.status(name))
	case errors.Is(err, errUnknown):
		writeJSON(rw, http.StatusNotFound, problem{err.Error()})
	case errors.Is(err, errRefused):
		writeJSON(rw, http.StatusConflict, problem{err.Error()})
	default:
		writeJSON(rw, http.StatusInternalServerError, problem{err.Error()})
	}
}

// relayHealth passes on what a service says of itself; services have an address
// of their own that changes with each process.
func (s *supervisor) relayHealth(rw http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	if _, ok := s.services[name]; !ok {
		writeJSON(rw, http.StatusNotFound, problem{errUnknown.Error()})
		return
	}
	status, body, err := s.health(r.Context(), name)
	if err != nil {
		writeJSON(rw, http.StatusBadGateway, problem{name + " does not answer"})
		return
	}
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(status)
	_, _ = rw.Write(body) // whoever asked may be gone
}

// problem is the answer when something was not done.
type problem struct {
	Error string `json:"error"`
}

func writeJSON(rw http.ResponseWriter, status int, value any) {
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(status)
	_ = json.NewEncoder(rw).Encode(value) // whoever asked may be gone
}
