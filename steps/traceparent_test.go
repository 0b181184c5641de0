package steps

import (
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

const traceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// sent applies an action in a trace and returns the trace context that the server saw.
func sent[I, O any](t *testing.T, action sdk.Action[I, O], with params) string {
	t.Helper()
	seen := make(chan string, 1)
	with["url"] = serve(t, func(w http.ResponseWriter, r *http.Request) {
		seen <- r.Header.Get("traceparent")
		_, _ = io.WriteString(w, `{"status":"success","data":{"resultType":"scalar","result":[1,"1"]}}`)
	})
	use := request(t, action, with)
	use.TraceParent = traceParent
	if _, err := handlerOf(t, action).Apply(t.Context(), use, &sdktest.Host{}); err != nil {
		t.Fatal(err)
	}
	return <-seen
}

// Every action that speaks HTTP hands the trace on, and a person's own header wins.
func TestRequestsCarryTheTraceContext(t *testing.T) {
	t.Parallel()
	options := Options{}
	for name, got := range map[string]string{
		"http.check":       sent(t, httpCheck(options), params{}),
		"http.request":     sent(t, httpRequest(options), params{}),
		"notify.webhook":   sent(t, notifyWebhook(options), params{"text": "on"}),
		"prometheus.query": sent(t, prometheusQuery(options), params{"query": "1"}),
	} {
		if got != traceParent {
			t.Errorf("%s sent %q", name, got)
		}
	}
	if got := sent(t, httpRequest(options), params{"headers": params{"traceparent": "mine"}}); got != "mine" {
		t.Errorf("a header of one's own became %q", got)
	}
}

// So does a program, in its environment.
func TestProgramsFindTheTraceContext(t *testing.T) {
	t.Parallel()
	for want, env := range map[string]params{traceParent: {}, "mine": {"TRACEPARENT": "mine"}} {
		action := execAction(Options{Environ: append(os.Environ(), "TRACEPARENT=the caller's")})
		use := request(t, action, params{"script": "echo \"$TRACEPARENT\"", "env": env})
		use.TraceParent = traceParent
		outputs, err := handlerOf(t, action).Apply(t.Context(), use, &sdktest.Host{})
		if err != nil || !strings.Contains(string(outputs), `"stdout":"`+want+`"`) {
			t.Errorf("got %s, %v; want %s", outputs, err, want)
		}
	}
}
