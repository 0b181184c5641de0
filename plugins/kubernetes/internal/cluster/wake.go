package cluster

import (
	"context"
	"math/rand/v2"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

// Source opens a watch.
type Source func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error)

const (
	// watchFor is how long one watch lasts. A look follows each, so that a connection
	// that fell silent costs no more than this.
	watchFor   = 50 * time.Second
	firstRetry = 200 * time.Millisecond
	lastRetry  = 3 * time.Second
)

// Wakes tells when something that the sources watch may have changed, until ctx ends.
//
// It hands on no objects: whoever is woken looks for himself. So nothing is lost by
// a watch that breaks off, by 410 Gone or by a server that was away: the next one
// begins with what is there, and whoever may get but not watch, polls.
func Wakes(ctx context.Context, sources ...Source) <-chan struct{} {
	wakes := make(chan struct{}, 1) // never closed: it is sent to by several
	for _, source := range sources {
		go keepWatching(ctx, source, wakes)
	}
	return wakes
}

func keepWatching(ctx context.Context, source Source, wakes chan<- struct{}) {
	delay := firstRetry
	for ctx.Err() == nil {
		seconds := int64(watchFor / time.Second)
		opened, err := source(ctx, metav1.ListOptions{TimeoutSeconds: &seconds})
		if err == nil && drainEvents(ctx, opened, wakes) {
			delay = firstRetry
		}
		wake(wakes)
		jitter := time.Duration(rand.Int64N(int64(delay)/4 + 1))
		if !Pause(ctx, delay+jitter) {
			return
		}
		delay = min(2*delay, lastRetry)
	}
}

// drainEvents wakes for each event until the watch ends, and says whether one came.
func drainEvents(ctx context.Context, opened watch.Interface, wakes chan<- struct{}) (came bool) {
	defer opened.Stop()
	for {
		select {
		case <-ctx.Done():
			return came
		case event, more := <-opened.ResultChan():
			if !more || event.Type == watch.Error {
				return came
			}
			came = true
			wake(wakes)
		}
	}
}

func wake(wakes chan<- struct{}) {
	select {
	case wakes <- struct{}{}:
	default: // it is awake already
	}
}

// Pause waits, and says whether it was not cut short by the end of ctx.
func Pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
