package cluster_test

import (
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// A cluster is the same whoever asks and at whatever address, and no other is it.
func TestTheTargetIsTheClusterItself(t *testing.T) {
	t.Parallel()
	system, err := shared.Kube.CoreV1().Namespaces().Get(t.Context(), metav1.NamespaceSystem, metav1.GetOptions{})
	lab.Must(t, err)
	admin := target(t, shared.Connect(t))
	if admin.ID != "kube-system:"+string(system.UID) {
		t.Errorf("the id is %q, and kube-system has %s", admin.ID, system.UID)
	}
	raw, err := clientcmd.LoadFromFile(shared.Kubeconfig)
	lab.Must(t, err)
	for _, part := range []string{"https://", " as ", "(context " + raw.CurrentContext + ")"} {
		if !strings.Contains(admin.Title, part) {
			t.Errorf("the title %q has no %q", admin.Title, part)
		}
	}
	config := shared.Config()
	server, err := url.Parse(raw.Clusters[raw.Contexts[raw.CurrentContext].Cluster].Server)
	lab.Must(t, err)
	config.Endpoint = "https://localhost:" + server.Port()
	moved := &cluster.Cluster{}
	lab.Must(t, moved.Connect(t.Context(), config))
	if at := target(t, moved); at.ID != admin.ID || !strings.HasPrefix(at.Title, config.Endpoint+" as ") {
		t.Errorf("at another address it is %+v, and was %+v", at, admin)
	}
	other := lab.Own(t, 0)
	if at := target(t, other.Connect(t)); at.ID == admin.ID {
		t.Errorf("another cluster is taken for the same: %+v", at)
	}
}

// Who may not look is told that the cluster is known by less.
func TestATargetThatMayNotBeReadIsKnownByItsAddress(t *testing.T) {
	t.Parallel()
	shared.Allow(t, "stranger", rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"list"}})
	once, twice := target(t, shared.ConnectAs(t, "stranger")), target(t, shared.ConnectAs(t, "stranger"))
	if !reflect.DeepEqual(once, twice) || !strings.HasPrefix(once.ID, "address:") {
		t.Errorf("it is %+v, and then %+v", once, twice)
	}
	if admin := target(t, shared.Connect(t)); !slices.Contains(admin.Also, once.ID) {
		t.Errorf("who may look knows it as %+v, and who may not as %+v", admin, once)
	}
	for _, part := range []string{" as stranger (", "known by its address and certificate authority alone)"} {
		if !strings.Contains(once.Title, part) {
			t.Errorf("the title %q has no %q", once.Title, part)
		}
	}
}

func target(t *testing.T, c *cluster.Cluster) sdk.Target {
	t.Helper()
	found, err := c.Target(t.Context())
	lab.Must(t, err)
	return found
}
