// Package web speaks HTTP for the built-in actions: one exchange over a connection of
// its own, with what actions let people say of it, and errors that have a class and show
// no secret. It leaves out what an answer should be. Floor 2, as a part of steps.
package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/net/http/httpguts"
	"golang.org/x/net/http/httpproxy"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
	"github.com/gatebook/gatebook/steps/internal/document"
	"github.com/gatebook/gatebook/steps/internal/probe"
)

// Connection is how an HTTP server is reached; the inputs of actions that speak
// HTTP embed it.
type Connection struct {
	Headers     map[string]string `json:"headers" takessecrets:"true" doc:"Headers to send. They do not follow a redirect to another host. Unless traceparent is among them, it is sent with the W3C trace context of the attempt."`
	BearerToken string            `json:"bearerToken" secret:"true" doc:"Token to send as Authorization: Bearer."`
	TLS         *TLS              `json:"tls" doc:"How the connection is secured, where the system's defaults do not fit."`
}

// Answer is what a server answered; the outputs of HTTP actions embed it.
type Answer struct {
	Status    int               `json:"status" required:"true" doc:"Status code of the answer."`
	Latency   schema.Duration   `json:"latency" required:"true" doc:"Time from the start of the connection to the end of the body."`
	Headers   map[string]string `json:"headers" required:"true" doc:"Headers of the answer under lower-case names, repeated ones joined by commas; cookies are left out."`
	Body      string            `json:"body" required:"true" doc:"Body of the answer as text; cut off at maxBody bytes, it ends with …."`
	Truncated bool              `json:"truncated" required:"true" doc:"Whether the body was longer than maxBody."`
	JSON      any               `json:"json,omitempty" doc:"Body as a value, where it is whole and JSON: by its type, or because it is an object or a list."`
}

// Client is what the world around an action has for HTTP.
type Client struct {
	Environ []string                 // names the proxies
	Path    func(name string) string // where the file of a parameter is
	Dial    func(ctx context.Context, network, address string) (net.Conn, error)
}

// Exchange is one request, ready to be sent.
type Exchange struct {
	Connection
	Method      string
	URL         string
	ContentType string
	Body        []byte
	Added       map[string]string // headers of the action's own
	TraceParent string            // the trace context that is sent where the headers give none
	Redirects   int
	MaxBody     int
	Where       string // in errors; empty: method and address without query and credentials
}

// Do sends a request on a connection of its own and reads the answer. The flag says
// whether the request may have reached the server.
func (c Client) Do(ctx context.Context, e Exchange) (Answer, bool, error) {
	request, err := e.request(ctx)
	if err != nil {
		return Answer{}, false, err
	}
	if e.Where == "" {
		e.Where = e.Method + " " + PublicURL(request.URL)
	}
	client, err := c.client(e)
	if err != nil {
		return Answer{}, false, err
	}
	var sent atomic.Bool // set by the transport's goroutine
	trace := &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }}
	start := time.Now()
	response, err := client.Do(request.WithContext(httptrace.WithClientTrace(ctx, trace)))
	if err != nil {
		return Answer{}, sent.Load(), exchangeError(e.Where, err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := readAnswer(response, e.MaxBody)
	if err != nil {
		return Answer{}, true, exchangeError(e.Where, err)
	}
	answer.Latency = probe.Latency(start)
	return answer, true, nil
}

func (e Exchange) request(ctx context.Context) (*http.Request, error) {
	if err := e.checkHeaders(); err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, e.Method, e.URL, bytes.NewReader(e.Body))
	if err != nil || request.URL.Host == "" {
		// The parser's error quotes the address, which may hold credentials.
		return nil, sdk.FieldErrorf("url", "this is not an address such as https://host/path")
	}
	if e.ContentType != "" {
		request.Header.Set("Content-Type", e.ContentType)
	}
	if e.TraceParent != "" {
		request.Header.Set("Traceparent", e.TraceParent)
	}
	for name, value := range e.Headers {
		request.Header.Set(name, value)
		if http.CanonicalHeaderKey(name) == "Host" {
			request.Host = value
		}
	}
	if e.BearerToken != "" {
		request.Header.Set("Authorization", "Bearer "+e.BearerToken)
	}
	for name, value := range e.Added {
		request.Header.Set(name, value)
	}
	return request, nil
}

// checkHeaders finds what cannot be sent. The transport refuses it too, but as a failure
// of the connection, which would be tried again. A value may be secret and is not shown.
func (e Exchange) checkHeaders() error {
	for _, name := range slices.Sorted(maps.Keys(e.Headers)) {
		switch {
		case !httpguts.ValidHeaderFieldName(name):
			return sdk.FieldErrorf("headers", "%q cannot be the name of a header", name)
		case !httpguts.ValidHeaderFieldValue(e.Headers[name]):
			return sdk.FieldErrorf("headers", "the value of %s holds what a header cannot, such as a newline", name)
		}
	}
	for field, value := range map[string]string{"bearerToken": e.BearerToken, "contentType": e.ContentType} {
		if !httpguts.ValidHeaderFieldValue(value) {
			return sdk.FieldErrorf(field, "it holds what a header cannot, such as a newline")
		}
	}
	return nil
}

// client makes a client for one exchange. Connections are not kept: a check must
// see whether a new one can be made, and net/http silently repeats a request on a
// kept connection that broke.
func (c Client) client(e Exchange) (*http.Client, error) {
	config, err := c.TLSConfig(e.TLS)
	if err != nil {
		return nil, err
	}
	proxy := c.proxies().ProxyFunc()
	transport := &http.Transport{
		Proxy:             func(r *http.Request) (*url.URL, error) { return proxy(r.URL) },
		DialContext:       c.Dial,
		TLSClientConfig:   config,
		ForceAttemptHTTP2: true,
		DisableKeepAlives: true,
	}
	return &http.Client{Transport: transport, CheckRedirect: func(next *http.Request, before []*http.Request) error {
		if len(before) > e.Redirects {
			return http.ErrUseLastResponse
		}
		// net/http names the address that led here, whose query may be a credential.
		if before[0].Header.Get("Referer") == "" {
			next.Header.Del("Referer")
		}
		if first := before[0].URL; next.URL.Host != first.Host || next.URL.Scheme != first.Scheme {
			if next.ContentLength > 0 {
				return fmt.Errorf("the server sends the request on to %s, and its body does not go to another host; give that address as url if it should", PublicURL(next.URL))
			}
			for name := range e.Headers {
				next.Header.Del(name)
			}
			next.Header.Del("Authorization")
		}
		return nil
	}}, nil
}

func (c Client) proxies() *httpproxy.Config {
	var config httpproxy.Config
	for _, variable := range c.Environ {
		name, value, _ := strings.Cut(variable, "=")
		switch strings.ToUpper(name) {
		case "HTTP_PROXY":
			config.HTTPProxy = value
		case "HTTPS_PROXY":
			config.HTTPSProxy = value
		case "NO_PROXY":
			config.NoProxy = value
		}
	}
	return &config
}

// PublicURL is an address without what may be secret in it.
func PublicURL(address *url.URL) string {
	return (&url.URL{Scheme: address.Scheme, Host: address.Host, Path: address.Path}).String()
}

// exchangeError says what went wrong between here and the server, without the
// address that net/http puts in front.
func exchangeError(where string, err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	class := sdk.Transient
	if IsUntrusted(err) {
		class = sdk.Permanent
	}
	return sdk.Errorf(class, "%s: %w", where, err)
}

func readAnswer(response *http.Response, maxBody int) (Answer, error) {
	body, err := io.ReadAll(io.LimitReader(response.Body, int64(maxBody)+1))
	if err != nil {
		return Answer{}, err
	}
	answer := Answer{Status: response.StatusCode, Headers: map[string]string{}}
	if len(body) > maxBody {
		body, answer.Truncated = body[:maxBody], true
	}
	for _, name := range slices.Sorted(maps.Keys(response.Header)) {
		if name != "Set-Cookie" {
			answer.Headers[strings.ToLower(name)] = strings.Join(response.Header[name], ", ")
		}
	}
	answer.Body = strings.ToValidUTF8(string(body), "\uFFFD")
	if answer.Truncated {
		answer.Body = strings.TrimRight(answer.Body, "\uFFFD") + "…" // who masks secrets looks beside it for a part of one
	}
	if !answer.Truncated && (isJSON(response.Header.Get("Content-Type")) || mayBeJSON(body)) {
		var whole any
		if document.Read(body, &whole) == nil {
			answer.JSON = whole
		}
	}
	return answer, nil
}

// mayBeJSON reports whether a body begins as an object or a list does: many servers do
// not say what they send.
func mayBeJSON(body []byte) bool {
	body = bytes.TrimSpace(body)
	return len(body) > 0 && (body[0] == '{' || body[0] == '[')
}

func isJSON(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && (kind == "application/json" || strings.HasSuffix(kind, "+json"))
}
