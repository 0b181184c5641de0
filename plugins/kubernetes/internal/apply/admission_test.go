package apply_test

import (
	"context"
	"errors"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// stamping has admission write into each ConfigMap of a namespace what was done last, so
// that it is another word when the step looks at what it made.
func stamping(t *testing.T, namespace string) {
	t.Helper()
	admission := shared.Kube.AdmissionregistrationV1()
	here := metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": namespace}}
	always := admissionv1.Fail
	_, err := admission.MutatingAdmissionPolicies().Create(t.Context(), &admissionv1.MutatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: namespace},
		Spec: admissionv1.MutatingAdmissionPolicySpec{
			FailurePolicy: &always, ReinvocationPolicy: admissionv1.NeverReinvocationPolicy,
			MatchConstraints: &admissionv1.MatchResources{NamespaceSelector: &here, ResourceRules: []admissionv1.NamedRuleWithOperations{{
				RuleWithOperations: admissionv1.RuleWithOperations{
					Operations: []admissionv1.OperationType{admissionv1.Create, admissionv1.Update},
					Rule:       admissionv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"configmaps"}},
				},
			}}},
			Mutations: []admissionv1.Mutation{{
				PatchType: admissionv1.PatchTypeApplyConfiguration,
				ApplyConfiguration: &admissionv1.ApplyConfiguration{
					Expression: `Object{metadata: Object.metadata{annotations: {"stamp": request.operation}}}`,
				},
			}},
		},
	}, metav1.CreateOptions{})
	lab.Must(t, err)
	_, err = admission.MutatingAdmissionPolicyBindings().Create(t.Context(), &admissionv1.MutatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: namespace}, Spec: admissionv1.MutatingAdmissionPolicyBindingSpec{PolicyName: namespace},
	}, metav1.CreateOptions{})
	lab.Must(t, err)
	lab.Eventually(t, "admission stamps", func(ctx context.Context) error {
		made := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "probe"}}
		got, err := shared.Kube.CoreV1().ConfigMaps(namespace).Create(ctx, made, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if err == nil && got.Annotations["stamp"] == "" {
			err = errors.New("it does not yet")
		}
		return err
	})
}

// What admission writes into an object, anew at each change, is nobody's change of it.
func TestUndoDeletesWhatAdmissionStamps(t *testing.T) {
	t.Parallel()
	namespace := shared.Namespace(t)
	stamping(t, namespace)
	live := shared.Kube.CoreV1().ConfigMaps(namespace)
	h := handler(t, shared.Connect(t))
	for name, meddled := range map[string]bool{"web": false, "db": true} {
		req, host := lab.Request(t, in(namespace, manifest(configMap(name, map[string]any{"a": "1"})))), &sdktest.Host{}
		_, err := h.Apply(t.Context(), req, host)
		lab.Must(t, err)
		req.Before = host.StateBefore()
		if meddled {
			now, err := live.Get(t.Context(), name, metav1.GetOptions{})
			lab.Must(t, err)
			now.Data["a"] = "2"
			_, err = live.Update(t.Context(), now, metav1.UpdateOptions{FieldManager: "ann"})
			lab.Must(t, err)
			lab.Fails(t, h.Undo(t.Context(), req, host), sdk.Conflict, "ann")
			continue
		}
		lab.Must(t, h.Undo(t.Context(), req, host))
		if _, err := live.Get(t.Context(), name, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
			t.Errorf("%s is there still (%v)", name, err)
		}
	}
}
