package fields_test

import (
	"fmt"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/fields"
)

// entry is one of managedFields: "flux Apply", or "kubelet Update status", and the fields.
func entry(who, managed string) metav1.ManagedFieldsEntry {
	var parts [3]string
	copy(parts[:], strings.Fields(who))
	return metav1.ManagedFieldsEntry{
		Manager: parts[0], Operation: metav1.ManagedFieldsOperationType(parts[1]), Subresource: parts[2], APIVersion: "v1", FieldsV1: metav1.NewFieldsV1(managed),
	}
}

// Who managed what is so again, and who has begun to since is not forgotten.
func TestWhatIsMadeAnewIsEntrusted(t *testing.T) {
	t.Parallel()
	const a, b, ab = `{"f:a":{}}`, `{"f:b":{}}`, `{"f:a":{},"f:b":{}}`
	former := []metav1.ManagedFieldsEntry{entry("gatebook Apply", a), entry("scaler Update scale", b), entry("kubelet Update status", b)}
	for name, c := range map[string]struct {
		former, now []metav1.ManagedFieldsEntry
		want        string // empty: all stays as it is
	}{
		"nobody came":             {former, []metav1.ManagedFieldsEntry{entry("gatebook Update", ab)}, "gatebook Apply " + a + ", scaler Update scale" + b},
		"somebody came":           {former, []metav1.ManagedFieldsEntry{entry("gatebook Update", a), entry("anna Update", b)}, "gatebook Apply " + a + ", scaler Update scale" + b + ", anna Update " + b},
		"one came back":           {former, []metav1.ManagedFieldsEntry{entry("gatebook Update", b), entry("scaler Update scale", a)}, "gatebook Apply " + a + ", scaler Update scale" + ab},
		"the status came":         {former, []metav1.ManagedFieldsEntry{entry("gatebook Update", ab), entry("kubelet Update status", a)}, "gatebook Apply " + a + ", scaler Update scale" + b + ", kubelet Update status" + a},
		"a step applied it since": {former, []metav1.ManagedFieldsEntry{entry("gatebook Update", a), entry("gatebook Apply", b)}, ""},
		"nobody is known":         {nil, []metav1.ManagedFieldsEntry{entry("gatebook Update", ab)}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			restored, restore, err := fields.Entrusted(c.now, c.former)
			var got []string
			for _, e := range restored {
				got = append(got, fmt.Sprint(e.Manager, " ", e.Operation, " ", e.Subresource, e.FieldsV1.GetRawString()))
			}
			if said := strings.Join(got, ", "); err != nil || restore != (c.want != "") || restore && said != c.want {
				t.Errorf("got %s, %t, %v, want %s", said, restore, err, c.want)
			}
		})
	}
}
