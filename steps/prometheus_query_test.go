package steps

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
	"github.com/gatebook/gatebook/steps/internal/prometheus"
)

// vector is an answer as Prometheus writes it.
func vector(series ...string) string {
	return `{"status":"success","data":{"resultType":"vector","result":[` + strings.Join(series, ",") + `]}}`
}

func series(instance, number string) string {
	return `{"metric":{"instance":"` + instance + `"},"value":[1435781451.781,"` + number + `"]}`
}

func TestPrometheusQuery(t *testing.T) {
	t.Parallel()
	of := func(kind, result string) http.HandlerFunc {
		return says(200, `{"status":"success","data":{"resultType":"`+kind+`","result":`+result+`}}`)
	}
	wrong := func(status int, kind string) http.HandlerFunc {
		return says(status, `{"status":"error","errorType":"`+kind+`","error":"the reason"}`)
	}
	two := says(200, vector(series("a", "1"), series("b", "2")))
	tests := []struct {
		name   string
		server http.HandlerFunc
		with   params
		want   failure
		value  float64
		none   bool // no value at all
	}{
		{name: "one series", server: says(200, vector(series("a", "0.25"))), value: 0.25},
		{name: "a scalar", server: of("scalar", `[1435781451.781,"7"]`), value: 7},
		{name: "two series", server: two, want: failure{sdk.Permanent, "query", "gives 2 series, not one"}},
		{name: "two series where any will do", server: two, with: params{"expect": "any"}, none: true},
		{name: "no series is no number", server: says(200, vector()), want: failure{sdk.Permanent, "query", "gives no series"}},
		{name: "no series where any will do", server: says(200, vector()), with: params{"expect": "any"}, none: true},
		{name: "no series with a default", server: says(200, vector()), with: params{"default": 0}, value: 0},
		{name: "NaN is no number", server: says(200, vector(series("a", "NaN"))), want: failure{sdk.Permanent, "query", "gives NaN"}},
		{name: "nor is infinity", server: says(200, vector(series("a", "+Inf"))), want: failure{sdk.Permanent, "query", "gives +Inf"}},
		{name: "NaN with a default", server: says(200, vector(series("a", "NaN"))), with: params{"default": 1.5}, value: 1.5},
		{name: "a default does not hide two series", server: two, with: params{"default": 0}, want: failure{sdk.Permanent, "query", "2 series"}},
		{name: "a range vector", server: of("matrix", `[]`), want: failure{sdk.Permanent, "query", "gives a matrix"}},
		{name: "a native histogram", server: of("vector", `[{"metric":{},"histogram":[1,{}]}]`), want: failure{sdk.Permanent, "query", "native histogram"}},
		{name: "a sample that is no number", server: says(200, vector(series("a", "x"))), want: failure{sdk.Permanent, "", `"x" is not a number`}},
		{name: "a faulty query", server: wrong(400, "bad_data"), want: failure{sdk.Permanent, "query", "the reason"}},
		{name: "a query that cannot be executed", server: wrong(422, "execution"), want: failure{sdk.Permanent, "query", "the reason"}},
		{name: "a query that took too long", server: wrong(503, "timeout"), want: failure{sdk.Transient, "", "timeout: the reason"}},
		{name: "a server that is starting", server: says(503, "Service Unavailable"), want: failure{sdk.Transient, "", "503"}},
		{name: "a server that lets nobody in", server: says(401, "Unauthorized"), want: failure{sdk.Denied, "", "401"}},
		{name: "another server", server: says(200, "<html>"), want: failure{sdk.Permanent, "url", "does not answer as Prometheus does"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			with := params{"url": serve(t, tt.server) + "/", "query": "up"}
			maps.Copy(with, tt.with)
			got, err := apply(t, prometheusQuery(Options{}), with)
			switch {
			case tt.want.class != "":
				tt.want.check(t, err)
			case err != nil:
				t.Error(err)
			case tt.none != (got.Value == nil):
				t.Errorf("value %v", got.Value)
			case !tt.none && *got.Value != tt.value:
				t.Errorf("value %v, want %v", *got.Value, tt.value)
			}
		})
	}
}

func TestPrometheusAddressHasNoQuery(t *testing.T) {
	t.Parallel()
	validator, err := schema.Compile(schema.For[PrometheusQueryInput]())
	if err != nil {
		t.Fatal(err)
	}
	for address, faults := range map[string]int{
		"https://prometheus.example.com":             0,
		"https://prometheus.example.com:9090/prom/":  0,
		"https://prometheus.example.com?tenant=a":    1, // /api/v1 would become a part of it
		"https://prometheus.example.com/prom#anchor": 1,
		"https://": 1,
	} {
		if got := validator.Validate(params{"url": address, "query": "up"}); len(got) != faults {
			t.Errorf("%s has the faults %v, want %d", address, got, faults)
		}
	}
}

func TestPrometheusQueryAsksAndReads(t *testing.T) {
	t.Parallel()
	ask := func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		want := map[string]string{"query": "up == 1", "timeout": "1.5", "time": "2026-03-01T22:00:00Z"}
		for name, value := range want {
			if r.Form.Get(name) != value {
				t.Errorf("%s is %q, want %q", name, r.Form.Get(name), value)
			}
		}
		if r.URL.Path != "/prom/api/v1/query" || r.Header.Get("Authorization") != "Bearer t0ken" {
			t.Errorf("asked %s with %q", r.URL.Path, r.Header.Get("Authorization"))
		}
		says(200, `{"status":"success","warnings":["a"],"infos":["b"],"data":{"resultType":"vector","result":[`+
			series("a", "NaN")+","+series("b", "2.5e3")+`]}}`)(w, r)
	}
	for name, server := range map[string]http.HandlerFunc{
		"POST": ask,
		"GET where POST is refused": func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				w.WriteHeader(http.StatusMethodNotAllowed)
				return
			}
			ask(w, r)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := apply(t, prometheusQuery(Options{}), params{
				"url": serve(t, server) + "/prom", "query": "up == 1", "time": "2026-03-01T22:00:00Z",
				"timeout": "1500ms", "bearerToken": "t0ken", "expect": "any",
			})
			if err != nil {
				t.Fatal(err)
			}
			at := time.Date(2015, 7, 1, 20, 10, 51, 781e6, time.UTC)
			want := []prometheus.Sample{
				{Labels: map[string]string{"instance": "a"}, Text: "NaN", Time: at},
				{Labels: map[string]string{"instance": "b"}, Text: "2.5e3", Value: new(2500.0), Time: at},
			}
			if diff := cmp.Diff(want, got.Values); diff != "" {
				t.Error(diff)
			}
			if !slices.Equal(got.Warnings, []string{"a", "b"}) || got.ResultType != "vector" {
				t.Errorf("%q of %s", got.Warnings, got.ResultType)
			}
		})
	}
}
