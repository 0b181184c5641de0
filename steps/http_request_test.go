package steps

import (
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

func TestHTTPRequestSendsBodies(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name              string
		with              params
		method, kind, got string
	}{
		{"nothing", params{"method": "DELETE"}, "DELETE", "", ""},
		{"text", params{"body": "on"}, "POST", "text/plain; charset=utf-8", "on"},
		{"a value", params{"method": "PUT", "json": params{"weight": 10}}, "PUT", "application/json", `{"weight":10}`},
		{"a form", params{"form": params{"b": "2 3", "a": "1"}}, "POST", "application/x-www-form-urlencoded", "a=1&b=2+3"},
		{"a type of one's own", params{"method": "PATCH", "body": "[]", "contentType": "application/json-patch+json"}, "PATCH", "application/json-patch+json", "[]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.with["url"] = serve(t, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				if key := r.Header.Get("Idempotency-Key"); key != "run-1-step-do" {
					t.Errorf("the key is %q", key)
				}
				if r.Method != tt.method || r.Header.Get("Content-Type") != tt.kind || string(body) != tt.got {
					t.Errorf("%s of %q as %q, want %s of %q as %q", r.Method, body, r.Header.Get("Content-Type"), tt.method, tt.got, tt.kind)
				}
				w.Header().Set("Content-Type", "application/json")
				_, _ = io.WriteString(w, `{"id": 7}`)
			})
			got, err := apply(t, httpRequest(Options{}), tt.with)
			if answer, _ := got.JSON.(map[string]any); err != nil || answer["id"] != 7.0 {
				t.Errorf("answer %v, error %v", got, err)
			}
		})
	}
}

// A body may hold a secret, which is not another host's business.
func TestBodiesDoNotFollowToAnotherHost(t *testing.T) {
	t.Parallel()
	other := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the body was sent on") })
	first := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other, http.StatusTemporaryRedirect) })
	_, err := apply(t, httpRequest(Options{}), params{"url": first, "form": params{"password": "hunter22"}, "redirects": 3})
	if err == nil || !strings.Contains(err.Error(), "sends the request on to "+other) {
		t.Errorf("got %v", err)
	}
}

func TestHTTPRequestFailures(t *testing.T) {
	t.Parallel()
	hangUp := func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }
	lost := "may have been carried out, so it is not sent again"
	tests := []struct {
		name   string
		server http.HandlerFunc
		with   params
		want   failure
	}{
		{"409 is a conflict", says(409, ""), nil, failure{sdk.Conflict, "", "409 Conflict"}},
		{"401 is denied", says(401, ""), nil, failure{sdk.Denied, "", "401"}},
		{"400 is permanent", says(400, ""), nil, failure{sdk.Permanent, "", "400"}},
		{"429 is transient", says(429, ""), nil, failure{sdk.Transient, "", "429"}},
		{"503 was not carried out", says(503, ""), nil, failure{sdk.Transient, "", "503"}},
		{"501 stays so", says(501, ""), nil, failure{sdk.Permanent, "", "501"}},
		{"504 leaves open what was done", says(504, ""), nil, failure{sdk.Permanent, "", lost}},
		{"504 of a PUT is transient", says(504, ""), params{"method": "PUT"}, failure{sdk.Transient, "", "504"}},
		{"a lost answer of a POST", hangUp, nil, failure{sdk.Permanent, "", lost}},
		{"a lost answer of a DELETE", hangUp, params{"method": "DELETE"}, failure{sdk.Transient, "", "EOF"}},
		{"a lost answer where the key is honoured", hangUp, params{"idempotent": true}, failure{sdk.Transient, "", "EOF"}},
		{"redirects are not followed", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusTemporaryRedirect) }, nil, failure{sdk.Permanent, "", "307"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			with := params{"url": serve(t, tt.server)}
			maps.Copy(with, tt.with)
			_, err := apply(t, httpRequest(Options{}), with)
			tt.want.check(t, err)
			if sdk.AsError(err).Unchanged {
				t.Error("the error claims that nothing changed")
			}
		})
	}
}

func TestHTTPRequestThatWasNotSentChangedNothing(t *testing.T) {
	t.Parallel()
	_, err := apply(t, httpRequest(Options{}), params{"url": "http://" + closedPort})
	failure{sdk.Transient, "", "refused"}.check(t, err)
	if !sdk.AsError(err).Unchanged {
		t.Error("the error does not say that nothing changed")
	}
}

func TestHTTPRequestObserve(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		with params
		want sdk.State
	}{
		{params{}, sdk.CannotTell},
		{params{"method": "PATCH"}, sdk.CannotTell},
		{params{"method": "PUT"}, sdk.NotDone},
		{params{"idempotent": true}, sdk.NotDone},
	} {
		tt.with["url"] = "http://127.0.0.1/"
		action := httpRequest(Options{})
		seen, err := handlerOf(t, action).Observe(t.Context(), request(t, action, tt.with), &sdktest.Host{})
		if err != nil || seen.State != tt.want || seen.Detail == "" {
			t.Errorf("%v: %+v, %v; want %s", tt.with, seen, err, tt.want)
		}
	}
}
