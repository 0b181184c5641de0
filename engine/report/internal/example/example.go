// Package example is a plan for the tests of what is written about plans and runs. It is
// made by hand, so that what they expect does not hang on how plans are made. Floor 6.
package example

import (
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Plan is a plan of five steps: one asks people, one destroys, one is of finally.
func Plan(t testing.TB) *plan.Plan {
	t.Helper()
	text := func(name, text string) value.Member { return value.Member{Name: name, Value: value.String(text)} }
	gate := &plan.Condition{
		Expr: "steps.before.outputs.ready >= 3", Message: "not enough replicas are ready", At: "web.yaml:20:9",
		State: plan.State{Truth: "unknown", Causes: []value.Cause{{Step: "before", Reason: "it is an output"}}},
	}
	verify := &plan.Condition{
		Name: "error rate", Expr: "observed.value < 0.01", At: "web.yaml:30:9",
		Observe: &plan.Use{Action: "prometheus.query", Effect: sdk.Read}, Within: 10 * time.Minute, Every: 15 * time.Second, Hold: time.Minute,
		State: plan.State{Truth: "unknown"},
	}
	return made(t, plan.Plan{
		Gatebook: "0.4.0",
		Runbook:  plan.Header{Name: "web-upgrade", Version: "1.2.0", Title: "Upgrade the web tier", File: "web.yaml", Digest: "sha256:aa"},
		Inputs: value.Object(text("image", "web:2"),
			value.Member{Name: "token", Value: value.String("s3cret").Secret()}),
		Lock: "web", RTO: 30 * time.Minute, OnFailure: plan.Rollback,
		Steps: []*plan.Step{
			{ID: "before", At: "web.yaml:10:5", Use: plan.Use{Action: "http.check", Effect: sdk.Read, Params: value.Object(text("url", "http://web/healthz"))}, OnFailure: plan.Rollback},
			{
				ID: "upgrade", Title: "Upgrade the service", At: "web.yaml:15:5", Timeout: time.Minute, OnFailure: plan.Rollback,
				Use: plan.Use{Action: "exec", Effect: sdk.Change, Params: value.Object(
					value.Member{Name: "command", Value: value.List(value.String("deploy"), value.String("web:2"))},
					value.Member{Name: "stdin", Value: value.Unknown(value.Cause{Step: "before", Reason: "it is an output"})},
				)},
				Needs: []plan.Edge{{Step: "before", Reason: plan.Referenced}}, Gate: []*plan.Condition{gate}, Verify: []*plan.Condition{verify},
				Retry:    plan.Retry{Attempts: 3, Delay: time.Second, Factor: 2},
				Rollback: &plan.Compensation{Use: &plan.Use{Action: "exec", Params: value.Object(text("script", "undeploy"))}},
			},
			{
				ID: "sign_off", At: "web.yaml:40:5", OnFailure: plan.Stop,
				Use:   plan.Use{Action: "approve", Effect: sdk.Read, Params: value.Object(text("message", "Clean up?")), Describe: sdk.Description{Asks: true}},
				Needs: []plan.Edge{{Step: "upgrade", Reason: plan.InOrder}},
			},
			{
				ID: "wipe", At: "web.yaml:50:5", OnFailure: plan.Rollback, Use: plan.Use{Action: "exec", Effect: sdk.Destroy},
				Needs:    []plan.Edge{{Step: "sign_off", Reason: plan.Needed}},
				Rollback: &plan.Compensation{None: "the volume is gone"},
			},
			{ID: "tell", At: "web.yaml:60:5", Finally: true, OnFailure: plan.Rollback, Use: plan.Use{Action: "notify.webhook", Effect: sdk.Change, Describe: sdk.Description{NothingToUndo: "it was sent"}}},
		},
		Record: []plan.Binding{{Name: "version", Value: value.String("web:2")}},
	})
}
