package steps

import (
	"context"
	"net/url"
	"regexp"
	"strings"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
	"github.com/gatebook/gatebook/steps/internal/probe"
	"github.com/gatebook/gatebook/steps/internal/web"
)

// HTTPCheckInput is what http.check is given.
type HTTPCheckInput struct {
	URL    string `json:"url" required:"true" pattern:"^https?://" example:"https://web.example.com/healthz" doc:"Address to ask."`
	Method string `json:"method" default:"GET" enum:"GET,HEAD" doc:"How to ask: neither changes anything on the server."`
	web.Connection
	ExpectStatus []web.StatusRange `json:"expectStatus" default:"[\"2xx\"]" minItems:"1" doc:"Status codes that are a success: 204, \"2xx\" or \"200-204\"."`
	BodyContains string            `json:"bodyContains" doc:"Text that the body must contain."`
	BodyMatches  string            `json:"bodyMatches" example:"\"ready\":\\s*true" doc:"Regular expression (RE2) that the body must have a match of."`
	Redirects    int               `json:"redirects" default:"10" min:"0" max:"50" doc:"How many redirects to follow; the one after them is the answer."`
	MaxBody      int               `json:"maxBody" default:"65536" min:"0" max:"524288" unit:"bytes" doc:"How much of the body to read, look at and return."`
	probe.Checking
}

// HTTPCheckOutput is what http.check returns.
type HTTPCheckOutput struct {
	web.Answer
}

func httpCheck(o Options) sdk.Action[HTTPCheckInput, HTTPCheckOutput] {
	return sdk.Action[HTTPCheckInput, HTTPCheckOutput]{
		Name:    "http.check",
		Summary: "Ask an HTTP server and hold its answer against what is expected",
		Description: `Sends GET or HEAD over a new connection and checks the status, and if asked the body. With
` + "`within`" + ` it tries again until the check succeeds; with ` + "`consecutive`" + ` it must succeed several times in a row, so
that a server that is up for a moment does not pass.

An answer that is not as expected, a refused connection and a probe that takes longer than ` + "`timeout`" + ` are transient.
A certificate that is not trusted and the answers 401 and 403 end the check at once.`,
		Effect:     sdk.Read,
		Idempotent: true,
		InPlan:     true,
		Examples: []schema.Example{
			{Title: "Wait until a service is ready and stays so", With: map[string]any{
				"url": "https://web.example.com/healthz", "bodyContains": "ok", "within": "2m", "consecutive": 3,
			}},
			{Title: "Accept a redirect or no content", With: map[string]any{
				"url": "http://127.0.0.1:8080/", "method": "HEAD", "expectStatus": []any{204, "3xx"}, "redirects": 0,
			}},
		},
		Plan:  planHTTPCheck,
		Apply: o.checkHTTP,
	}
}

func planHTTPCheck(_ context.Context, call *sdk.Call[HTTPCheckInput]) (sdk.Preview, error) {
	if _, err := compilePattern("bodyMatches", call.Input.BodyMatches); err != nil {
		return sdk.Preview{}, err
	}
	address, err := url.Parse(call.Input.URL)
	if err != nil || address.Host == "" || !call.Knows("method") {
		return sdk.Preview{Summary: "would check an HTTP server"}, nil
	}
	return sdk.Preview{Summary: "would check " + call.Input.Method + " " + web.PublicURL(address)}, nil
}

func (o Options) checkHTTP(ctx context.Context, call *sdk.Call[HTTPCheckInput]) (HTTPCheckOutput, error) {
	in := call.Input
	pattern, err := compilePattern("bodyMatches", in.BodyMatches)
	if err != nil {
		return HTTPCheckOutput{}, err
	}
	exchange := web.Exchange{
		Connection: in.Connection, Method: in.Method, URL: in.URL, Redirects: in.Redirects, MaxBody: in.MaxBody,
		TraceParent: call.TraceParent,
	}
	polling, within := in.For(call.Request, in.Within)
	return probe.Until(ctx, call.Host, polling, within, func(ctx context.Context) (HTTPCheckOutput, error) {
		answer, _, err := o.web().Do(ctx, exchange)
		if err != nil {
			return HTTPCheckOutput{}, err
		}
		if err := web.CheckStatus("the server", answer.Status, in.ExpectStatus, sdk.Transient); err != nil {
			return HTTPCheckOutput{}, err
		}
		return HTTPCheckOutput{answer}, checkBody(in, pattern, answer)
	})
}

func checkBody(in HTTPCheckInput, pattern *regexp.Regexp, answer web.Answer) error {
	where := "the body"
	if answer.Truncated {
		where = "the part of the body that was read"
	}
	if !strings.Contains(answer.Body, in.BodyContains) {
		return sdk.Errorf(sdk.Transient, "%s does not contain %q", where, in.BodyContains)
	}
	if pattern != nil && !pattern.MatchString(answer.Body) {
		return sdk.Errorf(sdk.Transient, "%s has no match of %s", where, pattern)
	}
	return nil
}

// compilePattern returns nil for the empty pattern.
func compilePattern(field, pattern string) (*regexp.Regexp, error) {
	if pattern == "" {
		return nil, nil //nolint:nilnil // no pattern is no fault
	}
	compiled, err := regexp.Compile(pattern)
	if err != nil {
		return nil, sdk.FieldErrorf(field, "%w", err)
	}
	return compiled, nil
}
