package apply_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/apply"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// killing kills the API server as soon as the action says something.
type killing struct {
	sdktest.Host
	at   string
	kill func()
}

func (k *killing) Progress(p sdk.Progress) {
	k.Host.Progress(p)
	if strings.Contains(p.Message, k.at) {
		k.kill()
	}
}

// The API server is killed in the middle of many objects, and the step goes on where it
// was when that is back; then it is killed in the middle of the undo.
func TestApplyOutlivesTheAPIServer(t *testing.T) {
	t.Parallel()
	own, err := lab.Start(1)
	lab.Must(t, err)
	t.Cleanup(own.Stop)
	namespace, h := own.Namespace(t), handler(t, own.Connect(t))
	var objects []any
	for i := range 40 {
		objects = append(objects, configMap(fmt.Sprintf("many-%02d", i), map[string]any{"a": "1"}), secret(fmt.Sprintf("key-%02d", i), map[string]any{"word": "opensesame"}))
	}
	count := func() int {
		configMaps, err := own.Kube.CoreV1().ConfigMaps(namespace).List(t.Context(), metav1.ListOptions{FieldSelector: "metadata.name!=kube-root-ca.crt"})
		lab.Must(t, err)
		secrets, err := own.Kube.CoreV1().Secrets(namespace).List(t.Context(), metav1.ListOptions{})
		lab.Must(t, err)
		return len(configMaps.Items) + len(secrets.Items)
	}
	killed := func(at string) *killing {
		return &killing{at: at, kill: func() { lab.Must(t, own.Kill()) }}
	}
	req, host := lab.Request(t, in(namespace, pruning(objects...))), killed("(33 of 80)")
	_, err = h.Apply(t.Context(), req, host)
	lab.Fails(t, err, sdk.Transient, "32 of 80 objects applied: ")
	lab.Must(t, own.Up())
	if n := count(); n != 33 { // the inventory is among them
		t.Errorf("there are %d objects", n)
	}
	req.Before, req.Attempt = host.StateBefore(), 2
	if seen, err := h.Observe(t.Context(), req, host); err != nil || seen.State != sdk.NotDone {
		t.Errorf("got %+v, %v", seen, err)
	}
	text, err := h.Apply(t.Context(), req, &sdktest.Host{})
	var out apply.Output
	lab.Must(t, errors.Join(err, json.Unmarshal(text, &out)))
	if n := count(); n != 81 || len(out.Created) != 80 {
		t.Errorf("there are %d objects, and it did %+v", n, out)
	}

	err = h.Undo(t.Context(), req, killed("ConfigMap "+namespace+"/many-20"))
	lab.Fails(t, err, sdk.Transient)
	lab.Must(t, own.Up())
	lab.Must(t, h.Undo(t.Context(), req, &sdktest.Host{}))
	if n := count(); n != 0 {
		t.Errorf("after the undo there are %d objects", n)
	}
}

// What somebody does to the objects between two attempts is seen, and not overwritten.
func TestAForeignChangeBetweenTwoAttemptsIsAConflict(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		meddle func(t *testing.T, namespace string)
		says   string
	}{
		"changed": {func(t *testing.T, namespace string) { edit(t, namespace, "there", `{"data":{"a":"9"}}`) }, "somebody-else"},
		"deleted": {func(t *testing.T, namespace string) {
			lab.Must(t, shared.Kube.CoreV1().ConfigMaps(namespace).Delete(t.Context(), "there", metav1.DeleteOptions{}))
		}, "somebody deleted the ConfigMap"},
		"made": {func(t *testing.T, namespace string) { applied(t, in(namespace, manifest(configMap("new", nil)))) }, "somebody made the ConfigMap"},
		"none": {func(*testing.T, string) {}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			namespace, h := shared.Namespace(t), handler(t, shared.Connect(t))
			applied(t, in(namespace, manifest(configMap("there", map[string]any{"a": "1"}))))
			req := lab.Request(t, in(namespace, map[string]any{"force": true, "manifest": []any{configMap("there", map[string]any{"a": "2"}), configMap("new", nil)}}))
			ctx, cancel := context.WithCancel(t.Context())
			host := &sdktest.Host{OnBefore: cancel}
			if _, err := h.Apply(ctx, req, host); !errors.Is(err, context.Canceled) {
				t.Fatalf("got %v", err)
			}
			c.meddle(t, namespace)
			req.Before, req.Attempt = host.StateBefore(), 2
			_, err := h.Apply(t.Context(), req, &sdktest.Host{})
			if c.says == "" {
				lab.Must(t, err)
				return
			}
			lab.Fails(t, err, sdk.Conflict, c.says)
		})
	}
}
