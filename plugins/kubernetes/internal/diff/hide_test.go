package diff_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/diff"
)

func TestHide(t *testing.T) {
	t.Parallel()
	refuses := func(message string) error {
		return &apierrors.StatusError{ErrStatus: metav1.Status{
			Message: message, Reason: metav1.StatusReasonInvalid,
			Details: &metav1.StatusDetails{Causes: []metav1.StatusCause{{Field: "data[flag]"}}},
		}}
	}
	for name, test := range map[string]struct {
		values []string
		err    error
		want   string
	}{
		"plain and encoded":        {[]string{"opensesame"}, refuses("opensesame is b3BlbnNlc2FtZQ=="), "apply it: (secret) is (secret)"},
		"one within another":       {[]string{"open", "opensesame"}, refuses("opensesame opens"), "apply it: (secret) (secret)s"},
		"one like the word":        {[]string{"opensesame", "cret"}, refuses("opensesame"), "apply it: (secret)"},
		"one that is short":        {[]string{"e"}, refuses("the value e is none"), "apply it: Invalid, data[flag] (what else it says may hold values of the Secret)"},
		"a short one is not there": {[]string{"x", "opensesame"}, refuses("the value opensesame is none"), "apply it: the value (secret) is none"},
		"no word of a server":      {[]string{"e"}, errors.New("connection refused"), "apply it: connection refused"},
		"an empty one":             {[]string{""}, refuses("so it is"), "apply it: so it is"},
	} {
		data := map[string]any{}
		for i, value := range test.values {
			data[fmt.Sprint("key", i)] = base64.StdEncoding.EncodeToString([]byte(value))
		}
		secret := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Secret", "data": data}}
		err := fmt.Errorf("apply it: %w", test.err)
		if got := diff.Hide(err.Error(), err, nil, secret); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}
