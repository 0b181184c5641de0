package steps

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
	"github.com/gatebook/gatebook/steps/internal/probe"
	"github.com/gatebook/gatebook/steps/internal/prometheus"
	"github.com/gatebook/gatebook/steps/internal/web"
)

// PrometheusQueryInput is what prometheus.query is given.
type PrometheusQueryInput struct {
	URL   string `json:"url" required:"true" pattern:"^https?://[^?#]+$" example:"https://prometheus.example.com" doc:"Address of the server, without /api/v1 and without a query."`
	Query string `json:"query" required:"true" minLength:"1" example:"sum(rate(http_requests_total{code=~\"5..\"}[5m]))" doc:"PromQL expression that gives a scalar or an instant vector."`
	web.Connection
	Time    *time.Time      `json:"time" doc:"Time at which to evaluate; the server's present where it is not given."`
	Expect  string          `json:"expect" default:"single" enum:"single,any" doc:"With single, the query must give exactly one series. With any, every number of series will do and value is left out unless there is one."`
	Default *float64        `json:"default" doc:"Value where the query gives no series, or NaN or an infinity, which fail without it."`
	Timeout schema.Duration `json:"timeout" default:"30s" doc:"How long the query may take, for the server too."`
}

// PrometheusQueryOutput is what prometheus.query returns.
type PrometheusQueryOutput struct {
	Value      *float64            `json:"value,omitempty" doc:"The number: of the scalar, or of the only series."`
	Values     []prometheus.Sample `json:"values" required:"true" doc:"All series, with one sample each."`
	ResultType string              `json:"resultType" required:"true" enum:"scalar,vector" doc:"What the expression gave."`
	Warnings   []string            `json:"warnings" required:"true" doc:"What the server remarked, such as parts that could not be read."`
}

func prometheusQuery(o Options) sdk.Action[PrometheusQueryInput, PrometheusQueryOutput] {
	return sdk.Action[PrometheusQueryInput, PrometheusQueryOutput]{
		Name:    "prometheus.query",
		Summary: "Ask Prometheus for a number",
		Description: `Evaluates a PromQL expression at one moment, over the HTTP API that Prometheus, Thanos, Mimir and VictoriaMetrics share.

A gate needs a number to compare, so that a query without a result is a permanent error and not a zero: a metric that
does not exist must not look like an error rate of nothing. Say ` + "`default`" + ` where no series really means a number. NaN, which is
what a ratio of nothing to nothing gives, is treated the same.

An expression that is wrong is permanent; a server that is not ready, too busy or not there is transient.`,
		Effect:     sdk.Read,
		Idempotent: true,
		InPlan:     true,
		Examples: []schema.Example{
			{Title: "Error rate", With: map[string]any{
				"url":   "https://prometheus.example.com",
				"query": `sum(rate(http_requests_total{job="web",code=~"5.."}[5m])) / sum(rate(http_requests_total{job="web"}[5m]))`,
			}},
			{Title: "How many targets are down, none being zero", With: map[string]any{
				"url": "http://127.0.0.1:9090", "query": "count(up == 0)", "default": 0,
			}},
		},
		Plan: func(_ context.Context, call *sdk.Call[PrometheusQueryInput]) (sdk.Preview, error) {
			if !call.Knows("query") {
				return sdk.Preview{Summary: "would make a query that is not known yet"}, nil
			}
			return sdk.Preview{Summary: "would query " + call.Input.Query}, nil
		},
		Apply: o.queryPrometheus,
	}
}

func (o Options) queryPrometheus(ctx context.Context, call *sdk.Call[PrometheusQueryInput]) (PrometheusQueryOutput, error) {
	in := call.Input
	exchange := web.Exchange{
		Connection: in.Connection, Method: http.MethodPost, URL: strings.TrimSuffix(in.URL, "/") + "/api/v1/query",
		ContentType: "application/x-www-form-urlencoded", Body: []byte(in.form().Encode()),
		Redirects: 3, MaxBody: prometheus.MaxBody,
		TraceParent: call.TraceParent,
	}
	answer, err := probe.Once(ctx, in.Timeout.Std(), func(ctx context.Context) (web.Answer, error) {
		answer, _, err := o.web().Do(ctx, exchange)
		if err == nil && (answer.Status == http.StatusMethodNotAllowed || answer.Status == http.StatusNotImplemented) {
			// Some proxies let through only what looks like a read.
			exchange.Method, exchange.URL, exchange.Body = http.MethodGet, exchange.URL+"?"+string(exchange.Body), nil
			exchange.ContentType = ""
			answer, _, err = o.web().Do(ctx, exchange)
		}
		return answer, err
	})
	if ctx.Err() != nil {
		return PrometheusQueryOutput{}, context.Cause(ctx)
	}
	if err != nil {
		return PrometheusQueryOutput{}, err
	}
	read, err := prometheus.Read(answer)
	if err != nil {
		return PrometheusQueryOutput{}, err
	}
	value, err := in.single(read.Values)
	return PrometheusQueryOutput{Value: value, Values: read.Values, ResultType: read.Type, Warnings: read.Warnings}, err
}

func (in PrometheusQueryInput) form() url.Values {
	form := url.Values{"query": {in.Query}}
	if in.Timeout > 0 {
		form.Set("timeout", strconv.FormatFloat(in.Timeout.Std().Seconds(), 'f', -1, 64))
	}
	if in.Time != nil {
		form.Set("time", in.Time.Format(time.RFC3339Nano))
	}
	return form
}

// single is the number that a gate compares; nil where any number of series will do.
func (in PrometheusQueryInput) single(samples []prometheus.Sample) (*float64, error) {
	switch {
	case len(samples) == 1 && samples[0].Value != nil:
		return samples[0].Value, nil
	case len(samples) > 1 && in.Expect == "any":
		return nil, nil
	case len(samples) > 1:
		return nil, sdk.FieldErrorf("query", "the query gives %d series, not one; aggregate it with sum or max, or say expect: any", len(samples))
	case in.Default != nil:
		return in.Default, nil
	case in.Expect == "any":
		return nil, nil
	case len(samples) == 0:
		return nil, sdk.FieldErrorf("query", "the query gives no series; say default where that means a number")
	default:
		return nil, sdk.FieldErrorf("query", "the query gives %s; say default where that means a number", samples[0].Text)
	}
}
