package example

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Upgrade is a plan of twelve steps, as a team has one: it looks, saves, asks, changes,
// passes a point of no return, and cleans up. One of its gates is closed; one of its steps is
// skipped, and one may be.
func Upgrade(t testing.TB) *plan.Plan {
	t.Helper()
	gate := func(expr, truth string) *plan.Condition {
		return &plan.Condition{Expr: expr, State: plan.State{Truth: truth}}
	}
	drain := step("drain", "Drain the first node", "k8s.drain", sdk.Change, "cordon", "before")
	drain.Gate = []*plan.Condition{gate("window('offpeak', now)", "false"), gate("steps.before.outputs.ready >= 3", "unknown")}
	drain.Gate[0].Message = "it is outside of the change window"
	drain.Timeout, drain.Retry = 10*time.Minute, plan.Retry{Attempts: 3, Delay: time.Second}
	drain.Preview = &sdk.Preview{Summary: "would evict 14 pods from node-1", Estimate: 4 * time.Minute, Changes: []sdk.Delta{{
		Target: "Node node-1", Kind: "Node", Op: "update", Diff: "@@ -1,2 +1,2 @@\n spec:\n-  unschedulable: false\n+  unschedulable: true\n",
	}}}
	upgrade := step("upgrade", "Upgrade the web tier to the new image", "k8s.set_image", sdk.Change, "drain")
	upgrade.Params = value.Object(
		value.Member{Name: "image", Value: value.String("registry.example.com/shop/frontend/web-application-server:2.4.1@sha256:" + strings.Repeat("0123456789abcdef", 4))},
		value.Member{Name: "token", Value: value.String("s3cret").Secret()},
	)
	upgrade.Verify = []*plan.Condition{{Expr: "observed.value < 0.01", Observe: &plan.Use{Action: "prometheus.query"}, Within: 10 * time.Minute, Every: 15 * time.Second, Hold: time.Minute, State: plan.State{Truth: "unknown"}}}
	signOff := step("sign_off", "Roll out web:2.4.1?", "approve", sdk.Read, "backup", "budget")
	signOff.Describe.Asks = true
	promote := step("promote", "Promote the standby", "exec", sdk.Destroy, "smoke", "upgrade")
	promote.Gate = []*plan.Condition{gate("steps.smoke.outputs.status == 200", "unknown")}
	promote.Rollback = &plan.Compensation{None: "the old primary is gone"}
	p := plan.Plan{
		Gatebook: "0.4.0",
		Runbook:  plan.Header{Name: "web-rolling-upgrade", Version: "1.2.0", Title: "Rolling upgrade of the web tier", File: "runbooks/web.yaml", Digest: "sha256:aa", Revision: &plan.Revision{Commit: "4f1c2d9", Dirty: true}},
		Inputs:   value.Object(value.Member{Name: "image", Value: value.String("web:2.4.1")}),
		Lock:     "web-production", RTO: 30 * time.Minute, OnFailure: plan.Rollback,
		Steps: []*plan.Step{
			step("before", "", "k8s.workload", sdk.Read),
			step("backup", "Back the database up", "velero.backup", sdk.Change, "before"),
			step("budget", "Error budget is left", "prometheus.query", sdk.Read, "before"),
			signOff, step("cordon", "", "k8s.cordon", sdk.Change, "sign_off"), drain, upgrade,
			step("smoke", "Smoke test", "http.check", sdk.Read, "upgrade"), promote,
			step("cleanup", "", "k8s.delete", sdk.Destroy, "promote"),
			step("tell", "Tell the team", "notify.webhook", sdk.Change), step("uncordon", "", "k8s.uncordon", sdk.Change),
		},
	}
	p.Steps[1].When, p.Steps[9].When = gate("inputs.backup", "false"), gate("steps.promote.outputs.left > 0", "unknown")
	p.Steps[5].Needs[1].Reason, p.Steps[8].Needs[1].Reason = plan.Referenced, plan.Referenced
	p.Steps[10].Finally, p.Steps[11].Finally = true, true
	return made(t, p)
}

// Fleet is a plan of many steps: three for each of so many nodes, which are independent of
// each other, and five around them.
func Fleet(t testing.TB, nodes int) *plan.Plan {
	t.Helper()
	p := plan.Plan{
		Runbook: plan.Header{Name: "fleet", Version: "3.0.0", Title: "Upgrade the whole fleet", File: "fleet.yaml", Digest: "sha256:aa"}, OnFailure: plan.Rollback,
		Steps: []*plan.Step{step("before", "Look at the fleet", "k8s.nodes", sdk.Read), step("sign_off", "Upgrade all nodes?", "approve", sdk.Read, "before")},
	}
	p.Steps[1].Describe.Asks = true
	var last []string
	for i := range nodes {
		drain, upgrade, uncordon := fmt.Sprint("drain_", i), fmt.Sprint("upgrade_", i), fmt.Sprint("uncordon_", i)
		p.Steps = append(p.Steps, step(drain, "", "k8s.drain", sdk.Change, "sign_off"), step(upgrade, "", "exec", sdk.Change, drain), step(uncordon, "", "k8s.uncordon", sdk.Change, upgrade))
		last = append(last, uncordon)
	}
	p.Steps = append(p.Steps, step("verify", "All nodes are ready", "k8s.nodes", sdk.Read, last...),
		step("wipe", "Remove the old images", "exec", sdk.Destroy, "verify"), step("tell", "Tell the team", "notify.webhook", sdk.Change))
	p.Steps[len(p.Steps)-1].Finally = true
	return made(t, p)
}

// Chain is a plan of so many steps one after the other, no two neighbours alike.
func Chain(t testing.TB, steps int) *plan.Plan {
	t.Helper()
	p := plan.Plan{Runbook: plan.Header{Name: "chain", Version: "1.0.0", File: "chain.yaml", Digest: "sha256:aa"}, OnFailure: plan.Stop}
	for i := range steps {
		effect := []sdk.Effect{sdk.Read, sdk.Change, sdk.Change}[i%3]
		s := step(fmt.Sprint("step_", i), "", []string{"http.check", "k8s.patch", "exec"}[i%3], effect)
		if i > 0 {
			s.Needs = []plan.Edge{{Step: fmt.Sprint("step_", i-1), Reason: plan.InOrder}}
		}
		p.Steps = append(p.Steps, s)
	}
	return made(t, p)
}

// step is a step that needs others, the first of them because it stands before it.
func step(id, title, action string, effect sdk.Effect, needs ...string) *plan.Step {
	s := &plan.Step{ID: id, Title: title, At: "web.yaml:10:5", OnFailure: plan.Rollback, Use: plan.Use{Action: action, Effect: effect}}
	if effect == sdk.Change {
		s.Rollback = &plan.Compensation{Own: true}
	}
	for i, need := range needs {
		edge := plan.Edge{Step: need, Reason: plan.Needed}
		if i == 0 {
			edge.Reason = plan.InOrder
		}
		s.Needs = append(s.Needs, edge)
	}
	return s
}

func made(t testing.TB, p plan.Plan) *plan.Plan {
	t.Helper()
	whole, err := plan.New(p)
	if err != nil {
		t.Fatal(err)
	}
	whole.Digest = "sha256:bb" // the real one depends on every field of every floor below
	return whole
}
