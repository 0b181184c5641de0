package request_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/request"
)

// slow is a transport that takes its time, as a program that gives credentials, with no
// regard to the context.
type slow struct {
	http.RoundTripper
	before, after time.Duration
}

func (s slow) RoundTrip(asked *http.Request) (*http.Response, error) {
	time.Sleep(s.before)
	answer, err := s.RoundTripper.RoundTrip(asked)
	time.Sleep(s.after)
	return answer, err
}

// server answers after a while, and ends with the context.
type server struct {
	took   time.Duration
	status int
	asked  *int
}

func (s server) RoundTrip(asked *http.Request) (*http.Response, error) {
	*s.asked++
	select {
	case <-asked.Context().Done():
		return nil, asked.Context().Err()
	case <-time.After(s.took):
		return &http.Response{StatusCode: s.status, Body: http.NoBody}, nil
	}
}

// Whoever waits for credentials is told, waits no longer than he wants to, and nothing is
// done behind his back when they come.
func TestCredentialsAreWaitedForNoLongerThanTheContextLasts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		before, took, after time.Duration
		status              int
		ends                time.Duration // of the request, which may take ten seconds
		waited, changed     bool
		asked               int
		told                []string
	}{
		"they are there":                       {0, time.Second, 0, 200, time.Second, false, true, 1, nil},
		"they come late":                       {4 * time.Second, time.Second, 0, 200, 5 * time.Second, false, true, 1, []string{"waits for a program"}},
		"they do not come":                     {time.Minute, 0, 0, 200, 10 * time.Second, true, false, 0, []string{"waits for a program"}},
		"the server takes long":                {0, time.Minute, 0, 200, 10 * time.Second, false, true, 1, nil},
		"the server is slow at all":            {2 * time.Second, 5 * time.Second, 0, 200, 7 * time.Second, false, true, 1, nil},
		"they are refused, and no others come": {0, 4 * time.Second, time.Minute, 401, 10 * time.Second, true, false, 1, []string{"waits for a program"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var told []string
				attempt, count := &request.Attempt{Tell: func(message string) { told = append(told, message) }}, 0
				ctx, cancel := context.WithTimeout(attempt.In(t.Context()), 10*time.Second)
				defer cancel()
				asked, err := http.NewRequestWithContext(ctx, http.MethodPatch, "https://cluster/api/v1/namespaces/shop", http.NoBody)
				if err != nil {
					t.Fatal(err)
				}
				way := request.Prompt(slow{request.Noting(server{test.took, test.status, &count}), test.before, test.after}, request.Giver{Name: "a program"})
				began := time.Now()
				answer, err := way.RoundTrip(asked)
				if err == nil {
					answer.Body.Close()
				}
				took := time.Since(began)
				_, waited := errors.AsType[request.Waited](err)
				time.Sleep(2 * time.Minute) // by then, all is over that was begun
				if took != test.ends || waited != test.waited || attempt.Changed() != test.changed || count != test.asked || !slices.Equal(told, test.told) {
					t.Errorf("after %s: %v; it may have changed something: %t; asked %d times; told %q", took, err, attempt.Changed(), count, told)
				}
			})
		})
	}
}
