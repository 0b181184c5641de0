package nodes_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	flowcontrolv1 "k8s.io/api/flowcontrol/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// The API server's own priority and fairness lets a user have one request at a time. While
// that one lasts he is refused; when it is over, what he began is done.
func TestPriorityAndFairnessIsWaitedFor(t *testing.T) {
	t.Parallel()
	const user = "patient"
	shared.Allow(t, user, rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"nodes"}, Verbs: []string{"get", "patch"}})
	node, c := shared.Node(t), shared.ConnectAs(t, user)
	client, err := rest.HTTPClientFor(c.Lasting)
	lab.Must(t, err)
	url := c.Lasting.Host + "/api/v1/nodes/" + node
	schema := oneAtATime(t, user)
	lab.Eventually(t, "the server uses the schema", func(ctx context.Context) error {
		headers, err := send(ctx, client, http.MethodGet, url, nil)
		if err == nil && headers.Get(flowcontrolv1.ResponseHeaderMatchedFlowSchemaUID) != schema {
			err = fmt.Errorf("it says %v", headers)
		}
		return err
	})

	served := func(want string) {
		t.Helper()
		lab.Eventually(t, want+" of his requests are being served", func(context.Context) error {
			if counted := counter(t, "current_executing_requests", user); counted != want {
				return fmt.Errorf("%s are", counted)
			}
			return nil
		})
	}
	served("0")
	body, lasts := io.Pipe()
	lasted := make(chan error, 1)
	go func() { _, err := send(t.Context(), client, http.MethodPatch, url, body); lasted <- err }()
	served("1")
	before := counter(t, "rejected_requests_total", user)
	ended := began(t, action(t, c, "cordon"), lab.Request(t, map[string]any{"node": node}), &sdktest.Host{})
	lab.Eventually(t, "the action is refused", func(context.Context) error {
		if counter(t, "rejected_requests_total", user) == before {
			return errors.New("it was not yet")
		}
		return nil
	})
	broken := errors.New("the request is given up")
	lasts.CloseWithError(broken)
	if err := <-lasted; !errors.Is(err, broken) {
		t.Errorf("the request that lasted ended with %v", err)
	}
	lab.Must(t, <-ended)
	if got := probe(t, node); got != "unschedulable true" {
		t.Errorf("the node is %s", got)
	}
}

// send makes a request as it is, and returns the headers of the answer.
func send(ctx context.Context, client *http.Client, method, url string, body io.Reader) (http.Header, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/merge-patch+json")
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	return answer.Header, nil
}

// oneAtATime gives a user a flow schema and a priority level without a share: it serves
// one request, where there is no other, and refuses the rest. It returns the UID of the
// schema.
func oneAtATime(t testing.TB, user string) string {
	t.Helper()
	levels, flows := shared.Kube.FlowcontrolV1().PriorityLevelConfigurations(), shared.Kube.FlowcontrolV1().FlowSchemas()
	_, err := levels.Create(t.Context(), &flowcontrolv1.PriorityLevelConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: user},
		Spec: flowcontrolv1.PriorityLevelConfigurationSpec{
			Type: flowcontrolv1.PriorityLevelEnablementLimited,
			Limited: &flowcontrolv1.LimitedPriorityLevelConfiguration{
				NominalConcurrencyShares: new(int32(0)), LendablePercent: new(int32(0)), BorrowingLimitPercent: new(int32(0)),
				LimitResponse: flowcontrolv1.LimitResponse{Type: flowcontrolv1.LimitResponseTypeReject},
			},
		},
	}, metav1.CreateOptions{})
	lab.Must(t, err)
	schema, err := flows.Create(t.Context(), &flowcontrolv1.FlowSchema{
		ObjectMeta: metav1.ObjectMeta{Name: user},
		Spec: flowcontrolv1.FlowSchemaSpec{
			PriorityLevelConfiguration: flowcontrolv1.PriorityLevelConfigurationReference{Name: user},
			MatchingPrecedence:         2, // the first that others than the administrator may have
			Rules: []flowcontrolv1.PolicyRulesWithSubjects{{
				Subjects: []flowcontrolv1.Subject{{Kind: flowcontrolv1.SubjectKindUser, User: &flowcontrolv1.UserSubject{Name: user}}},
				ResourceRules: []flowcontrolv1.ResourcePolicyRule{{
					Verbs: []string{"*"}, APIGroups: []string{"*"}, Resources: []string{"*"}, ClusterScope: true, Namespaces: []string{"*"},
				}},
			}},
		},
	}, metav1.CreateOptions{})
	lab.Must(t, err)
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		lab.Must(t, flows.Delete(ctx, user, metav1.DeleteOptions{}))
		lab.Must(t, levels.Delete(ctx, user, metav1.DeleteOptions{}))
	})
	return string(schema.UID)
}

// counter is what the API server counts of requests that are of a flow schema.
func counter(t testing.TB, name, schema string) string {
	t.Helper()
	text, err := shared.Kube.Discovery().RESTClient().Get().AbsPath("/metrics").Do(t.Context()).Raw()
	lab.Must(t, err)
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "apiserver_flowcontrol_"+name+"{") && strings.Contains(line, `flow_schema="`+schema+`"`) {
			_, value, _ := strings.Cut(line, "} ")
			return strings.TrimSpace(value)
		}
	}
	return "none"
}
