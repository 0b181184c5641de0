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

// tooShort is a length at which a value may be anywhere in a text: to take it out would
// leave no sense, and tell what it is.
const tooShort = 3

// Hide takes the values of Secrets, of which any may be nil, out of the text of an error.
// Where one is too short for that, what the server said is left out.
func Hide(text string, err error, secrets ...*unstructured.Unstructured) string {
	long, short := values(secrets)
	status, answered := errors.AsType[*apierrors.StatusError](err)
	if answered && slices.ContainsFunc(short, func(word string) bool { return strings.Contains(status.Error(), word) }) {
		text = strings.Replace(text, status.Error(), speechless(status).Error(), 1)
	}
	slices.SortFunc(long, func(a, b string) int { return len(b) - len(a) }) // one may be a part of another
	var hidden []string
	for _, word := range long {
		hidden = append(hidden, word, "(secret)")
	}
	return strings.NewReplacer(hidden...).Replace(text)
}

// values are those of Secrets, plain and encoded.
func values(secrets []*unstructured.Unstructured) (long, short []string) {
	for _, secret := range secrets {
		if secret == nil {
			continue
		}
		data, _, _ := unstructured.NestedStringMap(secret.Object, "data")
		for _, value := range data {
			plain, _ := base64.StdEncoding.DecodeString(value)
			for _, word := range []string{value, string(plain)} {
				switch {
				case len(word) > tooShort:
					long = append(long, word)
				case word != "":
					short = append(short, word)
				}
			}
		}
	}
	return long, short
}

// Speechless leaves out of an error about an object what may quote the values of a Secret.
func Speechless(err error, object *unstructured.Unstructured) error {
	if !IsSecret(object) {
		return err
	}
	return speechless(err)
}

func speechless(err error) error {
	text := string(apierrors.ReasonForError(err))
	if status, is := errors.AsType[*apierrors.StatusError](err); is && status.ErrStatus.Details != nil {
		for _, cause := range status.ErrStatus.Details.Causes {
			text += ", " + cause.Field
		}
	}
	return fmt.Errorf("%s (what else it says may hold values of the Secret)", text)
}
