package cluster

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatebook/gatebook/plugins/sdk"
)

const (
	// mostTries bounds how often a change is made anew, which takes some five seconds.
	mostTries = 25
	// firstRest and longestRest are how long a change rests before the next try. Without
	// a rest, two that meet once would meet again.
	firstRest   = 10 * time.Millisecond
	longestRest = 250 * time.Millisecond
)

// Again makes a change anew that met another one, as of a controller that keeps the
// status of the same object. The change itself takes a fresh look and judges what it
// meets; that it always meets something is no conflict with anybody, and may be over later.
func Again(change func() error) error {
	var err error
	rest := firstRest
	for range mostTries {
		if err = change(); !isMet(err) {
			return err
		}
		// A change looks at its context by itself, and ends with it.
		Pause(context.Background(), rest/2+rand.N(rest))
		rest = min(2*rest, longestRest)
	}
	return sdk.Errorf(sdk.Transient, "each of %d tries met another change of the object: %w", mostTries, err)
}

// isMet says whether a change met another one. A field that somebody else manages is his
// as well in the next try.
func isMet(err error) bool {
	status, is := errors.AsType[*apierrors.StatusError](err)
	if !is || !apierrors.IsConflict(err) {
		return false
	}
	details := status.Status().Details
	return details == nil || !slices.ContainsFunc(details.Causes, func(cause metav1.StatusCause) bool {
		return cause.Type == metav1.CauseTypeFieldManagerConflict
	})
}
