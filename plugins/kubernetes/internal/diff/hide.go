package diff

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Hide takes the values of Secrets, of which any may be nil, out of a text.
func Hide(text string, secrets ...*unstructured.Unstructured) string {
	var words []string
	for _, secret := range secrets {
		if secret == nil {
			continue
		}
		values, _, _ := unstructured.NestedStringMap(secret.Object, "data")
		for _, value := range values {
			plain, _ := base64.StdEncoding.DecodeString(value)
			words = append(words, value, string(plain))
		}
	}
	slices.SortFunc(words, func(a, b string) int { return len(b) - len(a) }) // one may be a part of another
	for _, word := range words {
		if word != "" {
			text = strings.ReplaceAll(text, word, "(secret)")
		}
	}
	return text
}

// Speechless leaves out of an error about an object what may quote the values of a Secret.
func Speechless(err error, object *unstructured.Unstructured) error {
	if !IsSecret(object) {
		return err
	}
	text := string(apierrors.ReasonForError(err))
	if status, is := errors.AsType[*apierrors.StatusError](err); is && status.ErrStatus.Details != nil {
		for _, cause := range status.ErrStatus.Details.Causes {
			text += ", " + cause.Field
		}
	}
	return fmt.Errorf("%s (what else it says may hold values of the Secret)", text)
}
