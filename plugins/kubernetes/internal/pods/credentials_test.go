package pods_test

import (
	"slices"
	"testing"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/pods"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// Credentials that do not come for the stream of a program, when those for finding its pod
// came, keep nobody for longer than the program may take, and surely it was not begun.
func TestExecEndsThoughItsCredentialsDoNotCome(t *testing.T) {
	t.Parallel()
	namespace := printing(1, "", nil)(t).Params["namespace"].(string)
	out := &cluster.Cluster{}
	lab.Must(t, out.Connect(t.Context(), shared.LoggedInOnce(t)))
	c := shared.Connect(t)
	c.Lasting, c.Giver = out.Lasting, out.Giver
	for name, params := range map[string]map[string]any{
		"exec":       {"command": []string{"true"}},
		"exec_check": {"command": []string{"true"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			params["namespace"], params["pod"], params["timeout"] = namespace, podOf(t, namespace), "5s"
			host := &sdktest.Host{}
			_, err := lab.Action(t, pods.Actions(c), name).Apply(t.Context(), lab.Request(t, params), host)
			lab.Fails(t, err, sdk.Transient, "was not begun within 5s: it waits for the credential program cloud-login")
			if err != nil && !sdk.AsError(err).Unchanged {
				t.Error("it may have changed something")
			}
			if told := host.ProgressTold(); !slices.ContainsFunc(told, func(p sdk.Progress) bool { return p.Message == "waits for the credential program cloud-login" }) {
				t.Errorf("it told %v", told)
			}
		})
	}
}
