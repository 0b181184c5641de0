package objects_test

import (
	"os"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/objects"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// shared is the cluster of all tests here; TestMain sets it once.
var shared *lab.Lab

func TestMain(m *testing.M) {
	os.Exit(lab.Run(m, 1, func(l *lab.Lab) { shared = l }))
}

func action(t testing.TB, c *cluster.Cluster, name string) sdk.Handler {
	t.Helper()
	return lab.Action(t, objects.Actions(c), name)
}

// configMap makes a ConfigMap.
func configMap(t testing.TB, namespace, name string, data map[string]string) *corev1.ConfigMap {
	t.Helper()
	made, err := shared.Kube.CoreV1().ConfigMaps(namespace).Create(t.Context(),
		&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}, Data: data}, metav1.CreateOptions{FieldManager: "somebody-else"})
	lab.Must(t, err)
	return made
}

// secret makes a Secret.
func secret(t testing.TB, namespace, name string, data map[string]string) *corev1.Secret {
	t.Helper()
	made, err := shared.Kube.CoreV1().Secrets(namespace).Create(t.Context(),
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name}, StringData: data}, metav1.CreateOptions{FieldManager: "somebody-else"})
	lab.Must(t, err)
	return made
}
