package steps

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
	"github.com/gatebook/gatebook/steps/internal/probe"
	"github.com/gatebook/gatebook/steps/internal/web"
)

// idempotencyHeader carries the step's key, as the IETF draft of that name says.
const idempotencyHeader = "Idempotency-Key"

// HTTPRequestInput is what http.request is given.
type HTTPRequestInput struct {
	URL    string `json:"url" required:"true" pattern:"^https?://" example:"https://lb.example.com/pools/web" doc:"Address to send to."`
	Method string `json:"method" default:"POST" enum:"POST,PUT,PATCH,DELETE,GET,HEAD,OPTIONS" doc:"What to do there. To look only, use http.check, which is a read."`
	web.Connection
	Body         string            `json:"body" takessecrets:"true" doc:"Body to send, as text."`
	JSON         any               `json:"json" takessecrets:"true" doc:"Body to send, as a value that is written as JSON."`
	Form         map[string]string `json:"form" takessecrets:"true" doc:"Body to send, as the fields of a form."`
	ContentType  string            `json:"contentType" doc:"Type of the body, where it is not that of json, form or plain text."`
	Idempotent   bool              `json:"idempotent" doc:"The server does nothing twice that comes with the same Idempotency-Key, or the request does no harm when sent twice. PUT and DELETE are taken for idempotent by themselves."`
	ExpectStatus []web.StatusRange `json:"expectStatus" default:"[\"2xx\"]" minItems:"1" doc:"Status codes that are a success: 204, \"2xx\" or \"200-204\"."`
	Redirects    int               `json:"redirects" default:"0" min:"0" max:"50" doc:"How many redirects to follow; the one after them is the answer."`
	MaxBody      int               `json:"maxBody" default:"65536" min:"0" max:"524288" unit:"bytes" doc:"How much of the answer's body to read and return."`
	Timeout      schema.Duration   `json:"timeout" default:"30s" doc:"How long the request may take."`
}

// HTTPRequestOutput is what http.request returns.
type HTTPRequestOutput struct {
	web.Answer
}

func httpRequest(o Options) sdk.Action[HTTPRequestInput, HTTPRequestOutput] {
	return sdk.Action[HTTPRequestInput, HTTPRequestOutput]{
		Name:    "http.request",
		Summary: "Send a request to an HTTP server that changes something there",
		Description: `Sends one request, with the step's key as the header ` + "`Idempotency-Key`" + `: all attempts of one step carry
the same, so that a server that honours it does the work once.

A request whose answer was lost may have been carried out. Where the method is PUT or DELETE, or ` + "`idempotent`" + ` says that
repeating does no harm, that is a transient error and ` + "`retry`" + ` sends it again. Otherwise it is permanent, as are 500, 502 and
504, and after a crash a person is asked. What takes the request back is another request, in the step's ` + "`rollback`" + `.

The answers 401 and 403 are *denied*, 409 and 412 a *conflict*, 408, 425, 429 and 5xx *transient*, all others that are not
expected *permanent*.`,
		Effect: sdk.Change,
		Rules: []schema.Rule{{
			Expr:    "[has(self.body), has(self.json), has(self.form)].filter(given, given).size() <= 1",
			Message: "Give only one of body, json and form.",
		}},
		Examples: []schema.Example{
			{Title: "Set the weight of a pool", With: map[string]any{
				"url": "https://lb.example.com/pools/web", "method": "PUT", "json": map[string]any{"weight": 10},
			}},
			{Title: "Start a job on a server that honours the key", With: map[string]any{
				"url": "https://jobs.example.com/backups", "idempotent": true, "form": map[string]any{"volume": "web-data"}, "expectStatus": []any{202},
			}},
		},
		Plan:    planHTTPRequest,
		Apply:   o.sendHTTP,
		Observe: observeHTTPRequest,
	}
}

func planHTTPRequest(_ context.Context, call *sdk.Call[HTTPRequestInput]) (sdk.Preview, error) {
	target := "an HTTP server"
	if address, err := url.Parse(call.Input.URL); err == nil && address.Host != "" {
		target = web.PublicURL(address)
	}
	method := call.Input.Method
	if !call.Knows("method") {
		method = "a request"
	}
	return sdk.Preview{
		Summary: fmt.Sprintf("would send %s to %s", method, target),
		Changes: []sdk.Delta{{Target: method + " " + target, Kind: "HTTP request", Op: "run"}},
	}, nil
}

func (o Options) sendHTTP(ctx context.Context, call *sdk.Call[HTTPRequestInput]) (HTTPRequestOutput, error) {
	in := call.Input
	exchange := web.Exchange{
		Connection: in.Connection, Method: in.Method, URL: in.URL, Redirects: in.Redirects, MaxBody: in.MaxBody,
		Added:       map[string]string{idempotencyHeader: call.Key},
		TraceParent: call.TraceParent,
	}
	if err := in.encode(&exchange); err != nil {
		return HTTPRequestOutput{}, err
	}
	var sent bool
	once := func(ctx context.Context) (answer web.Answer, err error) {
		answer, sent, err = o.web().Do(ctx, exchange)
		return answer, err
	}
	answer, err := probe.Once(ctx, in.Timeout.Std(), once)
	switch {
	case ctx.Err() != nil:
		return HTTPRequestOutput{}, context.Cause(ctx)
	case err != nil && !sent:
		return HTTPRequestOutput{}, sdk.AsError(err).NothingChanged()
	case err != nil && !in.repeatable():
		return HTTPRequestOutput{}, sdk.Errorf(sdk.Permanent,
			"the answer was lost and the request may have been carried out, so it is not sent again: %w", err)
	case err != nil:
		return HTTPRequestOutput{}, err
	}
	failure := web.CheckStatus("the server", answer.Status, in.ExpectStatus, sdk.Permanent)
	if failure != nil && !in.repeatable() && mayBeDone(answer.Status) {
		failure = sdk.Errorf(sdk.Permanent, "%w; the request may have been carried out, so it is not sent again", failure)
	}
	return HTTPRequestOutput{answer}, failure
}

// mayBeDone says whether a status leaves open what became of the request: the server
// or a gateway gave up over it.
func mayBeDone(status int) bool {
	return status >= http.StatusInternalServerError && status != http.StatusServiceUnavailable && status != http.StatusNotImplemented
}

func (in HTTPRequestInput) encode(exchange *web.Exchange) error {
	switch {
	case in.JSON != nil:
		body, err := json.Marshal(in.JSON)
		if err != nil {
			return sdk.FieldErrorf("json", "%w", err)
		}
		exchange.Body, exchange.ContentType = body, "application/json"
	case in.Form != nil:
		form := url.Values{}
		for name, value := range in.Form {
			form.Set(name, value)
		}
		exchange.Body, exchange.ContentType = []byte(form.Encode()), "application/x-www-form-urlencoded"
	case in.Body != "":
		exchange.Body, exchange.ContentType = []byte(in.Body), "text/plain; charset=utf-8"
	}
	if in.ContentType != "" {
		exchange.ContentType = in.ContentType
	}
	return nil
}

// repeatable says whether the request may be sent again when its answer was lost.
func (in HTTPRequestInput) repeatable() bool {
	return in.Idempotent || !slices.Contains([]string{"POST", "PATCH"}, in.Method)
}

// observeHTTPRequest cannot see what a server did; it knows only whether asking
// again does harm.
func observeHTTPRequest(_ context.Context, call *sdk.Call[HTTPRequestInput]) (sdk.Observed[HTTPRequestOutput], error) {
	if call.Input.repeatable() {
		return sdk.Observed[HTTPRequestOutput]{State: sdk.NotDone, Detail: "The request may be sent again without harm."}, nil
	}
	return sdk.Observed[HTTPRequestOutput]{
		State:  sdk.CannotTell,
		Detail: fmt.Sprintf("A %s was sent whose answer was lost, and the server is not said to be idempotent.", call.Input.Method),
	}, nil
}
