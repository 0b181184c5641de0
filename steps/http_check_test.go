package steps

import (
	"context"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/plugins/sdk"
)

func TestHTTPCheck(t *testing.T) {
	t.Parallel()
	asJSON := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Set-Cookie", "session=abc")
		_, _ = io.WriteString(w, `{"ready": true, "count": 12345678901234567}`)
	}
	redirect := func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/there", http.StatusFound) }
	tests := []struct {
		name   string
		server http.HandlerFunc
		with   params
		want   failure
		status int
	}{
		{name: "any 2xx is a success", server: says(204, ""), status: 204},
		{name: "a 500 is transient", server: says(500, "oh"), want: failure{sdk.Transient, "", "500 Internal Server Error, not 2xx"}},
		{name: "a 404 may come right", server: says(404, ""), want: failure{sdk.Transient, "", "404"}},
		{name: "a 403 is denied at once", server: says(403, ""), with: params{"within": "1h"}, want: failure{sdk.Denied, "", "403"}},
		{name: "a status that was asked for", server: says(404, ""), with: params{"expectStatus": []any{404, "500-503"}}, status: 404},
		{name: "a range of status", server: says(502, ""), with: params{"expectStatus": []any{404, "500-503"}}, status: 502},
		{name: "text in the body", server: says(200, "all ready"), with: params{"bodyContains": "ready"}, status: 200},
		{name: "no text in the body", server: says(200, "starting"), with: params{"bodyContains": "ready"}, want: failure{sdk.Transient, "", `does not contain "ready"`}},
		{name: "a pattern in the body", server: asJSON, with: params{"bodyMatches": `"ready":\s*true`}, status: 200},
		{name: "no match in what was read", server: says(200, "0123456789ready"), with: params{"bodyMatches": "ready", "maxBody": 10}, want: failure{sdk.Transient, "", "the part of the body that was read has no match"}},
		{name: "a faulty pattern", server: asJSON, with: params{"bodyMatches": "("}, want: failure{sdk.Permanent, "bodyMatches", "missing closing )"}},
		{name: "redirects are followed", server: answers(redirect, says(200, "")), status: 200},
		{name: "a redirect too many is the answer", server: redirect, with: params{"redirects": 2}, want: failure{sdk.Transient, "", "302 Found"}},
		{name: "it waits for the server", server: answers(says(503, ""), says(200, ""), says(503, ""), says(200, "")), with: params{"within": "1m", "interval": "10ms", "consecutive": 2}, status: 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			with := params{"url": serve(t, tt.server)}
			maps.Copy(with, tt.with)
			got, err := apply(t, httpCheck(Options{}), with)
			if tt.want.class != "" {
				tt.want.check(t, err)
			} else if err != nil || got.Status != tt.status || got.Latency <= 0 {
				t.Errorf("status %d, latency %s, error %v; want %d", got.Status, got.Latency, err, tt.status)
			}
		})
	}
}

func TestHTTPCheckReturnsTheAnswer(t *testing.T) {
	t.Parallel()
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/health+json; charset=utf-8")
		w.Header().Add("X-Node", "a")
		w.Header().Add("X-Node", "b")
		w.Header().Set("Set-Cookie", "session=abc")
		_, _ = io.WriteString(w, `{"method": "`+r.Method+`", "auth": "`+r.Header.Get("Authorization")+`", "host": "`+r.Host+`"}`)
	})
	got, err := apply(t, httpCheck(Options{}), params{
		"url": address, "bearerToken": "t0ken", "headers": params{"Host": "web.example.com"},
	})
	if err != nil {
		t.Fatal(err)
	}
	body, _ := got.JSON.(map[string]any)
	if body["method"] != "GET" || body["auth"] != "Bearer t0ken" || body["host"] != "web.example.com" {
		t.Errorf("the server saw %v", got.JSON)
	}
	if _, cookie := got.Headers["set-cookie"]; cookie || got.Headers["x-node"] != "a, b" || got.Truncated {
		t.Errorf("headers %v, truncated %v", got.Headers, got.Truncated)
	}
}

func TestHeadersDoNotFollowToAnotherHost(t *testing.T) {
	t.Parallel()
	seen := make(chan http.Header, 1)
	// The address that led there stays here too, since its query may be a credential.
	other := serve(t, func(_ http.ResponseWriter, r *http.Request) { seen <- r.Header })
	first := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other, http.StatusFound) })
	_, err := apply(t, httpCheck(Options{}), params{
		"url": first + "/hook?token=t0ken", "bearerToken": "t0ken", "headers": params{"X-Api-Key": "k3y"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if header := <-seen; header.Get("X-Api-Key") != "" || header.Get("Authorization") != "" || header.Get("Referer") != "" {
		t.Errorf("another host was given %v", header)
	}
}

func TestHeadersThatCannotBeSentAreFaultsOfTheRunbook(t *testing.T) {
	t.Parallel()
	server := serve(t, says(200, ""))
	for _, tt := range []struct {
		with params
		want failure
	}{
		{params{"headers": params{"X Key": "a"}}, failure{sdk.Permanent, "headers", `"X Key" cannot be the name of a header`}},
		{params{"headers": params{"": "a"}}, failure{sdk.Permanent, "headers", "cannot be the name"}},
		{params{"headers": params{"X-Key": "s3cret\n"}}, failure{sdk.Permanent, "headers", "the value of X-Key holds"}},
		{params{"bearerToken": "s3cret\r\n"}, failure{sdk.Permanent, "bearerToken", "newline"}},
		{params{"contentType": "text/plain\n"}, failure{sdk.Permanent, "contentType", "newline"}},
	} {
		tt.with["url"] = server
		_, err := apply(t, httpRequest(Options{}), tt.with)
		tt.want.check(t, err)
		if is := sdk.AsError(err); !is.Unchanged || strings.Contains(is.Message, "s3cret") {
			t.Errorf("the error is %+v", is)
		}
	}
}

func TestNoTimeForAnAnswer(t *testing.T) {
	t.Parallel()
	want := failure{sdk.Permanent, "timeout", "leaves no time"}
	_, err := apply(t, httpRequest(Options{}), params{"url": "http://" + closedPort, "timeout": "0s"})
	want.check(t, err)
	_, err = apply(t, httpCheck(Options{}), params{"url": "http://" + closedPort, "timeout": "0s", "within": "1h"})
	want.check(t, err)
}

func TestHTTPBodyIsReadAsJSONAlsoWhereTheServerDoesNotSaySo(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]any{
		`{"ready": true}`: map[string]any{"ready": true},
		` [1, 2]`:         []any{1.0, 2.0},
		`true`:            nil,
		`{not JSON`:       nil,
		``:                nil,
	} {
		address := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			_, _ = io.WriteString(w, body)
		})
		got, err := apply(t, httpCheck(Options{}), params{"url": address})
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got.JSON, want) {
			t.Errorf("%q gives %v, want %v", body, got.JSON, want)
		}
	}
}

func TestHTTPBodyWithSomethingBehindTheJSONHasNoValue(t *testing.T) {
	t.Parallel()
	address := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"ready": true} trailing`)
	})
	got, err := apply(t, httpCheck(Options{}), params{"url": address})
	if err != nil || got.JSON != nil || got.Body != `{"ready": true} trailing` {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestHTTPErrorsHideCredentials(t *testing.T) {
	t.Parallel()
	refused := "http://user:pa55word@" + closedPort + "/health?token=s3cret"
	for _, address := range []string{refused, "http://user:pa55word@%zz/?token=s3cret"} {
		_, told, err := applyTold(t.Context(), t, httpCheck(Options{}), params{"url": address, "within": "300ms", "interval": "10ms"})
		if err == nil {
			t.Fatalf("%s is there", address)
		}
		if all := err.Error() + progressOf(told); strings.Contains(all, "pa55word") || strings.Contains(all, "s3cret") {
			t.Errorf("credentials in %q", all)
		}
	}
}

func TestHTTPCheckTLS(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(says(200, ""))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	dir := t.TempDir()
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	for name, text := range map[string][]byte{"ca.pem": authority, "empty.pem": nil} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name string
		tls  params
		want failure
	}{
		{"an unknown authority is not waited for", nil, failure{sdk.Permanent, "", "unknown authority"}},
		{"an authority of one's own", params{"caFile": "ca.pem"}, failure{}},
		{"another name", params{"caFile": "ca.pem", "serverName": "other.test"}, failure{sdk.Permanent, "", "other.test"}},
		{"no questions asked", params{"insecureSkipVerify": true}, failure{}},
		{"a file that is missing", params{"caFile": "no.pem"}, failure{sdk.Permanent, "tls.caFile", "no.pem: no such file"}},
		{"a file without certificates", params{"caFile": "empty.pem"}, failure{sdk.Permanent, "tls.caFile", "no certificate"}},
		{"half a pair", params{"certFile": "ca.pem"}, failure{sdk.Permanent, "tls", "belong together"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			with := params{"url": server.URL, "within": "1h"}
			if tt.tls != nil {
				with["tls"] = tt.tls
			}
			_, err := apply(t, httpCheck(Options{Dir: dir}), with)
			if tt.want.class != "" {
				tt.want.check(t, err)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestHTTPGoesThroughTheProxyOfTheEnvironment(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 1)
	proxy := serve(t, func(_ http.ResponseWriter, r *http.Request) { asked <- r.URL.String() })
	o := Options{Environ: []string{"HTTP_PROXY=" + proxy}}
	if _, err := apply(t, httpCheck(o), params{"url": "http://web.example.test/health"}); err != nil {
		t.Fatal(err)
	}
	if got := <-asked; got != "http://web.example.test/health" {
		t.Errorf("the proxy was asked for %s", got)
	}
}

func TestHTTPCheckIsCancelledAtOnce(t *testing.T) {
	t.Parallel()
	started := make(chan struct{})
	address := serveNothing(t, func() { close(started) })
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-started
		cancel()
	}()
	_, _, err := applyTold(ctx, t, httpCheck(Options{}), params{"url": address, "timeout": "1h"})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the check ended with %v", err)
	}
}
