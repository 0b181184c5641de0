package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// A release is how one version of the service behaves.
type release struct {
	work   time.Duration // that a request takes
	faulty float64       // the share of requests that it answers with an error
}

// releases returns every release there is. The last is the one that passed all its
// tests: it starts, says that it is healthy, and fails three requests in ten.
func releases() map[string]release {
	return map[string]release{
		"1.0.0": {work: 5 * time.Millisecond},
		"1.1.0": {work: 3 * time.Millisecond},
		"1.2.0": {work: 25 * time.Millisecond, faulty: 0.3},
	}
}

// releaseNamed finds a release, or says which there are.
func releaseNamed(name string) (release, error) {
	all := releases()
	found, ok := all[name]
	if !ok {
		known := strings.Join(slices.Sorted(maps.Keys(all)), ", ")
		return release{}, fmt.Errorf("there is no release %q; there are %s", name, known)
	}
	return found, nil
}
