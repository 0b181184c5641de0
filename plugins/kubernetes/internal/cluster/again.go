package cluster

import apierrors "k8s.io/apimachinery/pkg/api/errors"

// mostTries bounds how often a change is made anew. Controllers write seldom enough
// that one more is rare.
const mostTries = 10

// Again makes a change anew that met another one, as of a controller that keeps the
// status of the same object. The change itself takes a fresh look and judges what it
// meets.
func Again(change func() error) error {
	var err error
	for range mostTries {
		if err = change(); !apierrors.IsConflict(err) {
			return err
		}
	}
	return err
}
